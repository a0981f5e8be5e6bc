"""Runs code that nobody trusts: walls, zygotes, workers and the sessions that talk to them."""
