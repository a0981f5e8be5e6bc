"""Training in a process of its own, which is killed without warning or runs out of disk."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.support.tiny import sentences

pytest.importorskip("sacrebleu")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

# Runs run.py's main, and dies at a moment: (where, update).
PROGRAM = """
import os, signal, sys
import run, nmt.tracking, torch
from sanity.training import checkpoint

torch.set_num_threads(1)
where, update = {moment!r}
Log = nmt.tracking.Log
step, validated, save, write = Log.step, Log.validated, torch.save, checkpoint.write_atomically


def die(here, now):
    if (here, now) == (where, update):
        os.kill(os.getpid(), signal.SIGKILL)


def stepping(self, now):
    step(self, now)
    die("step", now)


def validating(self, progress, *rest):
    validated(self, progress, *rest)
    die("validation", progress.update)


def saving(content, file):
    save(content, file)
    if "state" in content:
        file.truncate(1000)
        file.flush()
        die("write", content["state"]["update"])
        file.seek(0)
        file.truncate()
        save(content, file)


def writing(path, content):
    write(path, content)
    if path.name.startswith("checkpoint-"):
        die("written", int(path.stem[11:]))


Log.step, Log.validated, torch.save, checkpoint.write_atomically = stepping, validating, saving, writing
sys.exit(run.main({argv!r}))
"""


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """A training of two epochs and five validations, with so high a rate that it returns to the best weights twice."""
    options = ["--embed-size=5", "--hidden-size=4", "--batch-size=4", "--valid-niter=2", "--log-every=1", "--lr=0.2"]
    options += ["--max-epoch=2", "--max-num-trial=9", "--dropout=0.5", "--device=cpu"]
    for seed, (part, number) in enumerate((("train", 20), ("dev", 8), ("test", 6))):
        for side, lines in zip(("src", "tgt"), sentences(number, seed), strict=True):
            path = tmp_path / f"{part}.{side}"
            path.write_text("".join(f"{line}\n" for line in lines))
            options.append(f"--{part}-{side}={path}")
    return options


def launch(
    a4_folder: Path, folder: Path, options: list[str], moment: tuple[str, int] = ("never", 0)
) -> subprocess.CompletedProcess[str]:
    argv = ["train", f"--save-to={folder / 'model.bin'}", *options]
    command = [sys.executable, "-c", PROGRAM.format(moment=moment, argv=argv)]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=a4_folder, env=env, capture_output=True, text=True)


def outcome(folder: Path) -> tuple[list[dict[str, float]], list[list[float]], str]:
    """What must not depend on kills: the curve, the weights and the translations."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    curve = [{name: value for name, value in line.items() if name not in ("seconds", "speed")} for line in lines]
    weights = torch.load(folder / "model.bin")["weights"]
    return curve, [weight.tolist() for weight in weights.values()], (folder / "test.translations").read_text()


@pytest.mark.slow
def test_a_process_killed_at_any_moment_resumes_to_the_same_curve(
    a4_folder: Path, tmp_path: Path, options: list[str]
) -> None:
    assert launch(a4_folder, tmp_path / "whole", options).returncode == 0
    whole = outcome(tmp_path / "whole")
    assert len(whole[0]) == 10 + 5
    moments = (
        ("step", 1),
        ("step", 5),
        ("validation", 4),
        ("write", 2),
        ("write", 6),
        ("written", 6),
        ("validation", 10),
    )
    for moment in moments:
        folder = tmp_path / f"{moment[0]}-{moment[1]}"
        assert launch(a4_folder, folder, options, moment).returncode == -signal.SIGKILL
        resumed = launch(a4_folder, folder, [*options, "--resume"])
        assert resumed.returncode == 0, resumed.stderr
        assert outcome(folder) == whole, moment
        assert not list(folder.glob("*.part"))


@pytest.mark.slow
def test_a_process_killed_again_and_again_gets_there(a4_folder: Path, tmp_path: Path, options: list[str]) -> None:
    options += ["--max-epoch=6"]
    assert launch(a4_folder, tmp_path / "whole", options).returncode == 0
    folder, dice, kills = tmp_path / "killed", random.Random(0), 0
    argv = [sys.executable, "run.py", "train", f"--save-to={folder / 'model.bin'}", *options, "--resume"]
    while True:
        process = subprocess.Popen(
            argv, cwd=a4_folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True
        )
        lines = dice.randint(2, 12)  # of its log, before the kill: how long that takes is the machine's affair
        assert process.stdout is not None
        if kills < 5 and sum(1 for _, line in zip(range(lines), process.stdout, strict=False) if line) == lines:
            process.kill()
            kills += 1
        process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    assert kills == 5
    assert outcome(folder) == outcome(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit to set")
def test_a_disk_that_fills_up_is_one_line_and_costs_nothing(
    a4_folder: Path, tmp_path: Path, options: list[str]
) -> None:
    assert launch(a4_folder, tmp_path / "whole", options).returncode == 0
    folder, limit = (
        tmp_path / "limited",
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n",
    )
    argv = ["train", f"--save-to={folder / 'model.bin'}", *options]
    command = [sys.executable, "-c", limit + PROGRAM.format(moment=("never", 0), argv=argv)]
    ran = subprocess.run(
        command, cwd=a4_folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    assert ran.returncode == 1
    intact = "can't be written: File too large; the previous content is intact"
    assert ran.stderr == f"run.py: {folder / 'checkpoint-0000002.bin'}: {intact}\n"
    assert launch(a4_folder, folder, [*options, "--resume"]).returncode == 0
    assert outcome(folder) == outcome(tmp_path / "whole")
