"""The autograder: a zip that otter-grader and Gradescope run, which grades one submission as `trivium grade` does."""
