"""A small treebank in a folder, and a recipe that learns from it in no time, though not much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from graders.course.assignment import load_assignment
from graders.intake.submission import Submission
from graders.sandbox.isolation import Isolation
from graders.training.job import Job, TrainingLimits
from sanity.parsing.toy import to_conllu, toy_treebank

HYPERPARAMETERS = {"embed_size": 16, "hidden_size": 32, "lr": 0.01, "batch_size": 64, "valid_niter": 10, "log_every": 5}


def write_treebank(folder: Path, secret: str = "") -> Path:
    """Write a treebank; the last relation of dev's and of the test's last sentence is the secret, if there is one."""
    folder.mkdir()
    for part, trees in zip(("train", "dev", "test"), toy_treebank(5, train=100, dev=12, test=15), strict=True):
        if secret and part != "train":
            trees[-1] = trees[-1]._replace(relations=(*trees[-1].relations[:-1], secret))
        (folder / f"{part}.conllu").write_text(to_conllu(trees))
    return folder


def reference_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in load_assignment("a3").solutions.glob("*.py")}


def a_job(out: Path, data: Path, files: dict[str, bytes], name: str = "ada", **changes: Any) -> Job:
    limits = TrainingLimits(memory_mb=2000, folder_mb=64, silence=60, last_look=30, answering=60, threads=1)
    submission = Submission(name, files, "digest", (), Path("ada"))
    hyperparameters = HYPERPARAMETERS | {"max_updates": changes.pop("updates", 30)}
    job = Job("a3", "2g", submission, out, 90, 120, str(data), seed=1, limits=limits, hyperparameters=hyperparameters)
    return replace(job, **{"isolation": Isolation.NONE, "device": "cpu", **changes})
