"""`trivium diff`: who gains and who loses between two gradings, as text or JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from graders.cli.terminal import echo, error
from graders.errors import OptionError
from graders.grading.recorded import load_class
from graders.records.comparison import ClassDiff, QuestionChange, SubmissionChange, compare
from graders.text.numbers import number
from graders.text.sanitize import clean_name


def diff(args: argparse.Namespace) -> int:
    """Print what differs; return 1 if something does, as diff does."""
    old, new = (load_class(path, note=False) for path in (args.old, args.new))
    if old.assignment.name != new.assignment.name:
        names = f"{old.assignment.name} and {new.assignment.name}"
        raise OptionError(f"{args.old} and {args.new} are of {names}: expected two gradings of one assignment")
    for line in (*old.warnings, *new.warnings, *old.problems, *new.problems):
        error(f"warning: {line}")
    found = compare(old.results, new.results)
    if args.json:
        echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        for line in _lines(found):
            echo(line)
    return 0 if found.is_empty else 1


def _lines(found: ClassDiff) -> Iterator[str]:
    """Yield the differences as text: the largest loss first."""
    for change in found.changed:
        yield from _submission(change)
    yield from (f"only in the old grading: {clean_name(name)}" for name in found.removed)
    yield from (f"only in the new grading: {clean_name(name)}" for name in found.added)
    gains = [change.gain for change in found.changed]
    gain, lose = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    other = len(gains) - gain - lose
    changed = f", {other} the same points in another way" if other else ""
    yield f"{gain} gain, {lose} lose{changed}, {found.same} without a difference"


def _submission(change: SubmissionChange) -> Iterator[str]:
    old, new = change.policy or (change.old, change.new)
    late = " after the policy on late work" if change.policy else ""
    files = " (other files)" if change.other_files else ""
    yield f"{clean_name(change.submission)}: {number(old)} → {number(new)}{late}, {_signed(change.gain)}{files}"
    for question in change.questions:
        yield f"  {question.question}: {_mark(question, new=False)} → {_mark(question, new=True)}"
        for check in question.checks:
            outcomes = f"{check.old or 'not there'} → {check.new or 'not there'}"
            yield f"    {clean_name(check.check)}: {outcomes if check.old != check.new else check.new}, " + (
                _signed(check.points)
            )


def _mark(question: QuestionChange, new: bool) -> str:
    points, standing = (question.new, question.new_standing) if new else (question.old, question.old_standing)
    if points is None:
        return standing
    return number(points) + (f" ({standing})" if standing != "counted" else "")


def _signed(points: float) -> str:
    return f"{'+' if points > 0 else '−' if points < 0 else '±'}{number(abs(points))}"
