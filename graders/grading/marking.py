"""Gives marks by hand to a graded class, for the marking desk and for programs of the staff's own.

The marks are rows of marks.csv, which stays the only place where they count: staff may edit it at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import RLock

import msgspec

from graders.atomic import write_atomically
from graders.course.assignment import load_assignment
from graders.errors import OptionError, UserError
from graders.grading.dial import dial_now
from graders.grading.exporting import export_again
from graders.grading.recorded import Extras, RecordedClass, complete, current_class, gradebook_path, read_extras
from graders.records.gradebook import Gradebook
from graders.records.history import Change
from graders.records.manual_marks import Mark, MarksError, marks_in
from graders.records.marks_sheet import changed_sheet
from graders.text.sheets import parse_sheet

NO_MARK = Mark(None, "")


class MarkConflict(UserError):
    """Somebody else has changed the mark meanwhile; nothing was written."""

    def __init__(self, submission: str, question: str, now: Mark) -> None:
        said = f"{now.shown or 'no mark'}{f': {now.comment}' if now.comment else ''}"
        super().__init__(f"{question} of {submission} was changed meanwhile: it is now {said}")
        self.now = now


class Marking:
    """A graded class that is being marked, by several programs and threads at once if need be.

    Args:
        out: the folder of `trivium grade`.
        marks: the sheet of marks; None: out/marks.csv.
        policy: as in `GradeOptions`, for the exports; so are submitted and feedback.

    Raises UserError, here and in each method.
    """

    def __init__(
        self,
        out: Path,
        marks: Path | None = None,
        policy: Path | None = None,
        submitted: Path | None = None,
        feedback: str = "",
    ) -> None:
        self.path = gradebook_path(out)
        self.out = self.path.parent
        with Gradebook(self.path) as book:
            names = book.assignments()
        if not names:
            raise OptionError(f"{self.path}: this gradebook is empty; run `trivium grade` first")
        self.assignment = load_assignment(names[0])
        dial_now(self.assignment.manifest, feedback)
        self._options = marks, policy, submitted
        self._feedback = feedback
        self._lock = RLock()
        self._known: tuple[object, RecordedClass] | None = None
        self._completed: tuple[object, RecordedClass] | None = None
        sheet = self._extras().marks.sheet
        if sheet and not sheet.text:
            raise MarksError(f"{marks}: a workbook is only read: save it as CSV, and name that")

    def now(self) -> RecordedClass:
        """Return the class with all that counts now; what has not changed since the last call is not read again."""
        with self._lock, Gradebook(self.path) as book:
            state = book.state()
            if self._known is None or self._known[0] != state:
                self._known = state, current_class(book, self.assignment)
            extras = self._extras()
            comments = book.history(self.assignment.name).comments()
            text, times = (
                extras.marks.sheet and extras.marks.sheet.text,
                extras.submitted and extras.submitted.read_bytes(),
            )
            state = state, text, extras.policy, times, sorted(comments.items())
            if self._completed is None or self._completed[0] != state:
                self._completed = state, complete(book, self._known[1], self.out, extras)
            return self._completed[1]

    def give(self, submission: str, question: str, mark: Mark, seen: str, by: str) -> None:
        """Write a mark into the sheet, and note in the gradebook who gave it.

        Args:
            submission: its name.
            question: the id of a question, or `manual_marks.BONUS` or `ALL`.
            mark: as `mark_for` makes it; one without points and comment withdraws a mark.
            seen: the `version` of the mark that the person saw.
            by: who gives the mark.

        Raises MarkConflict if the mark is another one meanwhile: nobody's change is overwritten unseen.
        """
        names, manifest, key = self.now().names, self.assignment.manifest, (submission, question)
        if submission not in names:
            raise OptionError(f"the gradebook has no submission called {submission!r}")
        with Gradebook(self.path) as book, book.locked():
            history = book.history(self.assignment.name)
            found = self._extras().marks
            before, _ = found.marks(names)
            history.note_marks(before)  # what was changed in the sheet is not by this person
            now = before.get(key, NO_MARK)
            if version(now) != seen:
                raise MarkConflict(submission, question, now)
            content = changed_sheet(found, names, {key: mark})
            after, _ = marks_in(found.path, parse_sheet(content), manifest).marks(names)
            if _said({**before, key: mark}) != _said({key: NO_MARK, **after}):
                raise MarksError(f"{found.path}: the mark cannot be written into this sheet: correct the sheet")
            history.note_marks(after, by)
            # Last, so that a full disk undoes the note. After a kill in between, the next run notes the mark as found.
            write_atomically(found.path, content)

    def changes(self) -> list[Change]:
        """Return the audit trail, the oldest first."""
        self.now()  # notes what was changed in the sheet
        with Gradebook(self.path) as book:
            return book.history(self.assignment.name).changes()

    def sources(self) -> dict[str, Path]:
        """Return the path that each submission was last read from, by name."""
        with Gradebook(self.path) as book:
            return book.sources(self.assignment.name)

    def export(self) -> Sequence[Path]:
        """Write gradebook.csv, the report and results/*.json as they are now; return their paths."""
        return export_again(self.out, *self._options, feedback=self._feedback).files

    def _extras(self) -> Extras:
        return read_extras(self.assignment.manifest, self.out, *self._options)


def version(mark: Mark | None) -> str:
    """Return a short text that is another one for another mark."""
    mark = mark or NO_MARK
    return sha256(msgspec.json.encode([mark.shown, mark.comment])).hexdigest()[:16]


def _said(marks: dict[tuple[str, str], Mark]) -> dict[tuple[str, str], tuple[str, str]]:
    return {key: (mark.shown, mark.comment) for key, mark in marks.items() if mark.shown or mark.comment}
