"""Assignment 2: what every correct word2vec, and the theory around it, must do."""
