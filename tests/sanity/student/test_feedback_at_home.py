"""What assignment.toml lets a student's own sanity check tell: on the terminal, as JSON, and of gradients."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from graders.course.assignment import handout_folder, load_assignment
from sanity.core.feedback import Level
from sanity.student.cli import main

TOLD = {"found": Level.LOCATION, "values": Level.COUNTEREXAMPLE, "likely": Level.DIAGNOSIS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission of assignment 2 whose sigmoid has the wrong sign."""
    shutil.copytree(handout_folder("a2"), tmp_path, dirs_exist_ok=True)
    for name, content in load_assignment("a2").reference.items():
        (tmp_path / name).write_bytes(content)
    wrong = "\nright = sigmoid\ndef sigmoid(x):\n    return -right(x)\n"
    with (tmp_path / "word2vec.py").open("a") as file:
        file.write(wrong)
    return tmp_path


def turn(folder: Path, level: str) -> None:
    path = folder / "assignment.toml"
    path.write_text(path.read_text().replace("[limits]", f'[feedback]\nlevel = "{level}"\n[limits]', 1))


@pytest.mark.parametrize("level", Level)
def test_the_terminal(folder: Path, level: Level, capsys: pytest.CaptureFixture[str]) -> None:
    turn(folder, level)
    assert main(["1a", "--no-limit"], folder) == 1
    said = capsys.readouterr().out
    assert "failed: " in said
    for label, least in TOLD.items():
        assert (f"  {label} " in said) is level.tells(least), said


def test_without_a_table_everything_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["1a", "--no-limit"], folder)
    untouched = capsys.readouterr().out
    turn(folder, "counterexample")
    main(["1a", "--no-limit"], folder)
    assert capsys.readouterr().out == untouched
    assert all(f"  {label} " in untouched for label in TOLD)


def test_json_tells_no_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    turn(folder, "sentence")
    main(["1a", "--json", "--no-limit"], folder)
    [question] = json.loads(capsys.readouterr().out)
    assert any(check["outcome"] == "failed" for check in question["checks"])
    for check in question["checks"]:
        assert "outline" not in check
        assert [check[part] for part in ("message", "diagnosis", "hint", "case", "detail")] == [""] * 5


@pytest.mark.parametrize("level", [Level.DIAGNOSIS, Level.COUNTEREXAMPLE])
def test_the_script_with_the_counterexample(folder: Path, level: Level, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "word2vec.py").open("a") as file:
        file.write("\nloss_of = naiveSoftmaxLossAndGradient\ndef naiveSoftmaxLossAndGradient(*args):\n")
        file.write("    loss, gradient, *others = loss_of(*args)\n    return (loss, -gradient, *others)\n")
    turn(folder, level)
    assert main(["gradients", "1b", "--seed", "1", "--no-limit"], folder) == 1
    said = capsys.readouterr().out
    assert "failed: " in said
    assert ("python try.py" in said) is (level is Level.COUNTEREXAMPLE)
