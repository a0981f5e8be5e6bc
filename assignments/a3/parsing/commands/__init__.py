"""The commands of run.py: what it does when you type `python run.py train`.

dispatch.py    turns what you can mend into one line
options.py     the command line
inputs.py      from options to a treebank and a recipe
train.py       `train`: the loop of parsing/training.py, on that
report.py      scores test after training, and writes report.html
parse.py       `parse`: a file, or with --text a sentence
draw.py        the tree of a typed sentence, in the terminal and as a picture
"""
