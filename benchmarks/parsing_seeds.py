"""Do all seeds learn the toy treebank? Trains the reference's parser on some of them, and prints the band of UAS.

Run from the repository's root: `python -m benchmarks parsing_seeds`; a minute or two. A seed draws the language, the
sentences, the first weights, the order of the batches and dropout. Times are CPU-seconds of one thread, for everything:
drawing the treebank, its features, training, looks at dev, test.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.measuring import Row, Silent, band, folders_of, signature, table

sys.path.extend(folders_of("a3"))
from parsing.decoding import predict
from parsing.features import instances_of
from parsing.recipe import TOY, new_model
from parsing.training import train
from parsing.treebank import load_treebank
from parsing.validation import attachment_scores, validation_on
from parsing.vocabulary import Vocabulary

from parser_model import ParserModel
from parser_transitions import minibatch_parse

AIM = 95
"""The UAS on test that each seed must reach."""


def learn(seed: int) -> tuple[float, float, float]:
    """Train the reference by the recipe; return UAS and LAS on test, and the CPU seconds."""
    started = time.process_time()
    recipe, treebank = replace(TOY, seed=seed), load_treebank("toy", seed)
    vocabulary = Vocabulary.of(treebank.train, min_count=recipe.min_count)
    model, instances = new_model(ParserModel, vocabulary, recipe), instances_of(treebank.train, vocabulary)
    validate = validation_on(treebank.dev, vocabulary, minibatch_parse)
    with tempfile.TemporaryDirectory() as folder:
        train(model, instances, vocabulary, recipe, validate, Silent(), Path(folder), torch.device("cpu"))
    uas, las = attachment_scores(treebank.test, predict(model, vocabulary, treebank.test, minibatch_parse))
    return uas, las, time.process_time() - started


def rows(repeats: int = 5) -> list[Row]:
    """Train as many seeds, from 0; return a line for each, and one for all."""
    torch.set_num_threads(1)
    learnt, lines = [], []
    for seed in range(repeats):
        uas, las, seconds = learn(seed)
        learnt.append((uas, seconds))
        lines.append(Row(f"toy, seed {seed}", f"UAS {uas:.1f}", "", f"{seconds:.0f} CPU s", f"LAS {las:.1f}"))
        print(lines[-1], file=sys.stderr, flush=True)
    scores, times = ([one[i] for one in learnt] for i in (0, 1))
    total = Row("toy, least / median / greatest", band(scores), f"≥ {AIM}", band(times), f"{TOY.max_epoch} epochs")
    return [*lines, total]


if __name__ == "__main__":
    print(table(rows()), signature(), sep="\n\n")
