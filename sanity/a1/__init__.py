"""Assignment 1: what every correct word count, reduction, picture and question to word vectors must do."""

CHECKS = ("counting", "reducing", "plotting", "directions")
"""The modules with the checks, in the order of the questions."""
