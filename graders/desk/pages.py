"""The pages of the desk: what each shows, as plain values for its template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from graders.desk.roll import Roll, blacked_out, key_in, progress
from graders.desk.work import answer_in_words, files_of
from graders.exports.table import mark_text
from graders.grading.handed_in import HandedIn, HandedInFiles
from graders.grading.marking import Marking, version
from graders.grading.recorded import RecordedClass
from graders.records.manual_marks import Mark, points_of
from graders.records.result import QuestionResult, Result
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from graders.text.times import time_in_words
from sanity.core.verdict import Outcome, Verdict

SYMBOLS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.COULD_NOT_RUN: "!"}
PHRASES = 8
"""Comments that a page offers to take again."""


@dataclass(frozen=True)
class Draft:
    """What a person has typed, which is not written yet, and why."""

    points: str
    comment: str
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
    verdicts: tuple[Verdict, ...]
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
        self._files = files
        self._key = key_in(marking.out)
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"text": clean_text, "name": clean_name, "number": number, "time": time_in_words}
        self._environment.globals |= {"symbols": SYMBOLS, "mark_text": mark_text, "blind": blind, "person": person}
        self._environment.globals |= {"assignment": marking.assignment.name, "title": marking.assignment.manifest.title}

    def roll(self, recorded: RecordedClass) -> Roll:
        """Return the order and the names of the class."""
        return Roll((result.submission for result in recorded.results), self._key, self.blind)

    def overview(self, said: str = "") -> str:
        """Return the first page: how far each question is marked, and the submissions, those to be marked first."""
        recorded = self.marking.now()
        roll, results = self.roll(recorded), {result.submission: result for result in recorded.results}
        ordered = [results[name] for name in roll.names]
        counts = progress(ordered)
        written = {one.id for one in self.marking.assignment.manifest.written}
        questions = {question.id: question for result in ordered for question in result.questions}
        rows = [
            (questions[id], id in written, *counts[id], self.first(roll, ordered, id))
            for id in sorted(counts, key=lambda id: id not in written)
            if id in self.markable()
        ]
        return self._render(
            "overview.html.jinja",
            rows=rows,
            results=sorted(ordered, key=lambda result: not result.unmarked),
            roll=roll,
            unread=len(recorded.unread),
            warnings=[self._hidden(line, recorded.results) for line in (*recorded.warnings, *recorded.problems)],
            said=said,
        )

    def markable(self) -> Sequence[str]:
        """Return the ids of the questions that a person may mark, in order."""
        return list(points_of(self.marking.assignment.manifest))

    def first(self, roll: Roll, results: Sequence[Result], question: str) -> str:
        """Return the code of the first submission whose question is not marked, else of the first that has it."""
        having = [r for r in results if any(q.id == question for q in r.questions)]
        waiting = [result for result in having if question in result.unmarked]
        return roll.code((waiting or having)[0].submission)

    def next_unmarked(self, code: str, question: str) -> str | None:
        """Return the code of the next submission, after that of `code`, whose question is not marked; None: no more."""
        codes = self._codes(question)
        recorded = self.marking.now()
        roll = self.roll(recorded)
        waiting = {roll.code(result.submission) for result in recorded.results if question in result.unmarked}
        place = codes.index(code)
        return next((one for one in codes[place + 1 :] + codes[:place] if one in waiting), None)

    def neighbours(self, code: str, question: str = "") -> tuple[str | None, str | None]:
        """Return the codes before and after one, among the submissions that have a question."""
        codes = self._codes(question)
        place = codes.index(code)
        return codes[place - 1] if place else None, codes[place + 1] if place + 1 < len(codes) else None

    def _codes(self, question: str) -> list[str]:
        recorded = self.marking.now()
        roll = self.roll(recorded)
        having = {r.submission for r in recorded.results if not question or any(q.id == question for q in r.questions)}
        return [roll.code(name) for name in roll.names if name in having]

    def find(self, code: str) -> Result | None:
        """Return the result that a code stands for."""
        recorded = self.marking.now()
        name = self.roll(recorded).name(code)
        return next((result for result in recorded.results if result.submission == name), None)

    def question(self, code: str, id: str, draft: Draft | None = None) -> str | None:
        """Return the page of one question of a submission; None if there is none."""
        result = self.find(code)
        found = result and next((question for question in result.questions if question.id == id), None)
        if not result or not found or id not in self.markable():
            return None
        recorded = self.marking.now()
        codes = self._codes(id)
        before, after = self.neighbours(code, id)
        marked, whole = progress(recorded.results)[id]
        return self._render(
            "question.html.jinja",
            **self._work(result, id),
            form=self._form(recorded, result, found, draft),
            code=code,
            label=self.roll(recorded).label(result.submission),
            place=codes.index(code) + 1,
            before=before,
            after=after,
            unmarked=self.next_unmarked(code, id),
            marked=marked,
            whole=whole,
        )

    def student(self, code: str) -> str | None:
        """Return the page of all questions of a submission; None if there is none."""
        result = self.find(code)
        if not result:
            return None
        recorded = self.marking.now()
        before, after = self.neighbours(code)
        markable = [question for question in result.questions if question.id in self.markable()]
        in_turn = sorted(markable, key=lambda question: question.id not in result.unmarked)
        return self._render(
            "student.html.jinja",
            **self._work(result, ""),
            forms=[self._form(recorded, result, question, None) for question in in_turn],
            result=result,
            code=code,
            label=self.roll(recorded).label(result.submission),
            place=self._codes("").index(code) + 1,
            whole=len(recorded.results),
            before=before,
            after=after,
        )

    def trail(self) -> str:
        """Return the page of the audit trail, the newest first."""
        recorded = self.marking.now()
        return self._render(
            "trail.html.jinja", changes=self.marking.changes()[::-1], roll=self.roll(recorded), hidden=self._hidden_any
        )

    def _work(self, result: Result, question: str) -> Mapping[str, Any]:
        """Return what was handed in: files, the answer in words and notes."""
        handed_in: HandedIn = self._files.of(result.submission, result.digest)

        def shown(text: str) -> str:
            return self._hidden(text, [result])

        words = shown(result.written)
        written = {one.id for one in self.marking.assignment.manifest.written}
        return {
            "files": files_of(handed_in, self.marking.assignment, question, shown),
            "words": answer_in_words(words, question) if question in written else "",
            "all_words": words if not question else "",
            "note": shown(handed_in.note),
            "notes": [shown(note) for note in result.notes],
            "shown": shown,
        }

    def _form(self, recorded: RecordedClass, result: Result, question: QuestionResult, draft: Draft | None) -> Form:
        mark = recorded.marks.get((result.submission, question.id))
        own = {name: other.comment for (name, id), other in recorded.marks.items() if id == question.id}
        used = Counter(text for name, text in own.items() if text and self._hidden_any(text, name) == text)
        written = {one.id for one in self.marking.assignment.manifest.written}
        return Form(
            question=question,
            is_written=question.id in written,
            points=draft.points if draft else mark.shown if mark else "",
            comment=draft.comment if draft else mark.comment if mark else "",
            seen=version(mark),
            is_given=mark is not None,
            verdicts=question.verdicts,
            phrases=tuple(text for text, _ in used.most_common(PHRASES)),
            draft=draft,
        )

    def _hidden(self, text: str, results: Sequence[Result]) -> str:
        if not self.blind:
            return text
        for result in results:
            text = blacked_out(text, result)
        return text

    def _hidden_any(self, text: str, submission: str) -> str:
        if not self.blind:
            return text
        return self._hidden(text, [result for result in self.marking.now().results if result.submission == submission])

    def _render(self, name: str, **values: Any) -> str:
        return self._environment.get_template(name).render(values)
