"""Runs untrusted code: isolation, zygotes, workers, and sessions, which call the workers."""
