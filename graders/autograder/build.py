"""Builds the zip of an autograder, in the layout that otter-grader and Gradescope share.

    setup.sh, run_autograder    Gradescope's: install once, and grade one submission
    otter_config.json           otter's: the plugin
    tests/QUESTION.py           otter's: a question of assignment.toml
    files/driver.*              otter's: what its kernel runs
    trivium.json                the settings, with the seed
    solutions/aN/               the reference
    trivium-*.whl               the graders, the checks and the handouts
    constraints.txt             the versions of the libraries
    not_graded.json             results.json as it is until there is a mark

What must stay hidden, the seed and the reference, lies where the sandbox lets no submission read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from graders.autograder import settings as settings_file
from graders.autograder.otter import DRIVER, driver_notebook
from graders.autograder.otter_tests import otter_test
from graders.autograder.settings import AutograderError, Settings
from graders.course.assignment import Assignment, tracked_files
from graders.course.handout.wheel import ROOT, build_wheel, require_assignment
from graders.exports.not_graded import failed_json
from graders.grading.dial import dial_now
from graders.sandbox.isolation import Isolation
from graders.zips import write_zip
from sanity.core.assignment_package import checks_of
from sanity.core.file_names import is_junk

PLUGIN = "graders.autograder.otter.Marks"
EXECUTABLE = ("setup.sh", "run_autograder")
DECISIVE = (".py", ".toml", ".npz")
"""Endings of the files of a reference that `Assignment.digest` knows."""


def build_autograder(
    assignment: Assignment,
    out: Path,
    seed: int,
    isolation: Isolation = Isolation.SANDLOCK,
    feedback: str = "",
) -> Path:
    """Write the zip of an assignment's autograder and return its path. The same files and seed give the same bytes.

    Args:
        assignment: the assignment, with its reference.
        out: the archive, replaced if it exists; or a folder, to hold a4-autograder.zip.
        seed: seed of the hidden cases, for all submissions that the zip grades.
        isolation: what a submission needs around it where the zip runs.
        feedback: what students are told, as `--feedback`.

    Raises HandoutError outside a clone of the course, AutograderError if files that nobody added to git would change
    marks, OptionError for an invalid `feedback`, CourseError without the reference, OSError.
    """
    if out.is_dir():
        out /= f"{assignment.name}-autograder.zip"
    dial_now(assignment.manifest, feedback)  # an invalid one fails here, not before a student
    wheel, content = build_wheel()
    require_assignment(assignment.name, content)
    reference = _reference(assignment)
    files = {wheel: content, **reference, **_of_otter(assignment)}
    for name in EXECUTABLE:
        files[name] = Path(__file__).with_name(name).with_suffix(".sh").read_bytes()
    files["constraints.txt"] = (ROOT / "constraints.txt").read_bytes()
    files["not_graded.json"] = failed_json()
    digest = _digest(assignment, content, reference)
    files[settings_file.NAME] = Settings(assignment.name, seed, digest, isolation, feedback).encoded()
    write_zip(out, files, EXECUTABLE)
    return out


def _of_otter(assignment: Assignment) -> dict[str, bytes]:
    """Return what only otter reads."""
    notebooks = [name for name in assignment.manifest.submit if name.endswith(".ipynb")]
    plugin = {PLUGIN: {"notebook": notebooks[0]} if len(notebooks) == 1 else {}}
    config = {"lang": "python", "show_hidden": True, "print_summary": False, "plugins": [plugin]}
    files = {"otter_config.json": json.dumps(config, indent=2).encode() + b"\n"}
    checks = checks_of(assignment.manifest)
    for question in assignment.manifest.questions:
        ours = [check for check in checks if check.question == question.id]
        files[f"tests/{question.id}.py"] = otter_test(question, ours).encode()
    # otter wants one notebook, or no notebook and one .py. If the submission is a notebook, that is the one, and the
    # plugin puts the driver in its place; the driver in Python is for one that lies in a folder. Other submissions are
    # several .py, beside which a notebook is the only one.
    if notebooks:
        return {**files, "files/driver.py": DRIVER.encode()}
    return {**files, "files/driver.ipynb": json.dumps(driver_notebook(), indent=1).encode() + b"\n"}


def _reference(assignment: Assignment) -> dict[str, bytes]:
    folder = assignment.solutions
    names = tracked_files(folder) or {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    decisive = sorted(name for name in names if name.endswith(DECISIVE) and not is_junk(name))
    return {f"solutions/{assignment.name}/{name}": (folder / name).read_bytes() for name in decisive}


def _digest(assignment: Assignment, wheel: bytes, reference: dict[str, bytes]) -> str:
    """Return the assignment's digest as it is where the zip runs; raise AutograderError if it is another one here."""
    with TemporaryDirectory() as folder:
        with ZipFile(BytesIO(wheel)) as archive:
            archive.extractall(folder)
        for name, content in reference.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        program = "import sys; from graders import load_assignment; print(load_assignment(sys.argv[1]).digest)"
        environment = {**os.environ, "PYTHONPATH": folder, "TRIVIUM_SOLUTIONS": str(Path(folder, "solutions"))}
        digest = subprocess.run(
            [sys.executable, "-P", "-c", program, assignment.name],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()
    if digest != assignment.digest:
        places = f"sanity/, graders/, assignments/{assignment.name}/ or solutions/{assignment.name}/"
        raise AutograderError(f"the zip would grade by other files than this clone: git add what is new in {places}")
    return digest
