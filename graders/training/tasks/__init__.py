"""One module per task: what is trained, on which data, and how its answers are scored."""
