"""The zip in the tree that Gradescope lays out, here in a folder of its own: setup.sh, then run_autograder."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders import Isolation, UserError, load_assignment
from graders.autograder import one
from graders.autograder.build import build_autograder
from graders.autograder.settings import Settings
from graders.course.planted import reference_files
from graders.exports.not_graded import failed_json
from graders.sandbox import isolation as walls_here
from tests.support.autograders import SCHEMA, handed_in, planted, results_in, write

SEED = 271_828_182_845
SCRIPT = Path(one.__file__).with_name("run_autograder.sh")
FOR_STUDENTS = "The autograder could not grade this submission. That is its fault, not yours: tell your course staff."


@pytest.fixture(scope="module")
def unpacked(isolation: Isolation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of a2, unpacked; with its wheel, in the place of what setup.sh installs."""
    folder = tmp_path_factory.mktemp("gradescope")
    path = build_autograder(load_assignment("a2"), folder / "a2.zip", SEED, isolation)
    with ZipFile(path) as archive:
        archive.extractall(folder / "source")
        for entry in archive.infolist():
            (folder / "source" / entry.filename).chmod(stat.S_IMODE(entry.external_attr >> 16))
    [wheel] = (folder / "source").glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder


@pytest.fixture
def tree(unpacked: Path, tmp_path: Path) -> Path:
    """Gradescope's folder: /autograder there."""
    (tmp_path / "source").symlink_to(unpacked / "source")
    (tmp_path / "environment").symlink_to(sys.prefix)
    (tmp_path / "installed").symlink_to(unpacked / "installed")
    (tmp_path / "submission_metadata.json").write_text("{}")
    return tmp_path


def run_autograder(tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = {"PYTHONPATH": str((tree / "installed").resolve()), "XDG_CACHE_HOME": str(tree / "cache")}
    return subprocess.run(
        [tree / "source" / "run_autograder", tree],
        env={**os.environ, **ours, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_setup_installs_the_wheel_once(unpacked: Path, tmp_path: Path) -> None:
    """Without what the wheel needs, which would take a network."""
    offline = {**os.environ, "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}

    def setup() -> list[str]:
        done = subprocess.run(
            [unpacked / "source" / "setup.sh", tmp_path / "environment"],
            env=offline,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert not done.returncode, done.stdout
        return done.stdout.splitlines()

    assert setup()[-1].startswith("installed: ") and setup() == [f"{tmp_path / 'environment'}: already installed"]
    program = "import graders.autograder; print(graders.autograder.__file__)"
    python = tmp_path / "environment" / "bin" / "python"
    where = subprocess.run([python, "-I", "-c", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert where.startswith(str(tmp_path / "environment"))


@pytest.mark.slow
def test_from_a_submission_to_a_mark_and_once(tree: Path) -> None:
    assignment = load_assignment("a2")
    # Gradescope unpacks a zip: its folders stay, and one beside the files is no other student's.
    files = {f"hw/{name}": content for name, content in handed_in(assignment, reference_files(assignment)).items()}
    write(tree / "submission", files | {"data/notes.txt": b"", "draft.ipynb": b"{}"})
    done = run_autograder(tree)
    results = results_in(tree / "results")
    assert (done.returncode, results["score"]) == (0, assignment.manifest.points), done.stdout
    assert done.stdout.splitlines()[0] == "a2: 51 of 51 points"
    assert str(SEED) not in json.dumps(results) + done.stdout
    graded_at = results["extra_data"]["graded_at"]

    again = run_autograder(tree)
    assert again.stdout.splitlines()[0] == "a2: 51 of 51 points, graded before"
    assert results_in(tree / "results")["extra_data"]["graded_at"] == graded_at

    # Another content has another gradebook: what was said of one student is told to no other.
    write(tree / "submission", {f"hw/{name}": text.encode() for name, text in planted(assignment, 1).items()})
    other = run_autograder(tree)
    assert "graded before" not in other.stdout
    assert results_in(tree / "results")["score"] < assignment.manifest.points
    caches = list((tree / "cache" / "trivium" / "autograder" / "a2").iterdir())
    assert len(caches) == 2 and all(stat.S_IMODE(cache.stat().st_mode) == 0o700 for cache in caches)


HOSTILE = {
    "word2vec.py": "import os, signal; os.kill(os.getppid(), signal.SIGKILL); os._exit(0)",
    "sgd.py": "while True:\n    __import__('os').fork()",
    "batch.py": "with open('full', 'wb') as file:\n    while True:\n        file.write(bytes(2**24))",
    "sampling.py": "import pathlib\n"
    "for place in (pathlib.Path(ROOT, 'results', 'results.json'), pathlib.Path(ROOT, 'source', 'trivium.json')):\n"
    "    try:\n"
    "        place.write_text('{{\"score\": 51}}')\n"
    "    except OSError:\n"
    "        pass\n"
    "    print(place.read_text())",
    "huffman.py": "hog = []\nwhile True:\n    hog.append(bytes(2**28))",
}


@pytest.mark.slow
def test_results_are_valid_whatever_a_submission_does(tree: Path, isolation: Isolation) -> None:
    if isolation is Isolation.NONE:
        pytest.skip("a wall is missing here: see `trivium doctor`")
    assignment = load_assignment("a2")
    attacks = {name: f"ROOT = {str(tree)!r}\n{text}\n".encode() for name, text in HOSTILE.items()}
    files = handed_in(assignment, reference_files(assignment)) | attacks
    write(tree / "submission", files)
    before = (tree / "source" / "trivium.json").read_bytes()
    done = run_autograder(tree)
    results = results_in(tree / "results")
    right = [question for question in assignment.manifest.questions if question.file not in HOSTILE]
    assert (done.returncode, results["score"]) == (0, sum(question.points for question in right)), done.stdout
    assert (tree / "source" / "trivium.json").read_bytes() == before


@pytest.mark.slow
def test_what_students_are_told_is_the_feedback_that_the_zip_was_built_with(
    isolation: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment = load_assignment("a2")
    write(tmp_path / "submission", {name: text.encode() for name, text in planted(assignment, 1).items()})
    for feedback, told in ("sentence", False), ("diagnosis", True):
        graded = graded_by(tmp_path, monkeypatch, isolation=isolation, feedback=feedback)
        tests = json.loads(graded.results)["tests"]
        assert any("likely: " in test["output"] for test in tests) is told
        assert not any("found" in test["output"] for test in tests)


def graded_by(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: object) -> one.Graded:
    """Grade folder/submission in this process, by settings of a2."""
    assignment = load_assignment("a2")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    known = {"assignment": "a2", "seed": SEED, "digest": assignment.digest} | settings
    write(folder / "source", {"trivium.json": Settings(**known).encoded()})  # type: ignore[arg-type]
    graded = one.grade_one(folder / "source", folder / "submission")
    SCHEMA.validate(json.loads(graded.results))
    return graded


def reasons(graded: one.Graded) -> list[tuple[str, str]]:
    """Return the entries of what was not graded: who may read each, and what it says."""
    results = json.loads(graded.results)
    assert "score" not in results and not any("score" in test for test in results["tests"])
    return [(test["visibility"], test["output"]) for test in results["tests"]]


def test_a_missing_wall_is_named_to_staff_and_no_mark_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {
        "sandlock": "",
        "Landlock": "the kernel, or the container, does not offer it",
        "seccomp": "",
        "/proc": "",
    }
    monkeypatch.setattr(walls_here, "walls", lambda: missing)
    write(tmp_path / "submission", {"sgd.py": b""})
    graded = graded_by(tmp_path, monkeypatch)
    assert graded.failed and reasons(graded) == [
        ("visible", FOR_STUDENTS),
        (
            "hidden",
            "the sandbox is not available: Landlock: the kernel, or the container, does not offer it. `trivium doctor` "
            "tells more. Use `--isolation none` to run trusted code without it",
        ),
    ]


@pytest.mark.slow
def test_without_a_wall_it_goes_on_if_the_zip_was_built_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"Landlock": "too old", "/proc": ""}
    monkeypatch.setattr(one, "walls", lambda: missing)
    assignment = load_assignment("a2")
    write(tmp_path / "submission", handed_in(assignment, reference_files(assignment)))
    graded = graded_by(tmp_path, monkeypatch, isolation=Isolation.NONE)
    assert graded.log == ("a2: 51 of 51 points", "isolation: none", "missing wall: Landlock: too old")
    assert not graded.failed


def test_what_cannot_be_read_has_no_mark_and_its_author_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "submission", {"essay.txt": b"", "notes/essay.txt": b""})
    graded = graded_by(tmp_path, monkeypatch)
    [(visibility, told)] = reasons(graded)
    assert not graded.failed and visibility == "visible"
    assert told == (
        "Your submission could not be read: nothing to grade: found only essay.txt, notes/essay.txt. It has no mark "
        "yet: hand it in again."
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "{}: No such file or directory; expected the zip of `trivium otter build`, unpacked"),
        (b"{", "{}: Input data was truncated; build the zip again"),
        (b'{"assignment": "a9", "seed": 1, "digest": ""}', "no assignment 'a9': choose from a1, a2, a3, a4, a5"),
    ],
)
def test_bad_settings_are_the_graders_fault(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        write(tmp_path, {"trivium.json": content})
    graded = one.grade_one(tmp_path, tmp_path / "submission")
    assert graded.failed and reasons(graded)[1] == ("hidden", said.format(tmp_path / "trivium.json"))


def test_a_bug_of_ours_is_told_to_staff_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(options: object) -> None:
        raise RuntimeError("a hidden value: 0.123")

    monkeypatch.setattr(one, "grade_class", fails)
    write(tmp_path / "submission", {"sgd.py": b""})
    graded = graded_by(tmp_path, monkeypatch)
    (_, student), (visibility, staff) = reasons(graded)
    assert graded.failed and student == FOR_STUDENTS
    assert visibility == "hidden" and "RuntimeError: a hidden value: 0.123" in staff


@pytest.fixture(params=["is missing", "is killed", "takes too long"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Mapping[str, str], int]]:
    """A tree whose Python does not grade, what to run it with, and the exit status."""
    tree = write(tmp_path, {"source/not_graded.json": failed_json(), "source/run_autograder": SCRIPT.read_bytes()})
    (tree / "source" / "run_autograder").chmod(0o755)
    does = {"is killed": "kill -9 $$", "takes too long": "exec sleep 600"}.get(request.param)
    if does:
        python = write(tree, {"environment/bin/python": f"#!/bin/sh\n{does}\n".encode()}) / "environment/bin/python"
        python.chmod(0o755)
    status = {"is missing": 127, "is killed": 137, "takes too long": 124}[request.param]
    yield tree, {"TRIVIUM_SECONDS": "0.2" if status == 124 else "60"}, status


def test_whatever_happens_to_the_grader_there_are_results_and_no_mark(
    broken: tuple[Path, Mapping[str, str], int],
) -> None:
    tree, environment, status = broken
    done = run_autograder(tree, **environment)
    results = results_in(tree / "results")
    assert done.returncode == status
    assert "score" not in results and [test["output"] for test in results["tests"]] == [FOR_STUDENTS]
    assert [path.name for path in (tree / "results").iterdir()] == ["results.json"]


def test_an_unknown_level_of_feedback_fails_while_building(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--feedback loud: 'loud' is no level"):
        build_autograder(load_assignment("a2"), tmp_path / "a2.zip", SEED, feedback="loud")
    assert not list(tmp_path.iterdir())
