"""What assignment 2 gives you: small helpers, a gradient check and the corpus."""
