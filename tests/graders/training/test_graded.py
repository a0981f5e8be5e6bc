"""`trivium grade` with a question that is trained: before and after, with other files, and with a broken file."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.cli.main import main
from graders.course.assignment import handout_folder
from graders.intake.submission import read_submission
from graders.records.training import student_line, training_path, write
from graders.sandbox.isolation import Isolation
from sanity.core.manifest import Manifest
from tests.support.trainings import trained

GRADES = Path("grades")
Said = tuple[int, dict[str, str], str]


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    return shutil.copytree(handout_folder("a4"), tmp_path / "ada", ignore=shutil.ignore_patterns("nmt"))


@pytest.fixture
def grade(
    tmp_path: Path,
    stub: Path,
    isolation: Isolation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    warm: None,
) -> Callable[..., Said]:
    """Return a function that grades the stub: it gives status, row and what was said on standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    def run(*options: str) -> Said:
        status = main(["grade", "a4", str(stub), "--isolation", isolation, *options])
        with (GRADES / "gradebook.csv").open(encoding="utf-8") as file:
            [row] = csv.DictReader(file)
        return status, row, capsys.readouterr().err

    return run


def test_what_was_trained_counts_as_long_as_the_files_are_the_same(
    grade: Callable[..., Said], stub: Path, manifest: Manifest
) -> None:
    [question] = manifest.trained
    status, row, _ = grade()
    assert (status, "1h" in row, float(row["max"])) == (0, False, manifest.points)

    training = trained(digest=read_submission(stub, manifest).digest, score=question.thresholds[0][0] + 0.5)
    write(training, GRADES)
    status, row, said = grade()
    assert (status, float(row["1h"]), float(row["1h BLEU"])) == (0, question.thresholds[0][1], training.score)
    assert float(row["max"]) == manifest.points + question.points
    assert "graded before" in said  # what else was graded is not graded again
    assert student_line(training, question) in (GRADES / "results" / "ada.json").read_text()
    assert "nrefs:1" in (GRADES / "report" / "submissions" / f"{stub.name}.html").read_text()

    (stub / "utils.py").write_text("# handed in again\n")
    status, row, _ = grade()
    assert (status, row["1h"], row["1h BLEU"]) == (0, "0", "")
    assert (
        "this training is of other files than the current submission" in (GRADES / "results" / "ada.json").read_text()
    )


def test_a_file_that_is_no_training_is_told_and_the_rest_is_graded(grade: Callable[..., Said]) -> None:
    path = training_path(GRADES, "ada", "1h")
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    status, row, said = grade()
    assert (status, row["1h"]) == (1, "0")
    line = f"{path}: not a training of this version: Object missing required field `assignment`; train again"
    assert said.splitlines()[-1] == line


def test_some_questions_alone_leave_training_out(grade: Callable[..., Said]) -> None:
    _, row, _ = grade("--questions", "1a")
    assert "1h" not in row and row["max"] == "2"
