"""`python sanity_check.py`: the command line, the runner, printing and --watch."""
