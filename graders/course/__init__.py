"""What an assignment consists of, and what is derived from its reference: stubs, recordings, handout."""
