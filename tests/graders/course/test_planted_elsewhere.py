"""A planted bug fails no question that does not run on the one with the bug."""

from __future__ import annotations

import pytest

from graders.course.assignment import load_assignment
from graders.course.planted.process_run import run_in_process
from sanity.core.assignment_package import load_checks
from sanity.core.judge import CachedRun
from sanity.core.manifest import Manifest
from tests.support.planted import BUGS, problems, recordings


def needs(manifest: Manifest, question: str) -> set[str]:
    """Return the questions whose answers a question runs on, and those that these run on."""
    return {question}.union(*(needs(manifest, other) for other in manifest.question(question).needs))


@pytest.mark.slow
@pytest.mark.parametrize(("assignment", "bug"), BUGS, ids=lambda part: part)
def test_a_bug_fails_no_unrelated_question(assignment: str, bug: str) -> None:
    manifest, planted = load_assignment(assignment).manifest, BUGS[assignment, bug]
    unrelated = [check for check in load_checks(assignment) if planted.question not in needs(manifest, check.question)]
    with run_in_process(load_assignment(assignment), planted.files) as child:
        run = CachedRun(child)
        assert [c.name for c in unrelated if problems(c, run, recordings(assignment).expect)] == []
