"""Measurements, as ratios of two things measured side by side on one machine. `python3 dev.py bench` prints them."""
