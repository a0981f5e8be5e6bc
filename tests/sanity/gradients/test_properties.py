"""Each gradient property finds mistakes that no check of values finds: else it would be worth nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from graders.course import planted
from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs, reference_files
from graders.course.planted.process_run import run_in_process
from sanity.core.assignment_package import load_checks
from sanity.core.check import Check
from sanity.core.errors import CheckFailed
from sanity.core.judge import CachedRun, attempt
from sanity.core.probe import Run
from sanity.core.recordings import fixed_cases
from sanity.gradients.snippet import simplest
from sanity.student.gradients import TracingRun, is_gradient_property

ASSIGNMENTS = sorted(path.stem for path in Path(planted.__file__).parent.glob("a?.toml"))
PROPERTIES = [(name, check) for name in ASSIGNMENTS for check in load_checks(name) if is_gradient_property(check)]
IDS = [f"{name} {check.name}" for name, check in PROPERTIES]


@pytest.fixture(scope="module")
def references() -> Iterator[dict[str, Run]]:
    with ExitStack() as stack:
        names = sorted({name for name, _ in PROPERTIES})
        yield {
            name: CachedRun(stack.enter_context(run_in_process(a := load_assignment(name), reference_files(a))))
            for name in names
        }


def holds(check: Check, run: Run, expect: Run) -> bool:
    """Whether a check passes on its fixed cases."""
    return all(attempt(check, run, expect, case) is None for case in fixed_cases(check.cases))


def breaks(check: Check, run: Run) -> bool:
    """Whether a property fails, rather than not running, on some fixed case."""
    return any(isinstance(attempt(check, run, run, case), CheckFailed) for case in fixed_cases(check.cases))


@pytest.mark.parametrize(("assignment", "check"), PROPERTIES, ids=IDS)
def test_some_planted_bug_breaks_the_property_and_no_check_of_values(
    assignment: str, check: Check, references: dict[str, Run]
) -> None:
    of_values = [
        other
        for other in load_checks(assignment)
        if other.question == check.question and not other.is_property and not other.gradients
    ]
    for bug in load_bugs(load_assignment(assignment)):
        if bug.question == check.question:
            with run_in_process(load_assignment(assignment), bug.files) as child:
                run = CachedRun(child)
                if breaks(check, run) and all(holds(other, run, references[assignment]) for other in of_values):
                    return
    pytest.fail(f"no planted bug of question {check.question} breaks only {check.name}")


@pytest.mark.parametrize(("assignment", "check"), PROPERTIES, ids=IDS)
def test_the_reference_has_the_property(assignment: str, check: Check, references: dict[str, Run]) -> None:
    assert holds(check, references[assignment], references[assignment])


@pytest.mark.parametrize("assignment", sorted({name for name, _ in PROPERTIES}))
def test_each_property_has_a_script_and_on_the_reference_it_shows_no_difference(
    assignment: str, references: dict[str, Run], tmp_path: Path
) -> None:
    for source in (handout_folder(assignment), load_assignment(assignment).solutions):
        shutil.copytree(source, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    names = []
    for check in (check for name, check in PROPERTIES if name == assignment):
        watched = TracingRun(references[assignment])
        case = simplest(check.cases.corner_cases(1)[0], lambda case: True)
        attempt(check, watched, watched, case)
        assert watched.script, f"{check.name} asks nothing that can be shown"
        names.append(f"try_{check.name}.py")
        (tmp_path / names[-1]).write_text(watched.script, encoding="utf-8")
    runs = f"import runpy\nfor name in {names}:\n    runpy.run_path(name)\n"
    ran = subprocess.run(
        [sys.executable, "-c", runs],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
    assert not re.search(r"[1-9]\d* of \d+ entries are wrong", ran.stdout)
    shown = re.split(r"(?m)^.*:$", re.sub(r"(?m)^the loss: .*\n", "", ran.stdout))[1:]
    for claimed, measured in zip(shown[::2], shown[1::2], strict=True):
        assert numbers(claimed)
        np.testing.assert_allclose(numbers(claimed), numbers(measured), rtol=1e-4, atol=1e-6)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e[+-]\d+)?", text)]
