"""A parser of treebanks, made of the classes and functions that you write."""
