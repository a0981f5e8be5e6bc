"""The wheel, which students install too: all of sanity/ and graders/, the handouts as data, and no answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders.course.assignment import assignment_names, course_root
from tests.support.leaks import answers, leaks, mistakes

pytestmark = pytest.mark.slow

ROOT = course_root()
PLANTED = "graders/course/planted/"
DATA = "graders/data/"

JUNK = (
    *("assignments/a4/trained/model.bin", "assignments/a4/a4-submission.zip", "assignments/a4/.DS_Store"),
    *("assignments/a2/__pycache__/batch.cpython-311.pyc", "assignments/a4/grades/gradebook.csv", "build/lib/old.py"),
    *("sanity/.hypothesis/notes", "graders/cli/__pycache__/main.cpython-311.pyc"),
)

ALIKE = {
    ("graders/data/assignments/a2/run.py", "indices=np.column_stack((outsides,negatives))"),  # as the stub's text says
    ("graders/data/assignments/a4/nmt/optimization.py", "loss=word_loss"),
    ("sanity/a1/cooccurrence.py", "forplace,wordinenumerate(document):"),
    ("sanity/a1/plotting.py", "ax.annotate(word,(x,y))"),
    ("sanity/a2/huffman.py", "returncodes"),
    ("graders/data/assignments/a1/exploring_word_vectors.ipynb", "returndifference"),
    ("graders/data/assignments/a3/README.md", "self.dropout(h)"),
    *((f"{name}.py", "returnrows") for name in ("graders/exports/spreadsheet", "graders/sandbox/threats")),
    *((f"{name}.py", "returnrows") for name in ("graders/text/sheets", "sanity/a1/plotting", "sanity/a3/attachment")),
    ("graders/grading/trained.py", "iftraining:"),
    # To follow transitions, as the checks do, is not to keep a parse.
    ("sanity/a3/oracle.py", 'iftransition=="S":'),
    ("sanity/a3/partial_parse.py", "transitions=[]"),
    *((f"sanity/{name}.py", "x=np.asarray(x,dtype=np.float64)") for name in ("gradients/numeric", "a5/right_softmax")),
    ("sanity/parsing/toy.py", "forwordinwords:"),
    *((f"{name}.py", "returnrows") for name in ("graders/data/assignments/a5/compare_layers", "sanity/a5/heads")),
    ("graders/data/assignments/a5/run.py", "longest=20"),
    ("graders/data/assignments/a5/attention.py", "B,T,C=x.shape"),  # in one of its two answers, and given in the other
    ("graders/data/assignments/a5/utils.py", "for_inrange(steps):"),
    ("graders/data/assignments/a5/train_language_model.py", "returnadded"),
    ("graders/data/assignments/a5/plot_depth.py", "returnlayer(x)"),
    *((f"graders/data/assignments/{name}/checkpoint.py", "returnnumbers") for name in ("a3/parsing", "a4/nmt")),
    ("sanity/a5/pieces.py", "returnnumbers"),
    ("graders/data/assignments/a4/nmt/losses.py", "returnlosses"),
    ("sanity/a5/transfer.py", "returnlosses"),
}
"""Lines that answer nothing where they stand."""
IDIOMS = {"withtorch.no_grad():"}
"""Lines that answer nothing anywhere."""


def tracked(*folders: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a clone in which somebody has worked; built without a network."""
    clone, out = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    for name in JUNK:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("junk")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out], cwd=clone, check=True)
    [wheel] = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def test_it_holds_the_packages_and_the_handouts_and_nothing_else(files: dict[str, bytes]) -> None:
    packages = [name for name in tracked("sanity", "graders") if not name.startswith(PLANTED)]
    handouts = [DATA + name for name in tracked("assignments")]
    assert sorted(files) == sorted(packages + handouts)
    assert {"sanity/py.typed", "graders/py.typed", "graders/sandbox/inside/worker.py"} < files.keys()
    for assignment in assignment_names():
        assert f"sanity/recorded/{assignment}.npz" in files
        assert f"{DATA}assignments/{assignment}/assignment.toml" in files


def test_it_holds_no_solution_and_no_marker_of_one(files: dict[str, bytes]) -> None:
    contents = set(files.values()) - {b""}
    assert [name for name in tracked("solutions", PLANTED) if (ROOT / name).read_bytes() in contents] == []
    marked = [name for name, content in files.items() if b"BEGIN SOLUTION" in content or b"END SOLUTION" in content]
    assert marked == ["graders/course/stubs.py"]  # which takes them out


@pytest.mark.parametrize("assignment", assignment_names())
def test_no_answer_and_no_planted_bug_is_in_it(wheel: Path, assignment: str) -> None:
    assert len(answers(assignment)) > 30 and len(mistakes(assignment)) > 30
    found = set(leaks(wheel, answers(assignment) | mistakes(assignment)))
    assert sorted({leak for leak in found if "SOLUTION" not in leak[1] and leak[1] not in IDIOMS} - ALIKE) == []


def test_installed_it_finds_the_handouts_and_says_that_the_reference_is_elsewhere(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = """
from graders.course.assignment import CourseError, assignment_names, load_assignment
a4 = load_assignment("a4")
print(*assignment_names(), a4.folder)
try:
    a4.solutions
except CourseError as error:
    print(error)
"""
    environment = {name: value for name, value in os.environ.items() if name != "TRIVIUM_SOLUTIONS"}
    environment["PYTHONPATH"] = str(tmp_path)
    said = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert f"{tmp_path}/graders/data/assignments/a4" in said and "the reference of a4 is not here" in said
