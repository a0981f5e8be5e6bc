"""The plugin and what the driver calls, with stand-ins for otter; with otter itself in test_otter_run.py."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.autograder import otter
from graders.autograder.otter import REPORT, SUBMISSION, Marks, Report, driver_notebook, grade
from graders.autograder.otter_tests import otter_test
from graders.course.assignment import load_assignment
from graders.exports.gradescope import results_json
from graders.exports.not_graded import OURS
from sanity.core.assignment_package import checks_of
from tests.support.autograders import SCHEMA, write
from tests.support.results import FAILED, PASSED, made

NOTEBOOK = json.dumps(driver_notebook())


class Results:
    """What a plugin is handed of otter's results."""

    def __init__(self, *questions: str) -> None:
        self.results = dict.fromkeys(questions)
        self.scores: dict[str, float] = {}
        self.to_gradescope_dict: Any = None

    def update_score(self, question: str, score: float) -> None:
        self.scores[question] = score


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """otter's folder with what it adds to a submission."""
    write(tmp_path, {"submission/__init__.py": b"", "submission/tests/1d.py": b"", "results/log.txt": b""})
    return write(
        tmp_path, {"source/files/driver.ipynb": NOTEBOOK.encode(), "submission/driver.ipynb": NOTEBOOK.encode()}
    )


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_submission_is_put_aside_and_what_otter_added_stays(folder: Path) -> None:
    write(folder / "submission", {"utils.py": b"1", "hw/otter.py": b"2", ".OTTER_LOG": b"3"})
    Marks(str(folder / "submission" / "driver.ipynb"), {}, {}).before_grading(None)
    assert names(folder / "submission") == ["__init__.py", "driver.ipynb", "tests/1d.py"]
    assert names(folder / SUBMISSION) == [".OTTER_LOG", "hw/otter.py", "utils.py"]


@pytest.mark.parametrize(
    ("handed_in", "expected"),
    [
        (["ada_1_2_vectors (1).ipynb"], ["vectors.ipynb"]),
        (["vectors.ipynb"], ["vectors.ipynb"]),
        (["draft.ipynb", "hw/vectors.ipynb"], ["draft.ipynb", "hw/vectors.ipynb"]),
        (["draft.ipynb", "vectors (1).ipynb"], ["draft.ipynb", "vectors (1).ipynb"]),
    ],
)
def test_the_driver_takes_the_place_of_a_notebook(handed_in: list[str], expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"source/files/driver.py": b"", "submission/driver.py": b""})
    write(tmp_path / "submission", dict.fromkeys(handed_in, b"theirs"))
    path = tmp_path / "submission" / handed_in[0]
    Marks(str(path), {}, {"notebook": "vectors.ipynb"}).before_grading(None)
    assert json.loads(path.read_text()) == driver_notebook()
    assert names(tmp_path / SUBMISSION) == expected
    assert all((tmp_path / SUBMISSION / name).read_bytes() == b"theirs" for name in expected)


def test_points_and_results_are_ours_and_can_be_pickled(folder: Path) -> None:
    ours = results_json(made("ada", PASSED, FAILED))
    write(folder, {str(REPORT): ours})
    results = Results("1d")
    Marks(str(folder / "submission" / "driver.ipynb"), {}, {}).after_grading(results)
    assert results.scores == {"1d": json.loads(ours)["score"]} and results.scores["1d"] > 0
    assert pickle.loads(pickle.dumps(results.to_gradescope_dict))(None) == json.loads(ours)


def test_without_a_report_there_is_no_mark_and_staff_read_why(folder: Path) -> None:
    results = Results("1d")
    Marks(str(folder / "submission" / "driver.ipynb"), {}, {}).after_grading(results)
    said = results.to_gradescope_dict(None)
    SCHEMA.validate(said)
    assert [test["output"] for test in said["tests"]] == [
        OURS,
        "the kernel python3 did not run the driver: is trivium installed where that kernel is?",
    ]


@pytest.mark.parametrize(("seconds", "said"), [(60, "the grader ended with status 9"), (0.1, "the grader did not end")])
def test_a_grader_that_writes_nothing_is_a_fault_of_ours(
    seconds: float, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys, time; time.sleep(0 if sys.argv[1] == '60' else 600); sys.exit(9)"
    run = subprocess.run
    monkeypatch.setattr(otter, "TIME_LIMIT", seconds)
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: run([sys.executable, "-c", program, str(seconds)], **options)
    )
    monkeypatch.chdir(folder / "submission")
    tests = grade().results["tests"]
    assert tests[0]["output"] == OURS and tests[1]["output"].startswith(said)


def test_a_generated_test_asks_for_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    test_files = pytest.importorskip("otter.test_files")
    assignment = load_assignment("a4")
    question = assignment.manifest.question("1d")
    checks = [check for check in checks_of(assignment.manifest) if check.question == "1d"]
    file = test_files.exception_test.ExceptionTestFile.from_string(otter_test(question, checks), "1d.py")
    assert (file.name, file.possible) == ("1d", question.points)
    entries = [
        {"status": "passed", "output": "", "score": 1, "extra_data": {"question": "1d", "check": check.name}}
        for check in checks
    ]
    entries[0] |= {"status": "failed", "output": "h_0 is wrong.\nlikely: transposed", "score": 0}
    file.run({"report": Report({"tests": entries[:-1]})})
    first, *others, last = file.test_case_results
    assert not first.passed and "h_0 is wrong.\nlikely: transposed" in first.message
    assert all(case.passed for case in others)
    assert not last.passed and "This was not graded." in last.message
