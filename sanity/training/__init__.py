"""For trainings in any assignment: from the command line to checkpoints, plots, and the page that reports a training.

It is in this package, not in an assignment's folder, since each folder is shipped alone and this package is installed
with all of them.
"""
