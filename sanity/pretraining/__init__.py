"""Strings and worlds for the trained questions of assignment 5. No submission that is trained can read this room."""
