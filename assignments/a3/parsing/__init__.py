"""A parser of treebanks, made of the functions and the model that you write.

Data:
    treebank.py      sentences and their trees, read from CoNLL-U files
    vocabulary.py    the numbers of words, tags and relations
    transitions.py   which transitions lead to a tree
    features.py      the 36 features of many partial parses at once
Training:
    recipe.py        the hyper-parameters, and their defaults
    training.py      the loop: batches, Adam, validation, patience
    validation.py    how much of dev is parsed as it should be
    checkpoint.py    saving, and resuming as if training had never stopped
    atomic.py        writing files completely or not at all
    tracking.py      the log line and TensorBoard
Parsing:
    decoding.py      the model as your minibatch_parse asks it
The commands of run.py:
    commands/        what `run.py train` and `run.py parse` do with all these

The toy treebank is in the package `sanity.parsing`, which is installed with the checks.
"""
