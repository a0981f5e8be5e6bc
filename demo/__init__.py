"""The demo: a student checks an answer, then a class is graded. Run it with `python3 dev.py demo`."""
