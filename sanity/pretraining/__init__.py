"""Worlds and strings for assignment 5's trained questions: their generators, which no submission in training can read."""
