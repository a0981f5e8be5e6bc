"""Training and translating with the model that you write.

Data:
    corpus.py         parallel text, read from files
    datasets.py       corpora by name: download, checksum, split
    batches.py        batches of sentences of similar length, as tensors
Training:
    recipe.py         the hyper-parameters, and their defaults
    losses.py         cross-entropy and perplexity
    training.py       the loop: batches, validation, patience
    optimization.py   one update: loss, gradient, clipping, Adam; device and precision
    checkpoint.py     what is saved, to resume as if training had never stopped
    tracking.py       the lines of the log
Translating:
    search.py         beam search
    scoring.py        BLEU and chrF
The commands of run.py:
    commands/         what `run.py train`, `run.py check` and `run.py decode` do with all these

A model may have two methods that replace functions here with faster ones: `word_losses` (losses.py) and `beam_decoder`
(search.py). The model of this assignment has neither.

The toy languages and the report of a training are in the package `sanity.nmt`, which is installed with the checks;
writing and reading checkpoints, TensorBoard, and what else trainings share, in `sanity.training`.
"""
