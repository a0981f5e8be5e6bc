"""assignment.toml: the one list of an assignment's questions, points and limits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any


class ManifestError(ValueError):
    """assignment.toml is missing or does not say what it must; the message is one line."""


@dataclass(frozen=True)
class Question:
    """One question: what students call it, what it is worth and where its answer lives."""

    id: str
    name: str
    points: float
    file: str
    """The submitted file that holds the answer."""
    needs: tuple[str, ...] = ()
    """Questions whose answers this one runs on."""

    @property
    def worth(self) -> str:
        """Its points in words: `1 point`, `2.5 points`."""
        return f"{self.points:g} point{'' if self.points == 1 else 's'}"


WRITTEN = "written.md"
"""The file with the answers in words."""


@dataclass(frozen=True)
class Written:
    """A question answered in words, in written.md, and marked by a person."""

    id: str
    name: str
    points: float


@dataclass(frozen=True)
class Trained:
    """A question that is graded by training what was handed in, until a score or the end of a budget is reached."""

    id: str
    name: str
    points: float
    metric: str
    """What the score is called, such as BLEU."""
    data: str
    """What it is trained on."""
    budget: float
    """Seconds of training; written with its unit: "90s", "10m" or "1.5h"."""
    thresholds: tuple[tuple[float, float], ...]
    """Scores with the points that are earned from there on; both rise, up to all points."""

    @property
    def threshold(self) -> float:
        """The score that earns all points."""
        return self.thresholds[-1][0]

    def earned(self, score: float) -> float:
        """Return the points for a score."""
        return max((points for least, points in self.thresholds if score >= least), default=0.0)


@dataclass(frozen=True)
class Manifest:
    """One assignment."""

    name: str
    title: str
    submit: tuple[str, ...]
    """The files a student hands in."""
    given: tuple[str, ...]
    """Python files of the handout that those import; a submission cannot replace them."""
    questions: tuple[Question, ...]
    seconds: float
    """Time limit for one question of one submission."""
    memory_mb: int
    """Memory limit for the same."""
    written: tuple[Written, ...] = ()
    trained: tuple[Trained, ...] = ()
    """At most one."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """The files that a student hands in, under every name that they may have."""
        return tuple(name for file in self.submit for name in spellings(file))

    @property
    def modules(self) -> tuple[str, ...]:
        """The Python files that are imported from a submission's folder: given, or handed in."""
        return (*self.given, *self.accepted)

    @property
    def points(self) -> float:
        """What all questions are worth together."""
        return sum(question.points for question in self.questions)

    def question(self, id: str) -> Question:
        """Return the question called id, or raise ManifestError naming those there are."""
        for question in self.questions:
            if question.id == id:
                return question
        known = ", ".join(question.id for question in self.questions)
        if any(trained.id == id for trained in self.trained):
            why = "is earned by training (python run.py train)"
        elif any(written.id == id for written in self.written):
            why = f"is answered in words, in {WRITTEN}, and marked by a person"
        else:
            raise ManifestError(f"{self.name} has no question {id!r}: choose from {known}")
        raise ManifestError(f"question {id} of {self.name} {why}, and has no checks: choose from {known}")

    def choose(self, ids: list[str]) -> tuple[Question, ...]:
        """Return the questions called ids, in the assignment's order; all of them if ids is empty."""
        wanted = {self.question(id) for id in ids} if ids else set(self.questions)
        return tuple(question for question in self.questions if question in wanted)


def spellings(file: str) -> tuple[str, ...]:
    """Return the names under which a file may be handed in; of several that are there the first counts.

    A notebook may be handed in as a Python file too.

    >>> spellings("exploring_word_vectors.ipynb")
    ('exploring_word_vectors.ipynb', 'exploring_word_vectors.py')
    """
    stem = file.removesuffix(".ipynb")
    return (file,) if stem == file else (file, f"{stem}.py")


def spelling(file: str, there: Container[str]) -> str | None:
    """Return the name under which a file was handed in, or None."""
    return next((name for name in spellings(file) if name in there), None)


def read_manifest(folder: Path) -> Manifest:
    """Read folder/assignment.toml; raise ManifestError if it is missing or wrong."""
    path = folder / "assignment.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(
            name=table["name"],
            title=table["title"],
            submit=tuple(table["submit"]),
            given=tuple(table["given"]),
            questions=tuple(Question(**{**q, "needs": tuple(q.get("needs", ()))}) for q in table["question"]),
            seconds=table["limits"]["seconds"],
            memory_mb=table["limits"]["memory_mb"],
            written=tuple(Written(**written) for written in table.get("written", ())),
            trained=tuple(_trained(trained) for trained in table.get("trained", ())),
        )
        _check_trained(manifest)
        return manifest
    except FileNotFoundError:
        raise ManifestError(f"{path}: not found; run this in an assignment's folder") from None
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ManifestError(f"{path}: not a valid manifest: {error!r}") from None


def seconds_of(duration: str) -> float:
    """Return how long "90s", "10m" or "1.5h" is; raise ManifestError for another text."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([smh])", duration)
    seconds = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not seconds:
        raise ManifestError(f"budget {duration!r}: expected a time such as 90s, 10m or 1.5h")
    return seconds


def _trained(table: Any) -> Trained:
    """Return a [[trained]] table as what it says; raise ManifestError for the first mistake in it."""
    if not isinstance(table, Mapping):
        raise ManifestError("trained: expected a table under [[trained]], in two brackets")
    where = f"[[trained]] {table.get('id', 'without an id')}"
    names = [field.name for field in fields(Trained)]
    for name in sorted(set(names) ^ table.keys()):
        raise ManifestError(f"{where}: {name} is {'missing' if name in names else 'not known here'}")
    for name in ("id", "name", "metric", "data", "budget"):
        if not isinstance(table[name], str):
            raise ManifestError(f"{where}: {name} = {table[name]!r}: expected a text")
    try:
        seconds = seconds_of(table["budget"])
    except ManifestError as error:
        raise ManifestError(f"{where}: {error}") from None
    rows = table["thresholds"]
    if not (isinstance(rows, list) and rows and all(isinstance(row, list) and len(row) == 2 for row in rows)):
        raise ManifestError(f"{where}: thresholds: expected pairs of score and points, such as [[20, 2], [90, 8]]")
    for number in (table["points"], *(number for row in rows for number in row)):
        if isinstance(number, bool) or not (isinstance(number, int | float) and 0 < number < float("inf")):
            raise ManifestError(f"{where}: {number!r}: expected a number above 0")
    for (score, points), (next_score, next_points) in pairwise(rows):
        if next_score <= score or next_points <= points:
            before, after = [score, points], [next_score, next_points]
            raise ManifestError(f"{where}: thresholds must rise, score and points: {after} comes after {before}")
    if rows[-1][1] != table["points"]:
        raise ManifestError(f"{where}: the last threshold gives {rows[-1][1]} points, expected all {table['points']}")
    return Trained(**{**table, "budget": seconds, "thresholds": tuple((row[0], row[1]) for row in rows)})


def _check_trained(manifest: Manifest) -> None:
    """Raise ManifestError for more than one question that is trained, or one whose id is another's."""
    if len(manifest.trained) > 1:
        raise ManifestError(f"{len(manifest.trained)} [[trained]] tables: expected one at most")
    taken = {question.id for question in manifest.questions} | {written.id for written in manifest.written}
    for trained in manifest.trained:
        if trained.id in taken:
            raise ManifestError(f"[[trained]] {trained.id}: another question has this id")
