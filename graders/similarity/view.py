"""What the page of a pair shows: the files of both, line by line, with the passages that they share."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graders.course.assignment import Assignment
from graders.similarity.code import File
from graders.similarity.fingerprints import Code
from graders.similarity.passages import Span, passages
from graders.similarity.regions import questions_at, regions

if TYPE_CHECKING:
    from graders.similarity.fingerprints import Hashes

AROUND = 3
"""Lines shown around a passage; what is further away is folded."""


@dataclass(frozen=True)
class Piece:
    """Some characters of a line, of a passage or of none."""

    text: str
    passage: int = 0
    """Its number, from 1; 0 for none."""
    begins: bool = False
    """Whether the passage begins here."""


@dataclass(frozen=True)
class Line:
    """A line of a file."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Fold:
    """Lines without a shared passage."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class FileView:
    """A file with a passage: its lines, and those that are folded."""

    name: str
    parts: tuple[Line | Fold, ...]


@dataclass(frozen=True)
class Place:
    """Where a passage lies in one of the two."""

    file: str
    first: int
    """Its first line, from 1."""
    last: int

    @property
    def lines(self) -> int:
        """How many lines it touches."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class PassageView:
    """A passage in both."""

    number: int
    first: Place
    second: Place
    questions: tuple[str, ...]


@dataclass(frozen=True)
class PairView:
    """A pair, as its page shows it."""

    passages: tuple[PassageView, ...]
    first: tuple[FileView, ...]
    second: tuple[FileView, ...]
    questions: tuple[str, ...]
    """The questions whose answers they share, in the assignment's order."""

    def lines(self, second: bool = False) -> int:
        """Return how many lines of one of the two are shared."""
        places = [passage.second if second else passage.first for passage in self.passages]
        return len({(place.file, line) for place in places for line in range(place.first, place.last + 1)})


def view(assignment: Assignment, first: Code, second: Code, common: Hashes) -> PairView:
    """Return what a pair shares; `common` are fingerprints that are common knowledge."""
    found = passages(first, second, common)
    order = [question.id for question in assignment.manifest.questions]
    answers = [{file.name: regions(assignment, file) for file in code.files} for code in (first, second)]
    shown = []
    for number, passage in enumerate(found, start=1):
        places = _place(first, passage.first), _place(second, passage.second)
        asked = set[str]().union(
            *(questions_at(answers[side][place.file], place.first, place.last) for side, place in enumerate(places))
        )
        questions = tuple(id for id in order if id in asked)
        shown.append(PassageView(number, *places, questions))
    return PairView(
        tuple(shown),
        _files(first, [passage.first for passage in found]),
        _files(second, [passage.second for passage in found]),
        tuple(id for id in order if any(id in passage.questions for passage in shown)),
    )


def _place(code: Code, span: Span) -> Place:
    file = code.files[span.file]
    return Place(file.name, file.text.count("\n", 0, span.start) + 1, file.text.count("\n", 0, span.end - 1) + 1)


def _files(code: Code, spans: Sequence[Span]) -> tuple[FileView, ...]:
    """Return the files that have a passage; the spans are numbered from 1."""
    views = []
    for index, file in enumerate(code.files):
        inside = [(span.start, span.end, number) for number, span in enumerate(spans, start=1) if span.file == index]
        if inside:
            views.append(FileView(file.name, _parts(file, sorted(inside))))
    return tuple(views)


def _parts(file: File, spans: Sequence[tuple[int, int, int]]) -> tuple[Line | Fold, ...]:
    lines = file.text.removesuffix("\n").split("\n")
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    near = set[int]()
    for start, end, _ in spans:
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1
        near.update(range(max(0, first - AROUND), min(len(lines), last + AROUND + 1)))
    parts: list[Line | Fold] = []
    at = waiting = 0
    for index, line in enumerate(lines):
        if index in near:
            while waiting < len(spans) and spans[waiting][1] <= starts[index]:
                waiting += 1
            parts.append(Line(index + 1, _pieces(line, starts[index], spans[waiting:])))
            at = index + 1
        elif index + 1 == len(lines) or index + 1 in near:
            parts.append(Fold(at + 1, index + 1, "\n".join(lines[at : index + 1])))
    return tuple(parts)


def _pieces(line: str, offset: int, spans: Sequence[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Return the pieces of a line that begins at an offset; the spans are sorted, and none ends before it."""
    pieces, at = [], 0
    for start, end, number in spans:
        if start >= offset + len(line):
            break
        begin, stop = max(0, start - offset), min(len(line), end - offset)
        if begin == 0 and start < offset:  # the space before a line that goes on is no part of the passage
            begin = min(stop, len(line) - len(line.lstrip()))
        if begin > at:
            pieces.append(Piece(line[at:begin]))
        if stop > begin:
            pieces.append(Piece(line[begin:stop], number, start >= offset))
        at = max(at, stop)
    if line[at:]:
        pieces.append(Piece(line[at:]))
    return tuple(pieces)
