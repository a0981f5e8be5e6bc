"""A case as Python: the script runs on its own in the folder of a submission, and gives the wrong answer again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.course.assignment import handout_folder
from graders.grading.counterexample import MOST, script_of
from sanity.a2 import softmax
from sanity.a4 import padding
from sanity.a4.padding import SENTENCES, make_sentences
from sanity.core.case import Case, Cases
from sanity.core.check import Check, Checks
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Answers, Probe, probe

LEFT = (
    "def pad_sents(sents, pad):\n    n = max(map(len, sents))\n    return [[pad] * (n - len(s)) + s for s in sents]\n"
)


def left(probe: Probe, case: Case) -> Answers:
    """Pads on the left, as the file above does."""
    longest = max(map(len, case.sents))
    return {"padded": [[case.pad_token] * (longest - len(s)) + s for s in case.sents], "sents after the call": []}


def right(probe: Probe, case: Case) -> Answers:
    longest = max(map(len, case.sents))
    return {"padded": [s + [case.pad_token] * (longest - len(s)) for s in case.sents]}


def run_alone(script: str, folder: Path) -> str:
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def test_a_case_is_made_again_from_its_numbers(tmp_path: Path) -> None:
    case = SENTENCES.case(seed=5, count=3)
    [check] = [check for check in padding.check.all if check.name == "pads_on_the_right"]
    script = script_of(check, case, left, right)
    assert "make_sentences(seed=5, count=3, longest=2, numbers=0)" in script and "pad_sents() on 3 sentences" in script
    shutil.copytree(handout_folder("a4"), tmp_path / "hw")
    (tmp_path / "hw" / "utils.py").write_text(LEFT)
    assert run_alone(script, tmp_path / "hw").startswith(f"({left(check, case)['padded']}")


def test_a_probe_that_spells_its_calls_is_preferred() -> None:
    check = next(check for check in softmax.check.all if check.cases.make.__module__.startswith("sanity.a2"))

    def gone(probe: Probe, case: Case) -> Answers:
        raise CouldNotRun("it crashed")

    script = script_of(check, check.cases.case(), gone, gone)
    assert "import word2vec" in script and "# In the folder" not in script


def checked(*calls: tuple[Probe, Case]) -> Check:
    check = Checks("9")

    @check(SENTENCES)
    def calls_them(run: Any, expect: Any, case: Case) -> None:
        """It calls them."""
        for one, called in calls:
            run(one, called)
        raise CheckFailed("wrong")

    return check.all[0]


@probe("x", of="f()")
def local(code: Any, case: Case) -> Any:
    """Return one."""
    return 1


@probe("x", of="g()")
def long(code: Any, case: Case) -> Any:
    """Return one."""
    return 1


@probe("x", of="h()")
def unforeseen(code: Any, case: Case) -> Any:
    """Return one."""
    return 1


@long.script
def long_script(case: Case) -> str:
    return "x" * (MOST + 1)


@unforeseen.script
def unforeseen_script(case: Case) -> str:
    return str(case.no_such_value)


MADE = SENTENCES.case(seed=1)


@pytest.mark.parametrize(
    ("calls", "what"),
    [
        ([], ""),
        ([(local, Case("by hand", {"x": 1}))], ""),
        ([(local, MADE.having(pad_token="?"))], ""),  # it has no family of its own
        ([(local, Cases(lambda seed: {"x": seed}, {}, "x").case())], ""),  # a function without a name to import
        ([(local, MADE)], "f()"),
        ([(local, MADE), (long, MADE)], "g()"),
        ([(local, MADE), (long, Case("by hand", {}))], "f()"),
        ([(unforeseen, MADE)], "h()"),
    ],
)
def test_what_cannot_be_spelt_is_left_out(calls: list[tuple[Probe, Case]], what: str) -> None:
    script = script_of(checked(*calls), MADE, lambda probe, case: {"x": 1}, lambda probe, case: {"x": 1})
    assert script.partition("handout: ")[2].partition(" on")[0] == what
    assert make_sentences.__name__ in script or not what
