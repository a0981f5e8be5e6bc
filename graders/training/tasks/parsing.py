"""Parsing as a task: the handout's loop trains the submission's model, and heads are compared outside the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from graders.course.assignment import Assignment
from graders.intake.submission import Submission, submission_of
from graders.text.sanitize import clean_name
from graders.training.intervals import bootstrap_interval
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task, TaskError
from graders.training.tasks.secret_seeds import refuse_guessable, training_seed
from sanity.parsing.grammar import toy_treebank

SCORES = (0.0, 100.0)
"""The lowest and highest UAS."""
NAMED = ("toy", "ewt")
"""Treebanks known by name."""
MARGIN = 1.0
"""In UAS: see `Task.margin`."""
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
        """Return the submission's modules and the handout's parsing/; a submission cannot replace the handout's files."""
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

    def dev_score(self, answers: Sequence[str]) -> float:
        """Return the UAS of dev."""
        return 100 * _share([words[0] for words in _right_words(answers, self.treebank.dev)])

    def test_scores(self, answers: Sequence[str]) -> Scores:
        """Return the UAS with its interval, the LAS and the batch sensitivity of the parses of the test."""
        n = len(self.references)
        once, again = answers[:n], answers[n:]
        heads, both = zip(*_right_words(once, self.treebank.test), strict=True)
        low, high = bootstrap_interval([(sum(words), len(words)) for words in heads])
        sensitivity = sum(one != other for one, other in zip(once, again, strict=True)) / n
        words = sum(map(len, heads))
        signature = f"UAS|punctuation:yes|tokens:gold|tags:gold|sentences:{n}|words:{words}"
        return Scores(100 * _share(heads), 100 * low, 100 * high, {"LAS": 100 * _share(both)}, signature, sensitivity)


def _right_words(answers: Sequence[str], sentences: Sequence[Sentence]) -> list[tuple[list[bool], list[bool]]]:
    """Return for each sentence which words have the right head, and which the right head and relation."""
    right = []
    for answer, sentence in zip(answers, sentences, strict=True):
        expected = list(zip(map(str, sentence.heads), sentence.relations, strict=True))
        found = [word.partition(":")[::2] for word in answer.split(" ", len(expected))]
        found += [("", "")] * (len(expected) - len(found))
        pairs = list(zip(found, expected, strict=False))
        right.append(([word[0] == gold[0] for word, gold in pairs], [word == gold for word, gold in pairs]))
    return right


def _share(sentences: Sequence[Sequence[bool]]) -> float:
    """Return the share of words that are right."""
    return sum(map(sum, sentences)) / sum(map(len, sentences))


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
