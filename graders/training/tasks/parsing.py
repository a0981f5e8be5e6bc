"""Parsing as a task: the handout's loop trains the submission's model, and heads are compared outside the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import eq
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import numpy as np

from graders.course.assignment import Assignment
from graders.intake.submission import Submission, submission_of
from graders.text.sanitize import clean_name
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task, TaskError, load_module
from graders.training.tasks.secret_seeds import refuse_guessable, training_seed
from sanity.parsing.toy import toy_treebank

SCORES = (0.0, 100.0)
"""The lowest and highest UAS."""
NAMED = ("toy", "ewt")
"""Treebanks known by name."""
MARGIN = 1.0
"""In UAS: see `Task.margin`."""
PUNCTUATION = "PUNCT"
"""The tag of punctuation."""
RESAMPLES, RESAMPLING_SEED = 1000, 12345
"""For the interval, as sacreBLEU's."""
LOAD = """
import json, sys
name, folder = sys.argv[1:]
sys.path.insert(0, folder)
from parsing.treebank import TreebankError, load_treebank
try:
    treebank = load_treebank(name)
except TreebankError as error:
    sys.exit(f"error: {error}")
json.dump([treebank.train, treebank.dev, treebank.test], sys.stdout)
"""
"""A script that loads a treebank with the handout's code and prints it as JSON."""


class Sentence(NamedTuple):
    """A sentence of n words: n entries each; heads count words from 1, and 0 is ROOT."""

    forms: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]


class Parse(NamedTuple):
    """A tree that a parser has found."""

    heads: list[int]
    relations: list[str]


class Treebank(NamedTuple):
    """Sentences with their trees, in three parts."""

    train: list[Sentence]
    dev: list[Sentence]
    test: list[Sentence]


def load_treebank(name: str, seed: int, folder: Path) -> Treebank:
    """Load a treebank by name or path; raise TaskError if that fails or it has no test.

    The toy treebank is ours; any other is loaded with the handout in `folder`, in a new process.
    """
    if name == "toy":
        return Treebank(*([Sentence(*tree[:4]) for tree in part] for part in toy_treebank(seed)))
    command = [sys.executable, "-I", "-c", LOAD, name, str(folder)]
    loaded = subprocess.run(command, capture_output=True, check=False)
    if loaded.returncode != 0:
        last = loaded.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise TaskError(f"--data {name}: {last.removeprefix('error: ') or 'cannot be loaded'}")
    treebank = msgspec.json.decode(loaded.stdout, type=Treebank)
    if not treebank.test:
        raise TaskError(f"--data {name}: there are no sentences to test with")
    return treebank


@dataclass(frozen=True)
class Parsing(Task):
    """The parsing task on one treebank."""

    treebank: Treebank
    recipe: str
    """Its name in parsing/recipe.py."""
    hyperparameters: Mapping[str, Any]
    """Changes to the recipe."""

    def reference(self) -> Submission:
        """Return the solution."""
        return submission_of("reference", self.assignment.reference, self.assignment.solutions)

    def code(self, submission: Submission) -> Mapping[str, bytes]:
        """Return the submission's modules and the handout's parsing/; a submission cannot replace given files."""
        folder = self.assignment.folder
        given = {f"parsing/{path.name}": path.read_bytes() for path in sorted((folder / "parsing").glob("*.py"))}
        handed_in = {name: content for name, content in submission.files.items() if name.endswith(".py")}
        return {**handed_in, **given, **self.assignment.given}

    def data(self) -> Mapping[str, bytes]:
        """Return the sentences of train with their trees, and those of dev without."""
        return {"train.json": as_json(self.treebank.train), "dev.json": without_trees(self.treebank.dev)}

    def test_data(self) -> Mapping[str, bytes]:
        """Return the sentences of the test without their trees."""
        return {"test.json": without_trees(self.treebank.test)}

    def settings(self) -> Mapping[str, Any]:
        """Return the recipe and its changes."""
        return {"recipe": self.recipe, "hyperparameters": dict(self.hyperparameters)}

    def _scoring(self) -> ModuleType:
        """Import the handout's parsing/scoring.py, so that students and graders score alike. It needs no torch."""
        return load_module(f"trivium_{self.assignment.name}_scoring", self.assignment.folder / "parsing" / "scoring.py")

    def _score(self, answers: Sequence[str], sentences: Sequence[Sentence]) -> Any:
        parses = [parse_of(answer, len(one.heads)) for answer, one in zip(answers, sentences, strict=True)]
        marks = [[tag == PUNCTUATION for tag in sentence.tags] for sentence in sentences]
        return self._scoring().score(sentences, parses, marks)

    def dev_score(self, answers: Sequence[str]) -> float:
        """Return the UAS of dev."""
        return float(self._score(answers, self.treebank.dev).uas)

    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return the UAS with its interval, other attachment scores and the batch sensitivity of the test's parses."""
        n, test = len(self.references), self.treebank.test
        once, again = answers[:n], answers[n:]
        score = self._score(once, test)
        low, high = interval([right_heads(answer, sentence) for answer, sentence in zip(once, test, strict=True)])
        others = {"UAS without punctuation": score.uas_without, "LAS": score.las, "LAS without it": score.las_without}
        sensitivity = sum(one != other for one, other in zip(once, again, strict=True)) / n
        return Scores(score.uas, low, high, others, score.signature, sensitivity)


def parse_of(answer: str, n: int) -> Parse:
    """Return the tree of n words that a parser has answered; a word that it says nothing of has no head.

    >>> parse_of("2:nsubj 0:root", 3)
    Parse(heads=[2, 0, -1], relations=['nsubj', 'root', ''])
    """
    words = [word.partition(":")[::2] for word in answer.split(" ")[:n]]
    words += [("", "")] * (n - len(words))
    heads = [int(head) if head.isascii() and head.isdecimal() and len(head) < 6 else -1 for head, _ in words]
    return Parse(heads, [relation for _, relation in words])


def right_heads(answer: str, sentence: Sentence) -> tuple[int, int]:
    """Return how many words have the right head, and how many there are."""
    heads = parse_of(answer, len(sentence.heads)).heads
    return sum(map(eq, heads, sentence.heads)), len(heads)


def interval(sentences: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Return the 95 % interval of UAS by bootstrap resampling of sentences, of which the words hang together."""
    right, words = np.array(sentences).T
    drawn = np.random.default_rng(RESAMPLING_SEED).integers(len(words), size=(RESAMPLES, len(words)))
    low, high = np.percentile(100 * right[drawn].sum(axis=1) / words[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def as_line(sentence: Sentence) -> str:
    """Return a tree as a parser in the sandbox answers it: for each word its head and its relation."""
    return " ".join(f"{head}:{name}" for head, name in zip(sentence.heads, sentence.relations, strict=True))


def as_json(sentences: Sequence[Sentence]) -> bytes:
    """Return the contents of a file with sentences."""
    return json.dumps(sentences, ensure_ascii=False).encode()


def without_trees(sentences: Sequence[Sentence]) -> bytes:
    """Return the contents of a file with words and tags alone."""
    return json.dumps([sentence[:2] for sentence in sentences], ensure_ascii=False).encode()


def require_secret_seed(data: str, seed: int) -> None:
    """Raise OptionError if a submission could guess the seed, and with it draw the test of the toy treebank."""
    if data == "toy":
        refuse_guessable(seed)


def make_task(assignment: Assignment, job: Job) -> Parsing:
    """Return the task of a job; raise TaskError if its data cannot be loaded."""
    named = job.data in NAMED
    path = Path(job.data).resolve()
    treebank = load_treebank(job.data if named else str(path), job.seed, assignment.folder)
    return Parsing(
        assignment=assignment,
        question=job.question,
        metric="UAS",
        program="graders.sandbox.inside.parsing",
        data_name=job.data if named else f"the folder {clean_name(path.name)}",
        dev=[" ".join(sentence.forms) for sentence in treebank.dev],
        test=[" ".join(sentence.forms) for sentence in treebank.test] * 2,
        references=[as_line(sentence) for sentence in treebank.test],
        margin=MARGIN,
        treebank=treebank,
        recipe=job.data,
        hyperparameters={"seed": training_seed(job.seed), **job.hyperparameters},
    )
