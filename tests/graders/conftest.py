"""Pytest puts the folder of a conftest on the path: so tests below import `results`."""
