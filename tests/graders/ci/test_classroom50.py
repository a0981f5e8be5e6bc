"""The job of Classroom 50: what it writes to a checkout, and that nothing in a checkout can write it instead."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import graders.grading.submission
from graders.ci.classroom50 import handin_of
from graders.cli.main import main
from graders.course.assignment import handout_folder, load_assignment
from graders.errors import OptionError
from graders.sandbox.isolation import Isolation

SCHEMA = json.loads((Path(__file__).parents[2] / "support" / "classroom50_result.schema.json").read_text())
VARIABLES = {
    "CLASSROOM": "nlp-2026",
    "ASSIGNMENT": "word-vectors",
    "SUBMISSION_TAG": "submit-2",
    "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
    "REVIEW_URL": "https://example.org/v",
    "OWNER": "ada",
}
FORGED = '{"schema": "classroom50/result/v1", "score": 99, "max-score": 1}'
Job = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A student's checkout with the right answers, and a result that the student has written."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in load_assignment("a2").manifest.submit:
        shutil.copy(load_assignment("a2").solutions / name, folder)
    (folder / "result.json").write_text(FORGED)
    (folder / "autograder.py").write_text("")
    return folder


@pytest.fixture
def job(
    checkout: Path,
    isolation: Isolation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    warm: None,
) -> Job:
    """Return a function that runs the job in the checkout."""
    monkeypatch.chdir(checkout)
    monkeypatch.delenv("USERNAME", raising=False)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main(["ci", "classroom50", "a2", "--seed", "7", "--isolation", isolation, *map(str, arguments)])
        return status, *capsys.readouterr()

    return run


def written() -> dict[str, Any]:
    report: dict[str, Any] = json.loads(Path("result.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return report


@pytest.mark.slow
def test_right_answers_get_all_points_in_whole_numbers(job: Job, checkout: Path) -> None:
    worth = round(sum(question.points for question in load_assignment("a2").manifest.questions))
    assert job() == (0, f"result.json: {worth} of {worth} points\n", "")
    report = written()
    assert (report["score"], report["max-score"], report["scale"]) == (100 * worth, 100 * worth, 100)
    assert (report["classroom"], report["assignment"], report["submission"]) == (
        "nlp-2026",
        "word-vectors",
        "submit-2",
    )
    assert report["owner"] == "ada" and all(test["passed"] for test in report["tests"])
    body = Path("release-body.md").read_text()
    assert body.startswith(f"## ada: {worth} of {worth} points (100%)\n\n| question | points | found |")
    assert body.endswith("\nClassroom 50 counts in whole numbers: a point is 100 there.\n")
    names = {path.name for path in checkout.iterdir()}
    assert names == {*load_assignment("a2").manifest.submit, "autograder.py", "result.json", "release-body.md"}


@pytest.mark.slow
def test_a_wrong_answer_is_told_as_the_dial_says(job: Job, checkout: Path) -> None:
    path = checkout / "word2vec.py"
    path.write_text(path.read_text() + "\nright = sigmoid\ndef sigmoid(x):\n    return -right(x)\n")
    told: dict[str, str] = {}
    for level in ("sentence", "location"):
        status, _, _ = job("--feedback", level)
        report = written()
        assert status == 0 and 0 < report["score"] < report["max-score"]
        [first, *_] = [test for test in report["tests"] if not test["passed"]]
        assert first["score"] == 0 < first["max-score"] and first["test-name"].startswith("1a Sigmoid: ")
        told[level] = first["output"]
        assert ("has the right shape" in Path("release-body.md").read_text()) is (level == "location")
    assert told["sentence"] == "" and told["location"].startswith("sigmoid has the right shape")


def test_a_missing_variable_is_one_line_and_the_forged_result_is_gone(
    job: Job, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUBMISSION_TAG")
    monkeypatch.setenv("OWNER", "")
    assert job() == (
        2,
        "",
        "trivium ci: not set: SUBMISSION_TAG, USERNAME or OWNER; Classroom 50 sets these where it runs autograder.py: "
        "see docs/ta/ci.md\n",
    )
    assert not (checkout / "result.json").exists()


def test_the_name_of_the_student_may_be_in_either_variable() -> None:
    both = {**VARIABLES, "USERNAME": "ada-l"}
    assert (handin_of(both).owner, handin_of(VARIABLES).owner) == ("ada-l", "ada")
    with pytest.raises(OptionError, match=r"not set: CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, .*USERNAME or OWNER;"):
        handin_of({})


def test_a_fault_of_ours_leaves_no_result(job: Job, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = graders.grading.submission.ungraded

    def ungraded(plan: Any, submission: Any, signature: Any, *why: Any) -> Any:
        if not why:
            raise OverflowError("hidden value 42")
        return real(plan, submission, signature, *why)

    monkeypatch.setattr("graders.grading.submission.ungraded", ungraded)
    status, out, err = job()
    assert (status, out) == (1, "") and err.startswith("trivium ci: checkout: could not be graded: the grader failed")
    assert "42" not in err and not (checkout / "result.json").exists()


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_cannot_be_read_has_no_result_and_says_why(job: Job, checkout: Path, kind: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("ours")
    for path in checkout.iterdir():
        path.unlink()
    if kind == "folder":
        (checkout / "result.json" / "x").mkdir(parents=True)
    else:
        (checkout / "result.json").symlink_to(tmp_path / "elsewhere")
    (checkout / "sgd.py").symlink_to("/etc/hostname")
    status, out, err = job()
    assert (status, out) == (1, "") and "not read: " in err
    assert sorted(path.name for path in checkout.iterdir()) == ["release-body.md", "sgd.py"]
    assert (checkout / "release-body.md").read_text().startswith("## ada: not read\n")
    assert (tmp_path / "elsewhere").read_text() == "ours"


@pytest.mark.parametrize("folders", [(), ("ada", "ben")], ids=["empty", "as a class"])
def test_a_checkout_with_nothing_to_grade_or_too_much_is_told_so(
    job: Job, checkout: Path, folders: tuple[str, ...]
) -> None:
    """It is not read: the student hears why, and nobody takes it for a fault of the job."""
    for path in checkout.glob("*.py"):
        path.unlink()
    for name in folders:
        shutil.copytree(handout_folder("a2"), checkout / name)
    status, _, err = job()
    assert (status, (checkout / "result.json").exists()) == (1, False)
    assert err.startswith("trivium ci: checkout: not read: ") and len(err.splitlines()) == 1
    assert (checkout / "release-body.md").read_text().startswith("## ada: not read\n")


def test_a_folder_that_is_none_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci", "classroom50", "a2", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == f"trivium ci: {tmp_path / 'none'}: no such folder\n"
