"""What was handed in, as a page shows it: numbered lines of code, and answers in words. Nothing is run or drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from graders.course.assignment import Assignment
from graders.grading.answer_places import answer_line
from graders.grading.handed_in import HandedIn
from graders.intake.pack import HEADING
from graders.text.sanitize import clean_name, clean_text
from sanity.core.manifest import WRITTEN
from sanity.core.notebook import NotebookError, cells_of

MOST = 300_000
"""Characters of a file that a page shows."""


@dataclass(frozen=True)
class File:
    """One file of a submission."""

    name: str
    lines: tuple[str, ...]
    answer: int
    """The line on which the answer to the question begins; 0 if that is not known."""
    is_open: bool
    """Whether it has the answer to the question."""


def files_of(handed_in: HandedIn, assignment: Assignment, question: str, shown: Callable[[str], str]) -> list[File]:
    """Return the files of a submission, that with the answer to a question first.

    Args:
        handed_in: the files.
        assignment: says which file answers the question.
        question: its id; "" for none.
        shown: what a page may show of a text.
    """
    manifest = assignment.manifest
    asked = next((one.file for one in manifest.questions if one.id == question), "")
    with_answer = manifest.spelling(asked, handed_in.files) if asked else WRITTEN
    files = []
    for name, content in handed_in.files.items():
        text = clean_text(_text(name, content), MOST)
        stub = assignment.folder / asked
        line = 0
        if name == with_answer and name.endswith(".py") and stub.suffix == ".py":
            line = answer_line(stub.read_text("utf-8"), text, question)
        lines = tuple(shown(text).split("\n"))
        files.append(File(clean_name(shown(name)), lines, line, name == with_answer))
    return sorted(files, key=lambda file: (not file.is_open, file.name))


def _text(name: str, content: bytes) -> str:
    """Return a file's text: of a notebook its code, cell by cell."""
    if name.endswith(".ipynb"):
        try:
            cells = cells_of(Path(name), content)
            return "\n\n".join(f"# {cell.name.rpartition(', ')[2]}\n{cell.text.strip()}" for cell in cells)
        except NotebookError as problem:
            return str(problem)
    if b"\0" in content:
        return f"{len(content):,} bytes that are no text"
    return content.decode("utf-8", "replace")


def answer_in_words(written: str, question: str) -> str:
    """Return what stands below the heading of a question in written.md; all of it if there is no such heading.

    >>> answer_in_words("# A4\\n## 1g. Masks\\nThey hide.\\n## 2a\\n0.5", "1g")
    'They hide.'
    """
    parts = HEADING.split(written)
    below = [text.strip() for found, text in _pairs(parts) if found == question]
    return "\n\n".join(below) if below else written.strip()


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    return zip(parts[1::2], parts[2::2], strict=True)
