"""Assignment 3's run.py as a student types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sanity.parsing.grammar import to_conllu, toy_treebank

pytestmark = pytest.mark.slow  # each run imports torch

ROOT = Path(__file__).resolve().parents[3]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run run.py of the handout with the reference's answers in the current folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(folder / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


SMALL = ("--hidden-size", "16", "--embed-size", "8", "--max-updates", "40", "--valid-niter", "20")


def test_a_treebank_of_ones_own_is_learnt_and_a_file_parsed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    parts = toy_treebank(1, train=200, dev=30, test=40)
    for name, trees in zip(("train", "dev", "test"), parts, strict=True):
        (tmp_path / "bank" / f"xx-ud-{name}.conllu").write_text(to_conllu(trees))
    trained = run(folder, "train", "--data", "bank", *SMALL, "--batch-size", "128", "--lr", "0.01")
    assert trained.returncode == 0, trained.stderr
    lines = trained.stdout.splitlines()
    assert lines[0] == "bank: 200 sentences to learn from, 30 of dev"
    assert sum(line.startswith("- dev UAS: ") for line in lines) == 2
    assert lines[-1].startswith("- test UAS: ") and ", test LAS: " in lines[-1]
    assert {path.name for path in (tmp_path / "trained").iterdir()} > {"model.bin", "log.jsonl"}
    assert list((tmp_path / "runs" / "trained").glob("events.out.tfevents.*"))
    parsed = run(folder, "parse", "bank/xx-ud-test.conllu", "-o", "out.conllu")
    assert parsed.returncode == 0, parsed.stderr
    score = lines[-1].removeprefix("- test ").replace("test ", "")
    assert parsed.stdout.splitlines() == ["40 parses in out.conllu", f"- {score}"]
    before, after = ((tmp_path / name).read_text().splitlines() for name in ("bank/xx-ud-test.conllu", "out.conllu"))
    columns = [[line.split("\t")[:6] for line in lines] for lines in (before, after)]
    assert columns[0] == columns[1]
    again = run(folder, "train", "--data", "bank")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1) and "continue with --resume" in again.stderr
    resumed = run(folder, "train", "--data", "bank", *SMALL[:-4], "--max-updates", "50", "--valid-niter", "20",
                  "--batch-size", "128", "--lr", "0.01", "--resume")  # fmt: skip
    assert resumed.returncode == 0 and "resuming after iter 40" in resumed.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--data", "nowhere"], "nowhere: no such folder"),
        (["train", "--train", "a.conllu"], "--train and --dev: expected both"),
        (["train", "--train", "a.conllu", "--dev", "b.conllu"], "a.conllu: not found"),
        (["train", "--data", "toy", "--train", "a.conllu"], "--data toy: expected no files named by --train"),
        (["train", "--train", "bad.conllu", "--dev", "bad.conllu"], "bad.conllu: not CoNLL-U"),
        (["train", "--dropout", "2"], "--dropout is 2.0; expected from 0 to 1"),
        (["train", "--save-to", "folder"], "--save-to folder: expected a file"),
        (["train", "--device", "cuda:7"], "--device cuda:7: PyTorch"),
        (["parse", "bad.conllu", "-o", "out.conllu"], "trained/model.bin: no such file"),
        (["parse", "bad.conllu", "-o", "no/out.conllu"], "no/out.conllu: can't be written"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_status_2(
    folder: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "bad.conllu").write_text("this is\nno treebank\n")
    done = run(folder, *arguments)
    assert done.returncode == 2 and done.stderr.startswith(f"run.py: {said}") and done.stderr.count("\n") == 1


def test_the_quick_form_of_the_course_and_the_help(folder: Path) -> None:
    done = run(folder, "-d")
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("- test UAS: ")
    for arguments in (["--help"], ["train", "--help"], ["parse", "--help"]):
        shown = run(folder, *arguments)
        assert shown.returncode == 0 and "usage: python run.py" in shown.stdout


def test_an_answer_that_is_missing_is_one_line(folder: Path, tmp_path: Path) -> None:
    import shutil

    stub = shutil.copytree(folder, tmp_path / "stub")
    shutil.copy(ROOT / "assignments/a3/parser_transitions.py", stub)
    done = run(stub, "train", "--preset", "debug")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "run.py: 2d: not implemented yet"
