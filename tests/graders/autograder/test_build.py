"""What is in the zip: the same for the same files and seed, and where the sandbox lets no submission read."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders.autograder.build import _digest, _reference, build_autograder
from graders.autograder.otter import driver_notebook
from graders.autograder.settings import AutograderError, read_settings
from graders.cli.main import main
from graders.course.assignment import load_assignment
from graders.course.handout.wheel import build_wheel


def test_the_same_files_and_seed_give_the_same_bytes_with_all_that_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assignment = load_assignment("a4")
    path = build_autograder(assignment, tmp_path, 7)
    assert path == tmp_path / "a4-autograder.zip"
    assert not main(["otter", "build", "a4", "-o", str(tmp_path / "again.zip"), "--seed", "7"])
    said = capsys.readouterr().out
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    assert said == f"{tmp_path / 'again.zip'}: {size}, with the reference and the seed: no student may have it\n"
    assert (tmp_path / "again.zip").read_bytes() == path.read_bytes()
    with ZipFile(path) as archive:
        archive.extractall(tmp_path / "source")
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
        names = sorted(archive.namelist())
    assert {name for name, mode in modes.items() if mode == 0o755} == {"setup.sh", "run_autograder"}
    questions = [question.id for question in assignment.manifest.questions]
    assert [name for name in names if name.startswith("tests/")] == [f"tests/{id}.py" for id in sorted(questions)]
    assert {name for name in names if name.startswith("files/")} == {"files/driver.ipynb"}
    settings = read_settings(tmp_path / "source")
    assert (settings.assignment, settings.seed, settings.digest) == ("a4", 7, assignment.digest)
    for name, content in assignment.reference.items():
        assert (tmp_path / "source" / "solutions" / "a4" / name).read_bytes() == content


def test_what_the_kernel_reads_has_no_seed_and_no_answer(tmp_path: Path) -> None:
    seed = 271_828_182_845
    with ZipFile(build_autograder(load_assignment("a1"), tmp_path / "a1.zip", seed)) as archive:
        texts = {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith(("files/", "tests/", "otter_config"))
        }
    # A notebook is handed in: otter takes it for the one to run, and the driver is for one that lies in a folder.
    assert [name for name in texts if name.startswith("files/")] == ["files/driver.py"]
    assert texts["files/driver.py"] == driver_notebook()["cells"][0]["source"]
    for name, text in texts.items():
        assert str(seed) not in text and "SOLUTION" not in text
        if name.endswith(".py"):
            ast.parse(text)
    [plugin] = json.loads(texts["otter_config.json"])["plugins"]
    assert plugin == {"graders.autograder.otter.Marks": {"notebook": "exploring_word_vectors.ipynb"}}


def test_files_that_would_not_be_in_the_zip_are_named_while_building() -> None:
    assignment = load_assignment("a2")
    reference = {name: content + b"\n" for name, content in _reference(assignment).items()}
    with pytest.raises(AutograderError) as error:
        _digest(assignment, build_wheel()[1], reference)
    assert str(error.value) == (
        "the zip would grade by other files than this clone: git add what is new in sanity/, graders/, assignments/a2/ "
        "or solutions/a2/"
    )


def test_an_invalid_seed_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["otter", "build", "a2", "--seed", "-1"]) == 2
    assert capsys.readouterr().err == "trivium otter: --seed -1: expected a number from 0 to 9223372036854775807\n"
