"""What is asked of one training, as data that can be sent to another process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graders.cores import usable_cores
from graders.intake.submission import Submission
from graders.records.training import training_folder
from graders.sandbox.isolation import Isolation


def devices() -> list[str]:
    """Return the device files of NVIDIA's GPUs; none without one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return []
    patterns = ("nvidia[0-9]*", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-caps/*")
    return [str(path) for pattern in patterns for path in sorted(Path("/dev").glob(pattern))]


def driver_folders() -> list[str]:
    """Return the folders with NVIDIA's driver library that are not the system's own, as in some containers."""
    places = [*os.environ.get("LD_LIBRARY_PATH", "").split(":"), "/usr/local/nvidia/lib64"]
    return [place for place in dict.fromkeys(places) if place.startswith("/") and Path(place, "libcuda.so.1").exists()]


def memory_default() -> int:
    """Return how many MB a training may use: three quarters of this machine's, and 16 GB at most."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return min(16 * 1024, pages * size * 3 // 4 // 2**20)


@dataclass(frozen=True)
class TrainingLimits:
    """What a training may use besides its budget."""

    memory_mb: int = field(default_factory=memory_default)
    folder_mb: int = 8 * 1024
    """Of its working folder, where checkpoints go; one of a large model with its optimizer takes 2 GB."""
    file_mb: int = 4 * 1024
    silence: float | None = None
    """Seconds without a word after which it is given up; by default half the budget, between 60 and 300."""
    answering: float = 600.0
    """Seconds for the test, after training."""
    threads: int = field(default_factory=usable_cores)

    def silence_in(self, budget: float) -> float:
        """Return the seconds without a word after which a training with this budget is given up."""
        return min(300.0, max(60.0, budget / 2)) if self.silence is None else self.silence


@dataclass(frozen=True)
class Job:
    """One submission to train."""

    assignment: str
    """Its name."""
    question: str
    """The question that is earned by training, such as 1h."""
    submission: Submission
    out: Path
    """Where results go; below it each submission has a folder, where the same job goes on if it was stopped."""
    threshold: float
    budget: float
    """Seconds of training, on the clock; those of earlier runs in the same folder count."""
    data: str
    device: str = "auto"
    seed: int = 0
    """Of data that is drawn, and of training. A submission that knew it could draw the answers too."""
    isolation: Isolation = Isolation.SANDLOCK
    limits: TrainingLimits = field(default_factory=TrainingLimits)
    staff_model: bool = False
    """Whether to train a faster model of the reference's, where its task has one."""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Of the task's recipe, where it is not the data's own."""

    @property
    def folder(self) -> Path:
        """Where everything about this training goes."""
        return training_folder(self.out, self.submission.name, self.question).absolute()
