"""One module a task: what is trained, on which data, and how the answers are scored."""
