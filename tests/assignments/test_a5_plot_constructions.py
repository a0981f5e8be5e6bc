"""The script of assignment 5 that plots constructions: with all answers, with a few, without matplotlib."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graders.course.assignment import course_root, handout_folder, load_assignment

TITLES = [
    "2a: weights",
    "2b: M takes y away",
    "2c: one head",
    "2c: two heads",
    "2d: what is in",
    "2d: with the identity",
]
TITLES += ["2e: positions", "2e: what order changes"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The script, and the stub that it plots."""
    for name in ("plot_constructions.py", "constructions.py"):
        shutil.copy(handout_folder("a5") / name, tmp_path)
    return tmp_path


def plot(folder: Path, *more: str, before: str = "pass") -> subprocess.CompletedProcess[str]:
    code = f"import runpy, sys; {before}; sys.path.insert(0, '.'); sys.argv[0] = 'plot_constructions.py'; "
    command = [sys.executable, "-c", code + "runpy.run_path(sys.argv[0], run_name='__main__')", *more]
    environment = {**os.environ, "PYTHONPATH": str(course_root())}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def written(folder: Path) -> str:
    """The texts in the picture: matplotlib draws them, and leaves them in comments."""
    return " ".join(re.findall(r"<!-- (.*?) -->", (folder / "plot.svg").read_text(encoding="utf-8")))


@pytest.mark.slow
def test_it_plots_all_answers_and_prints_the_spread(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    (folder / "constructions.py").write_bytes(load_assignment("a5").reference["constructions.py"])
    done = plot(folder, "--out", "plot.svg")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "2c, one head: weight on value a: mean 0.50, standard deviation 0.48, "
        "within 0.05 of one half in 0.7% of 20,000 draws",
        "2c, two heads: weight on value a: mean 0.45, standard deviation 0.14, "
        "within 0.05 of one half in 89.0% of 20,000 draws",
        "wrote plot.svg",
    ]
    texts = written(folder)
    assert [title for title in TITLES if title not in texts] == []
    assert "not answered" not in texts and "Error" not in texts


@pytest.mark.slow
def test_a_panel_says_what_is_missing_or_wrong(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    stub = folder / "constructions.py"
    stub.write_text(stub.read_text() + "\n\ndef projection(A, B):\n    return A @ A.T\n")
    done = plot(folder, "--out", "plot.svg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote plot.svg\n", "")
    texts = written(folder)
    assert texts.count("not answered yet") == 7
    assert "ValueError: matmul" in texts


def test_without_matplotlib_it_is_one_line(folder: Path) -> None:
    done = plot(folder, before="sys.modules['matplotlib'] = None")
    said = "plot_constructions.py: install matplotlib: python -m pip install matplotlib\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
