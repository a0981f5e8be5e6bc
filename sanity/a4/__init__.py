"""Assignment 4: what every correct padding, layer, encoder, decoder and attention step must do."""

CHECKS = ("layers", "encode", "decode", "step")
"""The modules with the checks, in the order of the questions."""
