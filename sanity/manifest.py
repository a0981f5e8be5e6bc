"""assignment.toml: the one list of an assignment's questions, points and limits."""

from __future__ import annotations

import tomllib
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path


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


WRITTEN = "written.md"
"""The file with the answers in words."""


@dataclass(frozen=True)
class Written:
    """A question answered in words, in written.md, and marked by a person."""

    id: str
    name: str
    points: float


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
        raise ManifestError(f"{self.name} has no question {id!r}: choose from {known}")

    def choose(self, ids: list[str]) -> tuple[Question, ...]:
        """Return the questions called ids, in the assignment's order; all of them if ids is empty."""
        wanted = {self.question(id) for id in ids} if ids else set(self.questions)
        return tuple(question for question in self.questions if question in wanted)


def spellings(file: str) -> tuple[str, ...]:
    """Return the names under which a file may be handed in; of several that are there the first counts.

    A notebook may be handed in as a Python file too.
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
        return Manifest(
            name=table["name"],
            title=table["title"],
            submit=tuple(table["submit"]),
            given=tuple(table["given"]),
            questions=tuple(Question(**{**q, "needs": tuple(q.get("needs", ()))}) for q in table["question"]),
            seconds=table["limits"]["seconds"],
            memory_mb=table["limits"]["memory_mb"],
            written=tuple(Written(**written) for written in table.get("written", ())),
        )
    except FileNotFoundError:
        raise ManifestError(f"{path}: not found; run this in an assignment's folder") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ManifestError(f"{path}: not a valid manifest: {error!r}") from None
