"""The pages of the desk: what each shows, as plain values for its template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.desk.roll import Roll, key_in
from graders.desk.snapshot import Snapshot
from graders.desk.work import answer_in_words, files_of
from graders.exports.report.submission import SYMBOLS
from graders.exports.table import mark_text
from graders.grading.handed_in import HandedInFiles
from graders.grading.marking import Marking, version
from graders.records.manual_marks import Mark, points_of
from graders.records.result import QuestionResult, Result
from graders.text.pages import page_environment
from graders.text.times import time_in_words

PHRASES = 8
"""Comments that a page offers to take again."""


@dataclass(frozen=True)
class Draft:
    """What a person has typed, which is not written yet, and why."""

    points: str
    comment: str
    mode: str
    """`student` where it was typed on the page of all questions, else `question`."""
    error: str = ""
    conflict: Mark | None = None
    """The mark that somebody else has given meanwhile."""


@dataclass(frozen=True)
class Form:
    """One question of one submission, to be marked."""

    question: QuestionResult
    is_written: bool
    points: str
    comment: str
    seen: str
    """The version of the mark that the page shows."""
    is_given: bool
    """Whether there is a mark by hand."""
    phrases: tuple[str, ...]
    draft: Draft | None


class Pages:
    """Renders the pages of one class.

    Args:
        marking: the class and its marks.
        files: the submitted files.
        blind: whether names are hidden.
        person: who marks.
    """

    def __init__(self, marking: Marking, files: HandedInFiles, blind: bool, person: str) -> None:
        self.marking, self.blind, self.person = marking, blind, person
        self._files, self._manifest = files, marking.assignment.manifest
        self._key = key_in(marking.out)
        self._environment = page_environment(Path(__file__).parent)
        self._environment.filters["time"] = time_in_words
        self._environment.globals |= {"symbols": SYMBOLS, "mark_text": mark_text, "blind": blind, "person": person}
        self._environment.globals |= {"assignment": marking.assignment.name, "title": self._manifest.title}

    def now(self) -> Snapshot:
        """Return the class as it is now."""
        recorded = self.marking.now()
        roll = Roll((result.submission for result in recorded.results), self._key, self.blind)
        return Snapshot(recorded, roll, self.blind)

    def markable(self) -> Sequence[str]:
        """Return the ids of the questions that a person may mark, in order."""
        return list(points_of(self._manifest))

    def is_written(self, question: str) -> bool:
        """Return whether a question is answered in words, and so is marked by a person."""
        return question in {written.id for written in self._manifest.written}

    def overview(self, said: str = "") -> str:
        """Return the first page: how far each question is marked, and the submissions, those to be marked first."""
        now = self.now()
        questions = {question.id: question for result in now.results.values() for question in result.questions}
        rows = []
        for id in sorted((id for id in self.markable() if id in questions), key=lambda id: not self.is_written(id)):
            codes, unmarked = now.codes(id), now.unmarked(id)
            marked = len(codes) - len(unmarked)
            rows.append((questions[id], self.is_written(id), marked, len(codes), (unmarked or codes)[0]))
        warnings = (*now.recorded.warnings, *now.recorded.problems)
        return self._render(
            "overview.html.jinja",
            rows=rows,
            results=sorted(now.results.values(), key=lambda result: not result.unmarked),
            roll=now.roll,
            unread=len(now.recorded.unread),
            warnings=[now.shown_of_anybody(line) for line in warnings],
            said=said,
        )

    def question(self, code: str, id: str, draft: Draft | None = None) -> str | None:
        """Return the page of one question of a submission; None if there is none."""
        now = self.now()
        result = now.find(code)
        found = result and next((question for question in result.questions if question.id == id), None)
        if not result or not found or id not in self.markable():
            return None
        codes = now.codes(id)
        before, after = now.neighbours(code, id)
        return self._render(
            "question.html.jinja",
            **self._work(now, result, id),
            form=self._form(now, result, found, draft),
            mode=draft.mode if draft else "question",
            code=code,
            label=now.roll.label(result.submission),
            place=codes.index(code) + 1,
            before=before,
            after=after,
            unmarked=now.next_unmarked(code, id),
            marked=len(codes) - len(now.unmarked(id)),
            whole=len(codes),
        )

    def student(self, code: str) -> str | None:
        """Return the page of all questions of a submission, those to be marked first; None if there is none."""
        now = self.now()
        result = now.find(code)
        if not result:
            return None
        before, after = now.neighbours(code)
        markable = [question for question in result.questions if question.id in self.markable()]
        in_turn = sorted(markable, key=lambda question: question.id not in result.unmarked)
        return self._render(
            "student.html.jinja",
            **self._work(now, result, ""),
            forms=[self._form(now, result, question, None) for question in in_turn],
            result=result,
            code=code,
            label=now.roll.label(result.submission),
            place=now.codes().index(code) + 1,
            whole=len(now.results),
            before=before,
            after=after,
        )

    def trail(self) -> str:
        """Return the page of the audit trail, the newest first."""
        now = self.now()
        return self._render("trail.html.jinja", changes=self.marking.changes()[::-1], roll=now.roll, shown=now.shown)

    def _work(self, now: Snapshot, result: Result, question: str) -> Mapping[str, Any]:
        """Return what was handed in: files, the answer in words and notes."""
        handed_in = self._files.of(result.submission, result.digest)

        def shown(text: str) -> str:
            return now.shown(text, result.submission)

        words = shown(result.written)
        return {
            "files": files_of(handed_in, self.marking.assignment, question, shown),
            "words": answer_in_words(words, question) if question else words,
            "note": shown(handed_in.note),
            "notes": [shown(note) for note in result.notes],
            "shown": shown,
        }

    def _form(self, now: Snapshot, result: Result, question: QuestionResult, draft: Draft | None) -> Form:
        marks = now.recorded.marks
        mark = marks.get((result.submission, question.id))
        given = {name: other.comment for (name, id), other in marks.items() if id == question.id}
        used = Counter(text for name, text in given.items() if text and now.shown(text, name) == text)
        return Form(
            question=question,
            is_written=self.is_written(question.id),
            points=draft.points if draft else mark.shown if mark else "",
            comment=draft.comment if draft else mark.comment if mark else "",
            seen=version(mark),
            is_given=mark is not None,
            phrases=tuple(text for text, _ in used.most_common(PHRASES)),
            draft=draft,
        )

    def _render(self, name: str, **values: Any) -> str:
        return self._environment.get_template(name).render(values)
