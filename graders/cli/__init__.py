"""The command `trivium`: arguments, printing, progress and exit status, and nothing else."""
