"""Do all seeds learn the toy languages? Trains the plain reference on some pairs of them, and prints the band of BLEU.

Run from the repository's root: `python -m benchmarks toy_seeds`; some minutes. A seed draws the languages, the
sentences, the first weights, the order of the batches and dropout. BLEU of dev is by greedy search, that of test by the
recipe's beam. Times are CPU-seconds of one thread, for everything: drawing the languages, training, looks at dev, test.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.measuring import Row, Silent, band, folders_of, signature, table

sys.path.extend(folders_of("a4"))
from nmt.batches import indexed
from nmt.datasets import toy_corpus
from nmt.recipe import TOY, initialise, vocabulary
from nmt.scoring import bleu, score
from nmt.search import translate
from nmt.training import train
from nmt_model import NMT
from sanity.training.tracking import ValidationResult

AIM = 90
"""The BLEU on test that each seed must reach."""


@dataclass(frozen=True)
class Learnt:
    """What became of one seed."""

    bleu: float
    seconds: float
    reached: float | None
    """The seconds until dev had the threshold."""
    signature: str


def learn(seed: int) -> Learnt:
    """Train the reference by the recipe, and test it."""
    started = time.process_time()
    reached: list[float] = []
    corpus, recipe = toy_corpus(seed), replace(TOY, seed=seed)
    vocab = vocabulary(corpus.train.source, corpus.train.target, recipe)
    torch.manual_seed(seed)
    model = NMT(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout)
    initialise(model, recipe)

    def validate(model: NMT, progress: Any) -> ValidationResult:
        dev = bleu(translate(model, corpus.dev.source, beam_size=1), corpus.dev.target)
        if dev >= AIM:
            reached.append(time.process_time() - started)
        return ValidationResult(dev, {})

    with tempfile.TemporaryDirectory() as folder:
        train(model, indexed(corpus.train, vocab), recipe, validate, Silent(), Path(folder), torch.device("cpu"))
    translations = translate(model, corpus.test.source, recipe.beam_size, recipe.max_decoding_time_step)
    seconds = time.process_time() - started
    test = score(translations, corpus.test.target)
    return Learnt(test.bleu, seconds, reached[0] if reached else None, test.signature)


def rows(repeats: int = 5) -> list[Row]:
    """Train as many seeds, from 0; return a line for each, and one for all."""
    warnings.filterwarnings("ignore", "Using padding='same'")
    torch.set_num_threads(1)
    all_learnt, lines = [], []
    for seed in range(repeats):
        learnt = learn(seed)
        all_learnt.append(learnt)
        reached = f"{learnt.reached:.0f} CPU s" if learnt.reached else "never"
        lines.append(
            Row(
                f"toy, seed {seed}",
                f"BLEU {learnt.bleu:.1f}",
                "",
                f"{learnt.seconds:.0f} CPU s",
                f"BLEU {AIM} on dev: {reached}",
            )
        )
        print(lines[-1], file=sys.stderr, flush=True)
    scores, seconds = ([getattr(learnt, what) for learnt in all_learnt] for what in ("bleu", "seconds"))
    about = f"{TOY.max_updates} updates; {all_learnt[0].signature.replace('|', ' ')}"
    total = Row("toy, least / median / greatest", band(scores), f"≥ {AIM}, ≤ 200 CPU s", band(seconds), about)
    return [*lines, total]


if __name__ == "__main__":
    print(table(rows()), signature(), sep="\n\n")
