"""How well does the parser of assignment 3 learn a real treebank? UAS and LAS on the test of UD English-EWT.

Run from the repository's root: `python -m benchmarks treebank`; some minutes. The reference is trained by the default
recipe with several seeds; beside it a linear model on the same 36 features of the same partial parses, scikit-learn's
logistic regression. Both parse with the reference's minibatch_parse. Times are CPU-seconds of one thread, for all but
reading the treebank: training, looks at dev, test.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from benchmarks.measuring import Row, band, folders_of, signature, table

sys.path.extend(folders_of("a3"))
from parsing.decoding import predict
from parsing.features import instances_of
from parsing.recipe import Recipe, new_model, recipe_for
from parsing.scoring import Score, score
from parsing.training import train
from parsing.treebank import Treebank, load_treebank, punctuation_in
from parsing.validation import validation_on
from parsing.vocabulary import Vocabulary

from parser_model import ParserModel
from parser_transitions import minibatch_parse

DATA = "ewt"
EPOCHS, LINEAR_EPOCHS = 10, 3


class Learnt(NamedTuple):
    """What a model reached on test, and the CPU-seconds that it took."""

    score: Score
    seconds: float


class Silent:
    """The training loop's tracker that tells nobody."""

    def __getattr__(self, name: str) -> Any:
        return lambda *told: None


class Linear(torch.nn.Module):
    """Logistic regression over the numbers of the features, each at its own position."""

    def __init__(self, numbers: int, features: np.ndarray[Any, Any], classes: np.ndarray[Any, Any], seed: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.model = SGDClassifier(
            loss="log_loss", alpha=1e-6, max_iter=LINEAR_EPOCHS, tol=None, average=True, random_state=seed
        )
        self.model.fit(self.one_hot(features), classes)

    def one_hot(self, features: np.ndarray[Any, Any]) -> csr_matrix:
        """Return features (B, 36) as rows of 36 ones."""
        rows, width = features.shape
        columns = features + self.numbers * np.arange(width)
        ones = np.ones(rows * width, np.float32)
        return csr_matrix((ones, columns.ravel(), np.arange(0, rows * width + 1, width)), (rows, self.numbers * width))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits of the classes."""
        seen = self.model.decision_function(self.one_hot(features.numpy()))
        logits = np.full((len(seen), self.model.classes_.max() + 1), -np.inf)
        logits[:, self.model.classes_] = seen
        return torch.from_numpy(logits)


def tested(model: Any, vocabulary: Vocabulary, treebank: Treebank) -> Score:
    """Parse test, and score it."""
    parses = predict(model.eval(), vocabulary, treebank.test, minibatch_parse)
    return score(treebank.test, parses, punctuation_in(treebank.test))


def learn(treebank: Treebank, recipe: Recipe) -> Learnt:
    """Train the reference by a recipe, and test it."""
    started = time.process_time()
    vocabulary = Vocabulary.of(treebank.train, recipe.relations == "on", recipe.min_count)
    instances = instances_of(treebank.train, vocabulary)
    model = new_model(ParserModel, vocabulary, recipe)
    validate = validation_on(treebank.dev, vocabulary, minibatch_parse)
    with tempfile.TemporaryDirectory() as folder:
        train(model, instances, vocabulary, recipe, validate, Silent(), Path(folder), torch.device("cpu"))
    return Learnt(tested(model, vocabulary, treebank), time.process_time() - started)


def learn_linear(treebank: Treebank, recipe: Recipe) -> Learnt:
    """Train the linear model on the same features, and test it."""
    started = time.process_time()
    vocabulary = Vocabulary.of(treebank.train, recipe.relations == "on", recipe.min_count)
    instances = instances_of(treebank.train, vocabulary)
    model = Linear(len(vocabulary), np.asarray(instances.features), np.asarray(instances.classes), recipe.seed)
    return Learnt(tested(model, vocabulary, treebank), time.process_time() - started)


def row(what: str, learnt: Sequence[Learnt], target: str = "") -> Row:
    """Return the line of a model with its seeds."""
    uas, las, uas_without, las_without = (
        band([getattr(one.score, name) for one in learnt]) for name in ("uas", "las", "uas_without", "las_without")
    )
    aside = f"without punctuation UAS {uas_without}, LAS {las_without}; {learnt[0].score.signature.replace('|', ' ')}"
    seconds = f"{band([one.seconds for one in learnt])} CPU s"
    return Row(what, f"UAS {uas}, LAS {las}", target, seconds, aside)


def rows(repeats: int = 3) -> list[Row]:
    """Train as many seeds, from 0, and the linear model with one; return a line for each kind."""
    torch.set_num_threads(1)
    treebank, recipe = load_treebank(DATA), replace(recipe_for(DATA), max_epoch=EPOCHS)
    learnt = []
    for seed in range(repeats):
        learnt.append(learn(treebank, replace(recipe, seed=seed)))
        print(f"seed {seed}: {learnt[-1].score}, {learnt[-1].seconds:.0f} CPU s", file=sys.stderr, flush=True)
    return [
        row(f"EWT test, the reference after {EPOCHS} epochs: least / median / greatest of {repeats} seeds", learnt),
        row(f"EWT test, a linear model on the same features, {LINEAR_EPOCHS} epochs", [learn_linear(treebank, recipe)]),
    ]


if __name__ == "__main__":
    print(table(rows()), signature(), sep="\n\n")
