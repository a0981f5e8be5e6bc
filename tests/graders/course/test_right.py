"""Right answers pass every check: the reference and correct variants, on the fixed cases and on drawn ones.

What is expected of the fixed cases is recorded, as students have it; what is drawn is put to the reference, too.
Among the fast tests are the references; those of all variants are slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from graders.course.assignment import load_assignment
from graders.course.planted import Variant, load_variants, reference_files
from graders.course.planted.process_run import run_in_process
from sanity.core.assignment_package import load_checks
from sanity.core.check import Check
from sanity.core.errors import CheckFailed
from sanity.core.judge import CachedRun, attempt
from sanity.core.probe import Run
from tests.support.planted import ASSIGNMENTS, problems, recordings

SEEDS = {"a1": 8, "a2": 8, "a3": 4, "a4": 2, "a5": 2}
"""Of drawn cases. A seed of a4 takes five seconds for each right submission."""
REFERENCES = [Variant("reference", reference_files(load_assignment(name))) for name in ASSIGNMENTS]
RIGHT = [
    pytest.param(name, right, id=f"{name}-{right.id}", marks=() if right is reference else pytest.mark.slow)
    for name, reference in zip(ASSIGNMENTS, REFERENCES, strict=True)
    for right in (reference, *load_variants(load_assignment(name)))
]
BESIDE = {"trains_at_the_rate_given"}
"""Hints about a file beside the answers, which no variant has: their own tests get them."""
HINTS = [(name, c) for name in ASSIGNMENTS for c in load_checks(name) if not c.weight and c.name not in BESIDE]
HINTED = {
    "heads-in-a-loop": {"builds_no_graph"},
    "pads-in-place": {"leaves_the_sentences_alone"},
    "sigmoid-by-formula": {"overflows_nowhere"},
    "sigmoid-in-place": {"leaves_x_alone", "overflows_nowhere"},
    "xavier-normal": {"begins_with_uniform_biases", "begins_with_xavier_uniform"},
}
"""The hints that right answers get, by variant."""


@pytest.mark.parametrize(("assignment", "right"), RIGHT)
def test_what_is_right_passes_every_check(assignment: str, right: Variant) -> None:
    with run_in_process(load_assignment(assignment), right.files) as child:
        run = CachedRun(child)
        hinted = set()
        for check in load_checks(assignment):
            found = problems(check, run, recordings(assignment).expect)
            if not check.weight and all(isinstance(problem, CheckFailed) for problem in found):
                hinted |= {check.name} if found else set()
            else:
                assert found == [], check.name
        assert hinted == HINTED.get(right.id, set())


@pytest.mark.parametrize(("assignment", "hint"), HINTS)
def test_some_right_answer_gets_each_hint(assignment: str, hint: Check) -> None:
    assert any(hint.name in names for names in HINTED.values())


@pytest.fixture(scope="module")
def references() -> Iterator[dict[str, Run]]:
    with ExitStack() as stack:
        yield {
            name: CachedRun(stack.enter_context(run_in_process(a := load_assignment(name), reference_files(a))))
            for name in ASSIGNMENTS
        }


@pytest.mark.slow
@pytest.mark.parametrize(("assignment", "right"), RIGHT)
def test_it_passes_whatever_is_drawn(assignment: str, right: Variant, references: dict[str, Run]) -> None:
    with run_in_process(load_assignment(assignment), right.files) as child:
        run = CachedRun(child)
        for check in load_checks(assignment):
            for seed in range(SEEDS.get(assignment, 2)):
                for case in [*check.cases.corner_cases(seed), *check.cases.drawn_cases(seed, check.cases.drawn)]:
                    problem = attempt(check, run, references[assignment], case)
                    hint = isinstance(problem, CheckFailed) and not check.weight
                    assert problem is None or hint, (check.name, case.words)
