"""For training in assignment 3: the toy treebank, drawings of trees, plots, the report."""
