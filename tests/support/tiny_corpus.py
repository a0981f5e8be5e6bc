"""A small corpus of toy languages in a folder, and a recipe that learns from it in no time, though not much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from graders.course.assignment import handout_folder, load_assignment
from graders.intake.submission import Submission
from graders.sandbox.isolation import Isolation
from graders.training.job import Job, TrainingLimits
from graders.training.tasks.translation import load_corpus

HYPERPARAMETERS = {"embed_size": 16, "hidden_size": 16, "lr": 0.02, "dropout": 0.0, "valid_niter": 10, "log_every": 5}


def write_corpus(folder: Path, train: int = 200, secret: str = "") -> Path:
    """Write a corpus; the last reference of dev and of test is the secret, if there is one."""
    corpus = load_corpus("toy", 5, handout_folder("a4"))
    folder.mkdir()
    for part, size in (("train", train), ("dev", 12), ("test", 15)):
        source, target = (side[:size] for side in getattr(corpus, part))
        if secret and part != "train":
            target[-1] = secret
        for name, lines in (("src", source), ("tgt", target)):
            (folder / f"{part}.{name}").write_text("".join(f"{line}\n" for line in lines))
    return folder


def reference_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in load_assignment("a4").solutions.rglob("*.py")}


def a_job(out: Path, data: Path, files: dict[str, bytes], name: str = "ada", **changes: Any) -> Job:
    limits = TrainingLimits(memory_mb=2000, folder_mb=64, silence=60, last_look=30, answering=60, threads=1)
    submission = Submission(name, files, "digest", (), Path("ada"))
    hyperparameters = HYPERPARAMETERS | {"max_updates": changes.pop("updates", 30)}
    job = Job("a4", "1h", submission, out, 90, 120, str(data), seed=1, limits=limits, hyperparameters=hyperparameters)
    return replace(job, **{"isolation": Isolation.NONE, "device": "cpu", **changes})
