"""The commands of run.py: what it does when you type `python run.py train`.

dispatch.py    calls the command, and turns what you can mend into one line
options.py     the command line
train.py       `train`: the loop of parsing/training.py, on a treebank
report.py      parses test after training
parse.py       `parse`: parses a file
terminal.py    Ctrl-C
"""
