"""The commands of run.py: what it does when you type `python run.py train`.

dispatch.py    turns what you can mend into one line
options.py     the command line
inputs.py      from options to a corpus, a recipe and a new model
train.py       `train`: the loop of nmt/training.py, on that
report.py      translates test after training, and writes report.html
check.py       `check`: before a long training, whether it will be well spent
overfitting.py what `check` tries: eight sentences learnt by heart, and the costs of an update
decode.py      `decode`: translates a file, and says what was cut or unknown
"""
