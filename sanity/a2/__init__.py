"""Assignment 2: what every correct word2vec, and the theory around it, must do."""

CHECKS = (
    "logistic",
    "softmax",
    "negatives",
    "windows",
    "descent",
    "batch",
    "sampling",
    "huffman",
    "information",
    "jacobians",
)
"""The modules with the checks, in the order of the questions."""
