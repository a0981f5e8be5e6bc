"""Assignment 4: what every correct padding, layer, encoder, decoder and attention step must do."""
