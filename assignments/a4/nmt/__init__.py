"""Training and translating, around the model that you write.

Data:
    corpus.py      sentences and their translations, read from files
    datasets.py    corpora by name: downloaded once, checked, split
    toy.py         a made-up pair of languages that is learnt in minutes
    batches.py     sentences of like length, as tensors
Training:
    recipe.py      every number that one may turn, with its default
    likelihood.py  how surprised the model is by each word
    training.py    the loop: batches, validation, patience
    descent.py     one step: loss, gradient, clipping, Adam
    state.py       where training is, in numbers
    checkpoint.py  what is saved, and how a stopped run goes on as if it had not stopped
    tracking.py    the log line and TensorBoard
    device.py      CPU or GPU, 32 or 16 bits
    capture.py     the decoder's loop as one piece of work for a GPU
    options.py     what run.py can be told
Translating:
    search.py      beam search
    beams.py       the unfinished translations, and how they grow by a word
    scoring.py     BLEU and chrF
    pictures.py    curves and attention maps
    report.py      the page that shows them, with translations to read
"""
