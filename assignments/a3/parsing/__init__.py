"""A parser of treebanks, made of the classes and functions that you write.

Data:
    treebank.py       sentences and their trees, from CoNLL-U files, by name, or drawn from a grammar
    vocabulary.py     the numbers of words, tags and relations
    tagging.py        words and tags of a typed sentence
    vectors.py        pretrained word vectors
Transitions:
    transitions.py    the steps that lead to a tree
    features.py       36 features of many partial parses at once
    decoding.py       parsing with a model, by your `minibatch_parse`
    roles.py          which of the model's weights is which
    precomputed.py    the same logits in less time
Training:
    recipe.py         the hyper-parameters, and their defaults
    training.py       the loop: batches, validation, patience
    validation.py     UAS and LAS of dev
    scoring.py        UAS and LAS, with their signature
    checkpoint.py     what is saved, to resume as if training had never stopped
    tracking.py       the lines of the log
The commands of run.py:
    commands/         what `run.py train` and `run.py parse` do with all these

The toy treebank's grammar, the drawings and the report are in the package `sanity.parsing`, which is installed with the
checks; writing and reading checkpoints, TensorBoard, and what else trainings share, in `sanity.training`.
"""
