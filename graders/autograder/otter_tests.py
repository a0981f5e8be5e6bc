"""The files tests/QUESTION.py of an otter zip: what otter's own summary of a question shows.

Each check is a test case that asks the report of our grader. The marks are not otter's: the plugin sets them.
"""

from __future__ import annotations

from collections.abc import Sequence

from graders.records.scoring import shares
from sanity.core.check import Check
from sanity.core.manifest import Question
from sanity.core.verdict import Outcome, Verdict

_HEAD = '''"""Question {id}: {name}. Generated from assignment.toml by `trivium otter build`."""

from otter.test_files import test_case

OK_FORMAT = False
name = {id!r}
all_or_nothing = False
'''
_CASE = """

@test_case(name={sentence!r}, points={points!r}, hidden=False)
def check_{number}(report):
    report.require({id!r}, {check!r})
"""


def otter_test(question: Question, checks: Sequence[Check]) -> str:
    """Return the file of a question with these checks. Hints, which are worth nothing, are left out."""
    verdicts = [
        Verdict(question.id, check.name, check.sentence, Outcome.PASSED, check.weight, check.is_property)
        for check in checks
        if check.weight
    ]
    cases = (
        _CASE.format(sentence=verdict.sentence, points=points, number=number, id=question.id, check=verdict.check)
        for number, (verdict, points) in enumerate(
            zip(verdicts, shares(verdicts, question.points), strict=True), start=1
        )
    )
    return _HEAD.format(id=question.id, name=question.name) + "".join(cases)
