"""The manifest of an assignment: its questions, points, files and limits, as assignment.toml lists them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from sanity.core.durations import DURATION, seconds_of
from sanity.core.errors import UserError
from sanity.core.feedback import Dial, Feedback, Level

Text = Annotated[str, Meta(min_length=1)]
ID = r"^[0-9]+[.]?[0-9a-z]*$"
FILE_NAME = r"^[\w-]+(/[\w-]+)*\.(py|ipynb)$"
NAME = r"^[a-z][a-z0-9_]*$"
Id = Annotated[str, Meta(pattern=ID)]
FileName = Annotated[str, Meta(pattern=FILE_NAME)]
Duration = Annotated[str, Meta(pattern=DURATION)]
Points = Annotated[float, Meta(gt=0, le=1000)]
Score = Annotated[float, Meta(gt=0, le=1e6)]

WRITTEN = "written.md"
"""The file with the written answers."""
STATEMENTS = 4
"""Statements at the top of a submission's files that may stall before a question's time is over."""
ALWAYS_GIVEN = ("README.md", "assignment.toml", "sanity_check.py")
"""Files that every handout has."""
MADE = ("README.html", "help/*.html", "trivium-*.whl")
"""What `trivium handout` adds to a handout, as patterns."""


class ManifestError(UserError):
    """assignment.toml is missing or invalid, or has no such question; the message is one line."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of assignment.toml. Unknown fields are refused."""


class Question(Table, frozen=True):
    """One question: what students call it, what it is worth and where its answer lives."""

    id: Id
    name: Text
    points: Points
    file: FileName
    """The submitted file that holds the answer."""
    needs: tuple[Id, ...] = ()
    """Questions whose answers this one runs on."""
    feedback: Feedback | None = None
    """What is told of it, if not what is told of the others."""

    @property
    def worth(self) -> str:
        """Its points in words: `1 point`, `2.5 points`."""
        return f"{self.points:g} point{'' if self.points == 1 else 's'}"


class WrittenQuestion(Table, frozen=True):
    """A question answered in words, in written.md, and marked by a person."""

    id: Id
    name: Text
    points: Points


class TrainedQuestion(Table, frozen=True):
    """A question that is graded by training the submission until a score or the end of a budget is reached."""

    id: Id
    name: Text
    points: Points
    task: Text
    """What is learnt, such as translation: the name of a module in graders/training/tasks."""
    metric: Text
    """What the score is called, such as BLEU."""
    data: Text
    """The data set it is trained on."""
    budget: Duration
    """The time limit of training, with its unit: "90s", "10m" or "1.5h"."""
    thresholds: Annotated[tuple[tuple[Score, Points], ...], Meta(min_length=1)]
    """Scores with the points that they earn; both rise, up to all points."""
    files: tuple[FileName, ...] = ()
    """The files of a submission that it trains; all if empty."""

    @property
    def seconds(self) -> float:
        """The budget in seconds."""
        return seconds_of(self.budget)

    @property
    def threshold(self) -> float:
        """The score that earns all points."""
        return self.thresholds[-1][0]

    def earned(self, score: float) -> float:
        """Return the points for a score."""
        return max((points for least, points in self.thresholds if score >= least), default=0.0)


class QuestionLimits(Table, frozen=True):
    """What one question of one submission may use."""

    seconds: Annotated[float, Meta(gt=0, le=3600)]
    memory_mb: Annotated[int, Meta(gt=0, le=2**20)]

    @property
    def statement_seconds(self) -> float:
        """The time limit of one statement at the top of a file: so many may stall before a question's time is over."""
        return self.seconds / STATEMENTS


class Manifest(Table, frozen=True, rename={"questions": "question"}):
    """One assignment."""

    name: Annotated[str, Meta(pattern=NAME)]
    title: Text
    submit: tuple[FileName, ...]
    """The files a student hands in."""
    given: tuple[FileName, ...]
    """Python files of the handout that those import; a submission cannot replace them."""
    questions: tuple[Question, ...]
    limits: QuestionLimits
    written: tuple[WrittenQuestion, ...] = ()
    trained: tuple[TrainedQuestion, ...] = ()
    handout: tuple[Text, ...] = ()
    """What else the handout ships: paths, or patterns such as "nmt/*.py"."""
    own: tuple[FileName, ...] = ()
    """Files of the handout that a student may have another of: this one is taken along, and need not be there."""
    forbidden: tuple[Annotated[str, Meta(pattern=NAME)], ...] = ()
    """Libraries that an answer should do without, such as torch: grading notes for staff who imports them."""
    legacy: bool = False
    """Accept what the libraries of an earlier year did, and today's refuse, such as torch's masks of bytes."""
    rules: tuple[Text, ...] = ()
    """Rules that this course has and others have not: the checks that enforce them are in force."""
    aliases: dict[FileName, tuple[FileName, ...]] = field(default_factory=dict)
    """Other names under which a file to hand in is accepted, as in other years of the course."""
    feedback: Feedback | None = None
    """How much of an explanation students are told; None for the defaults of `sanity.core.feedback`."""

    def spellings(self, file: str) -> tuple[str, ...]:
        """Return the names under which a file may be handed in; of several that are there the first counts.

        A notebook may be handed in as a Python file too.
        """
        names = (file, *self.aliases.get(file, ()))
        return tuple(dict.fromkeys(spelling for name in names for spelling in _with_python(name)))

    def spelling(self, file: str, there: Container[str]) -> str | None:
        """Return the name under which a file was handed in, or None."""
        return next((name for name in self.spellings(file) if name in there), None)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The files that a student hands in, under every name that they may have."""
        return tuple(name for file in self.submit for name in self.spellings(file))

    @property
    def modules(self) -> tuple[tuple[str, ...], ...]:
        """The modules that are imported from a submission's folder, given or handed in: each as its file names."""
        return (*((file,) for file in self.given), *map(self.spellings, self.submit))

    @property
    def points(self) -> float:
        """What all questions that are checked are worth together."""
        return sum(question.points for question in self.questions)

    def question(self, id: str) -> Question:
        """Return the question called id, or raise ManifestError naming those there are."""
        for question in self.questions:
            if question.id == id:
                return question
        known = ", ".join(question.id for question in self.questions)
        if any(trained.id == id for trained in self.trained):
            why = "is earned by training"
        elif any(written.id == id for written in self.written):
            why = f"is answered in words, in {WRITTEN}, and marked by a person"
        else:
            raise ManifestError(f"{self.name} has no question {id!r}: choose from {known}")
        raise ManifestError(f"question {id} of {self.name} {why}, and has no checks: choose from {known}")

    def dial(self, now: datetime, default: Level) -> Dial:
        """Return what students are told at a time, which has a zone; `default` is for what no table sets."""
        set_ = {question.id: question.feedback or self.feedback for question in self.questions}
        tables = {id: feedback for id, feedback in set_.items() if feedback}
        return Dial(
            {id: feedback.level_at(now) for id, feedback in tables.items()},
            self.feedback.level_at(now) if self.feedback else default,
            {id: feedback.visibility for id, feedback in tables.items()},
        )

    def select_questions(self, ids: Iterable[str]) -> tuple[Question, ...]:
        """Return the questions called ids, in the assignment's order; all of them if there are no ids."""
        wanted = {self.question(id).id for id in ids}
        return tuple(question for question in self.questions if not wanted or question.id in wanted)


def _with_python(file: str) -> tuple[str, ...]:
    """Return a file's name, and for a notebook that of the Python file it may be saved as."""
    return (file, f"{file.removesuffix('.ipynb')}.py") if file.endswith(".ipynb") else (file,)


def solution_name(file: str) -> str:
    """Return the name of the solution of a file to hand in: that of a notebook is a Python file.

    >>> solution_name("exploring_word_vectors.ipynb")
    'exploring_word_vectors.py'
    """
    return _with_python(file)[-1]
