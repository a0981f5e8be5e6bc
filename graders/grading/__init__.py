"""Grades submissions: the plan, the live reference, one submission, a class."""
