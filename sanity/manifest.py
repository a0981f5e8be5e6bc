"""assignment.toml: the one list of an assignment's questions, points and limits."""

from __future__ import annotations

import tomllib
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
        )
    except FileNotFoundError:
        raise ManifestError(f"{path}: not found; run this in an assignment's folder") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ManifestError(f"{path}: not a valid manifest: {error!r}") from None
