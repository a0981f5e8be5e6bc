"""Groups of submissions with the same mistake, and the comment that one gives to all of them.

A failure with a diagnosis belongs to the group of that diagnosis. In a question without any, submissions are alike if
the same comparisons with the reference failed with equal wrong answers, or, where there is no answer, with the same
message; and if all comparisons passed, the same properties.

A comment belongs to the group, not to its members: it is stored once, and whoever is in the group when results are
exported has it. So a student who joins later gets it, and one who has mended the mistake loses it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec

from graders.records.result import QuestionResult, Result
from sanity.core.verdict import Outcome, Verdict

_LINE = re.compile(r",? (at )?line \d+")
DIAGNOSIS, ANSWERS, MESSAGE = "diagnosis", "equal answers", "equal messages"


class Group(msgspec.Struct, frozen=True):
    """Submissions with the same mistake in a question."""

    id: str
    """Stable: it follows from the question and the mistake, for equal answers also from the cases, so from the seed."""
    question: str
    kind: str
    """DIAGNOSIS, ANSWERS or MESSAGE: what the members have in common."""
    what: str
    """The diagnosis, or the first message."""
    checks: tuple[str, ...]
    """The checks that fail for some member."""
    members: tuple[str, ...]
    """Names of submissions, sorted."""
    comment: str
    """What the members are told; "" for nothing."""


class _Mistake(msgspec.Struct, frozen=True):
    """What one submission has in common with the others of a group."""

    id: str
    kind: str
    what: str
    checks: tuple[str, ...]


def groups_of(results: Sequence[Result], comments: Mapping[str, str]) -> list[Group]:
    """Return the groups of a class, in each question the largest first; `comments` are by the group's id."""
    mistakes: dict[str, list[_Mistake]] = defaultdict(list)
    members: dict[str, list[str]] = defaultdict(list)
    questions: dict[str, str] = {}
    for result in results:
        for question in result.questions:
            for mistake in _mistakes(question):
                mistakes[mistake.id].append(mistake)
                members[mistake.id].append(result.submission)
                questions[mistake.id] = question.id
    order = dict.fromkeys(question.id for result in results for question in result.questions)
    groups = [
        Group(
            id,
            questions[id],
            same[0].kind,
            min(mistake.what for mistake in same),
            tuple(sorted({check for mistake in same for check in mistake.checks})),
            tuple(sorted(members[id])),
            comments.get(id, ""),
        )
        for id, same in mistakes.items()
    ]
    ranks = {id: place for place, id in enumerate(order)}
    return sorted(groups, key=lambda one: (ranks[one.question], -len(one.members), one.kind, one.what, one.id))


def with_comments(results: Sequence[Result], comments: Mapping[str, str]) -> list[Result]:
    """Return results in which each question has the comments of its groups, below the comment that it has."""
    if not comments:
        return list(results)
    return [
        msgspec.structs.replace(result, questions=tuple(_commented(one, comments) for one in result.questions))
        for result in results
    ]


def _commented(question: QuestionResult, comments: Mapping[str, str]) -> QuestionResult:
    found = [comments[mistake.id] for mistake in _mistakes(question) if mistake.id in comments]
    if not found:
        return question
    return msgspec.structs.replace(question, comment="\n".join(filter(None, (question.comment, *found))))


def _mistakes(question: QuestionResult) -> Iterator[_Mistake]:
    """Yield the mistakes of a question, one for each group that it is in; none if its failures matter no more."""
    failed = [v for v in question.verdicts if v.outcome is not Outcome.PASSED and v.weight]
    if not failed or question.settled:
        return
    for diagnosis in dict.fromkeys(verdict.diagnosis for verdict in failed if verdict.diagnosis):
        checks = tuple(verdict.check for verdict in failed if verdict.diagnosis == diagnosis)
        yield _Mistake(_id(question.id, DIAGNOSIS, diagnosis), DIAGNOSIS, diagnosis, checks)
    if not any(verdict.diagnosis for verdict in failed):
        # What a property asks of an answer may also depend on how the right part of it is written.
        telling = [verdict for verdict in failed if not verdict.is_property] or failed
        kind = ANSWERS if all(verdict.answer_digest for verdict in telling) else MESSAGE
        alike = [(verdict.check, verdict.answer_digest or _said(verdict)) for verdict in telling]
        what = _LINE.sub("", failed[0].message) or failed[0].sentence
        yield _Mistake(_id(question.id, kind, *alike), kind, what, tuple(verdict.check for verdict in failed))


def _said(verdict: Verdict) -> tuple[str, str]:
    """Return what is said of a failure without an answer, in our words and in Python's, without line numbers."""
    last = verdict.detail.strip().rpartition("\n")[2] if verdict.outcome is Outcome.COULD_NOT_RUN else ""
    return _LINE.sub("", verdict.message), _LINE.sub("", last)


def _id(question: str, *what: object) -> str:
    """Return a short id, such as 1d-3f9a2c71."""
    return f"{question}-{sha256(json.dumps([question, *what]).encode()).hexdigest()[:8]}"
