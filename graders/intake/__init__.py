"""Intake: finds, selects and reads submissions; packs a student's files for handing in."""
