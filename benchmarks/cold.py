"""What staff and CI wait for: `trivium grade` of one submission, from the command to the last export."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.measuring import Cost, Row, compare, cost_of_command, interleaved
from benchmarks.student import IMPORT_TORCH
from graders.course.assignment import load_assignment

IMPORT_NUMPY = [sys.executable, "-c", "import numpy"]
WRONG = b"def pad_sents(sents, pad_token):\n    return sents\n"


def rows(repeats: int) -> list[Row]:
    """Measure in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        return cold_rows(Path(folder), repeats)


def cold_rows(folder: Path, repeats: int) -> list[Row]:
    """Measure right answers, and one wrong one, whose failing case is shrunk."""
    submissions = {name: write_reference(folder / name, name) for name in ("a2", "a4")}
    wrong = write_reference(folder / "wrong", "a4")
    (wrong / "utils.py").write_bytes(WRONG)
    cost_of_command(grade("a4", submissions["a4"], folder / "before"), folder)
    a4, before, failing, torch, a2, numpy = interleaved(
        repeats,
        partial(graded_newly, "a4", submissions["a4"]),
        lambda: cost_of_command(grade("a4", submissions["a4"], folder / "before"), Path.cwd()),
        partial(graded_newly, "a4", wrong),
        lambda: cost_of_command(IMPORT_TORCH, folder),
        partial(graded_newly, "a2", submissions["a2"]),
        lambda: cost_of_command(IMPORT_NUMPY, folder),
    )
    return [
        compare("`trivium grade a4 ONE` ÷ `import torch`", a4, torch, "≤ 1.7"),
        compare("the same, graded before ÷ `import torch`", before, torch, "≤ 0.3"),
        compare("the same, with a wrong answer ÷ `import torch`", failing, torch),
        compare("`trivium grade a2 ONE` ÷ `import numpy`", a2, numpy, "≤ 12"),
    ]


def write_reference(folder: Path, assignment: str) -> Path:
    """Write the reference as a submission; return its folder."""
    folder.mkdir()
    for name, content in load_assignment(assignment).reference.items():
        (folder / name).write_bytes(content)
    return folder


def grade(assignment: str, submission: Path, out: Path) -> list[str]:
    """Return the command that grades a submission."""
    return [sys.executable, "-m", "graders.cli", "grade", assignment, str(submission), "--seed", "1", "--out", str(out)]


def graded_newly(assignment: str, submission: Path) -> Cost:
    """Grade a submission into a new folder."""
    with tempfile.TemporaryDirectory() as out:
        return cost_of_command(grade(assignment, submission, Path(out)), Path.cwd())
