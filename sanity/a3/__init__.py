"""Assignment 3: what every correct parser must do, and every correct step of its training."""
