"""`otter run` gives the marks of `trivium grade`, and no line of a submission runs in its kernel or its process."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from graders import GradeOptions, Isolation, assignment_names, grade_class, load_assignment
from graders.autograder.build import build_autograder
from graders.course.assignment import handout_folder
from graders.course.planted import reference_files
from tests.support.autograders import accidents, handed_in, marks, mishap, otter_run, planted, results_in, write, zipped

pytest.importorskip("otter", reason="otter-grader is not installed: pip install 'trivium[otter]'")
pytestmark = pytest.mark.slow

SEED = 7
Zip = Callable[[str], Path]


@pytest.fixture(scope="module")
def autograder(isolation: Isolation, tmp_path_factory: pytest.TempPathFactory) -> Zip:
    """The zip of an assignment, by name; built once."""
    folder = tmp_path_factory.mktemp("zips")

    def built(name: str) -> Path:
        path = folder / f"{name}.zip"
        return path if path.exists() else build_autograder(load_assignment(name), path, SEED, isolation)

    return built


@pytest.mark.parametrize("name", assignment_names())
def test_otter_gives_the_marks_of_trivium(name: str, autograder: Zip, isolation: Isolation, tmp_path: Path) -> None:
    assignment = load_assignment(name)
    stub = {file: (handout_folder(name) / file).read_bytes() for file in assignment.manifest.submit}
    reference = handed_in(assignment, reference_files(assignment))
    # Each accident alone where that is cheap, and for the others all in one submission.
    apart = (
        dict(accidents(assignment)) if name == "a2" else {"bugs": planted(assignment, 3), "mishap": mishap(assignment)}
    )
    submissions = {"reference": reference, "stub": stub} | {
        wrong: handed_in(assignment, files) for wrong, files in apart.items()
    }
    for student, files in submissions.items():
        write(tmp_path / "class" / student, files)
    out = tmp_path / "grades"
    report = grade_class(
        GradeOptions(assignment=name, paths=[tmp_path / "class"], out=out, seed=SEED, isolation=isolation)
    )
    points = {result.submission: result.points for result in report.results}
    assert not report.problems
    assert points["reference"] == assignment.manifest.points and points["stub"] == 0
    assert all(0 < points[wrong] < points["reference"] for wrong in apart)
    for student, files in submissions.items():
        inside = {f"{student}/{path}": content for path, content in files.items()} if student == "bugs" else files
        if student == "stub" and len(files) == 1:  # a single file need not be packed
            [path] = files
            submission = tmp_path / "class" / student / path
        else:
            submission = zipped(tmp_path / f"{student}.zip", inside)
        done = otter_run(submission, autograder(name), tmp_path / student)
        assert not done.returncode, done.stdout
        expected = json.loads((out / "results" / f"{student}.json").read_bytes())
        if inside is not files:
            expected["output"] += f"\nunwrapped the folder {student}/"
        results = results_in(tmp_path / student)
        assert marks(results) == marks(expected)
        assert results["score"] == points[student]
        assert f"Total Score: {points[student]:.3f} / {assignment.manifest.points:.3f}" in done.stdout


def test_no_line_of_a_submission_runs_outside_the_sandbox(autograder: Zip, tmp_path: Path) -> None:
    """What Python or otter would import, run or unpickle from the folder in which they start."""
    assignment = load_assignment("a2")
    marker = tmp_path / "marker"
    line = f"open({str(marker)!r}, 'w').write(__file__)\n".encode()

    class Runs:
        def __reduce__(self) -> object:
            return os.mkdir, (str(marker),)

    names = ("otter.py", "ipykernel_launcher.py", "ipykernel/__init__.py", "graders/__init__.py", "sitecustomize.py")
    attack = dict.fromkeys((*names, "json.py", "tests/1a.py", "driver.py"), line)
    attack |= {".OTTER_LOG": pickle.dumps(Runs()), "driver.ipynb": b"no notebook", "results.json": b'{"score": 51}'}
    files = {**handed_in(assignment, reference_files(assignment)), **attack, "sgd.py": b""}
    done = otter_run(zipped(tmp_path / "a.zip", files), autograder("a2"), tmp_path / "out")
    assert not done.returncode, done.stdout
    results = results_in(tmp_path / "out")
    assert results["score"] == assignment.manifest.points - assignment.manifest.question("1e").points
    assert not marker.exists()


def test_a_notebook_may_have_any_name_and_lie_in_a_folder(autograder: Zip, tmp_path: Path) -> None:
    assignment = load_assignment("a1")
    files = handed_in(assignment, reference_files(assignment))
    content = files["exploring_word_vectors.ipynb"]
    (tmp_path / "adalovelace_12_345_exploring (1).ipynb").write_bytes(content)
    for submission in (
        tmp_path / "adalovelace_12_345_exploring (1).ipynb",
        zipped(
            tmp_path / "folder.zip", {f"a1/{name}": text for name, text in (files | {"old.ipynb": content}).items()}
        ),
    ):
        done = otter_run(submission, autograder("a1"), tmp_path / submission.stem)
        assert not done.returncode, done.stdout
        assert results_in(tmp_path / submission.stem)["score"] > 0


def test_a_fault_of_the_grader_is_no_mark(autograder: Zip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the solutions in the zip are others than those that it was built with."""
    from zipfile import ZipFile

    with ZipFile(autograder("a2")) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["solutions/a2/sgd.py"] += b"\n"
    assignment = load_assignment("a2")
    submission = zipped(tmp_path / "a.zip", handed_in(assignment, reference_files(assignment)))
    done = otter_run(submission, zipped(tmp_path / "other.zip", files), tmp_path / "out")
    assert not done.returncode, done.stdout
    results = results_in(tmp_path / "out")
    student, staff = results["tests"]
    assert "score" not in results and results["extra_data"] == {"not_graded": "autograder_error"}
    assert student["output"] == (
        "The autograder could not grade this submission. That is its fault, not yours: tell your course staff."
    )
    assert (staff["visibility"], staff["output"]) == (
        "hidden",
        "the installed trivium grades a2 by other checks than this zip was built for; build the zip again, or install "
        "the wheel that is in it",
    )
