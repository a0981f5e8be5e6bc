"""The class at one moment, in the order of the desk: who comes before and after, and what is not marked yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from graders.desk.roll import Roll, blacked_out
from graders.grading.recorded import RecordedClass
from graders.records.result import Result


@dataclass(frozen=True)
class Snapshot:
    """What one page, or one form, is answered from."""

    recorded: RecordedClass
    roll: Roll
    blind: bool

    @cached_property
    def results(self) -> dict[str, Result]:
        """The results by the submissions' names, in order."""
        found = {result.submission: result for result in self.recorded.results}
        return {name: found[name] for name in self.roll.names}

    def find(self, code: str) -> Result | None:
        """Return the result that a code stands for."""
        return self.results.get(self.roll.name(code) or "")

    def codes(self, question: str = "") -> list[str]:
        """Return the codes of all submissions, or of those that have a question, in order."""
        having = (r for r in self.results.values() if not question or any(q.id == question for q in r.questions))
        return [self.roll.code(result.submission) for result in having]

    def neighbours(self, code: str, question: str = "") -> tuple[str | None, str | None]:
        """Return the codes before and after one, among all, or among those that have a question."""
        order = self.codes(question)
        place = order.index(code)
        return order[place - 1] if place else None, order[place + 1] if place + 1 < len(order) else None

    def unmarked(self, question: str) -> list[str]:
        """Return the codes of the submissions in which a person has to mark a question, in order."""
        return [self.roll.code(name) for name, result in self.results.items() if question in result.unmarked]

    def next_unmarked(self, code: str, question: str) -> str | None:
        """Return the code of the next submission after one, round to it, whose question is not marked yet."""
        order, waiting = self.codes(question), set(self.unmarked(question))
        place = order.index(code)
        return next((one for one in order[place + 1 :] + order[:place] if one in waiting), None)

    def shown(self, text: str, name: str) -> str:
        """Return what a page may show of a text that is about a submission."""
        result = self.results.get(name) if self.blind else None
        return blacked_out(text, result) if result else text

    def shown_of_anybody(self, text: str) -> str:
        """Return what a page may show of a text that may name any submission."""
        for name in self.results if self.blind else ():
            text = self.shown(text, name)
        return text
