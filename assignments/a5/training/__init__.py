"""Training of a transformer: copying and reversing strings, and pretraining that shows.

    recipe.py       sizes of the model, and how long and how fast it learns
    questions.py    questions with answers, as numbers: the format of fine-tuning
    corruption.py   the documents of pretraining, by your CharCorruptionDataset
    model.py        your Transformer: built, initialised, asked
    loop.py         updates, rounds, and what is done after each
    checkpoint.py   files to resume from, read without running code
    tracking.py     the lines of the log
    tasks.py        copying, and the world: what is learnt in a round, and what is asked after it

Your answers are used through two names only: `Transformer`, with `ModelConfig`, in model_solution.py, and
`CharCorruptionDataset` in dataset.py. The progress bar, log.jsonl and TensorBoard are in the package `sanity.training`,
which is installed with the checks.
"""
