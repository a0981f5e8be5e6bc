"""A submission's page: for staff with all that is known, for its student with what the dial tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from graders.exports.report.index import cell
from graders.exports.report.items import share
from graders.exports.report.pictures import HeatMap, attention_map, heat_map, tree
from graders.exports.report.templates import template
from graders.exports.report.training import curves, facts
from graders.exports.table import mark_text
from graders.records.result import QuestionResult, Result
from graders.records.scoring import earned, fraction, shares, withheld
from graders.records.training import Training
from sanity.core.feedback import Dial
from sanity.core.verdict import Outcome, Verdict

SYMBOLS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.COULD_NOT_RUN: "!"}


@dataclass(frozen=True)
class Line:
    """A verdict as the page shows it."""

    verdict: Verdict
    kind: str
    """passed, failed or error."""
    symbol: str
    points: float
    most: float
    message: str
    """The verdict's, or "" if the one before says the same: one cause often fails several checks in a row."""
    diagnosis: str
    hint: str
    heat: HeatMap | None


@dataclass(frozen=True)
class Neighbour:
    """Another submission's page."""

    name: str
    link: str


def submission_html(result: Result, before: Neighbour | None = None, after: Neighbour | None = None) -> str:
    """Return a submission's page for staff, with links to the pages before and after it. Students must not see it."""
    return _page(result, result.questions, staff=True, before=before, after=after)


def student_html(result: Result, dial: Dial) -> str:
    """Return a submission's page for its student: alone, and with what the dial tells of each verdict.

    Without seed and time, for a submission could sleep as long as what it has seen is large; without what it printed,
    the values of hidden cases, and who else handed in.
    """
    return _page(result, [for_student(question, dial) for question in result.questions], staff=False)


def for_student(question: QuestionResult, dial: Dial) -> QuestionResult:
    """Return a question without what is for staff."""
    from msgspec.structs import replace

    verdicts = tuple(dial.told(verdict) for verdict in question.verdicts)
    training = question.training and replace(question.training, curve=(), samples=(), attention=())
    return replace(question, verdicts=verdicts, printed="", history=(), training=training)


def neighbour(result: Result, name: str) -> Neighbour:
    """Return a submission's page as its neighbours link to it; `name` is its file's, without the extension."""
    return Neighbour(result.submission, f"{quote(name)}.html")


def _page(
    result: Result,
    questions: Sequence[QuestionResult],
    staff: bool,
    before: Neighbour | None = None,
    after: Neighbour | None = None,
) -> str:
    return template("submission.html.jinja").render(
        result=result,
        questions=questions,
        staff=staff,
        before=before,
        after=after,
        cell=cell,
        lines=lines,
        share=share,
        mark_text=mark_text,
        withheld=withheld,
        curves=curves,
        facts=facts,
        trees=trees,
        attention_map=attention_map,
        fraction=fraction,
    )


def lines(question: QuestionResult) -> list[Line]:
    """Return the verdicts of a question with what each earned and could earn."""
    found = []
    before: Verdict | None = None
    did, could = (part(question.verdicts, question.max_points) for part in (earned, shares))
    for verdict, points, most in zip(question.verdicts, did, could, strict=True):
        bad = verdict.outcome is not Outcome.PASSED
        found.append(
            Line(
                verdict,
                {Outcome.PASSED: "passed", Outcome.FAILED: "failed"}.get(verdict.outcome, "error"),
                SYMBOLS[verdict.outcome],
                points,
                most,
                message="" if bad and before and before.message == verdict.message else verdict.message,
                diagnosis="" if before and before.diagnosis == verdict.diagnosis else verdict.diagnosis,
                hint="" if bad and before and before.hint == verdict.hint else verdict.hint,
                heat=heat_map(verdict.difference) if verdict.difference else None,
            )
        )
        before = verdict if bad else None
    return found


def trees(training: Training) -> Iterable[tuple[str, str, str, str]]:
    """Yield each sample of a training with the SVG of its tree, in which all text is escaped; "" if it is no parse."""
    for source, reference, answer in training.samples:
        yield tree(source, reference, answer), source, reference, answer
