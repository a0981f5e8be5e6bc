"""Similarity: which submissions share passages beyond the handout. Hints for people; no mark depends on it."""
