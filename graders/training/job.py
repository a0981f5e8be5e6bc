"""Job: the description of one training, as plain data that can be sent to another process."""

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
    """Return the device files of NVIDIA's GPUs; none if there is no GPU."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return []
    patterns = ("nvidia[0-9]*", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-caps/*")
    return [str(path) for pattern in patterns for path in sorted(Path("/dev").glob(pattern))]


def driver_folders() -> list[str]:
    """Return the folders outside the system's library path that hold NVIDIA's driver library, as in some containers."""
    places = [*os.environ.get("LD_LIBRARY_PATH", "").split(":"), "/usr/local/nvidia/lib64"]
    return [place for place in dict.fromkeys(places) if place.startswith("/") and Path(place, "libcuda.so.1").exists()]


def memory_default() -> int:
    """Return the memory limit of a training in MB: three quarters of this machine's memory, at most 16 GB."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return min(16 * 1024, pages * size * 3 // 4 // 2**20)


@dataclass(frozen=True)
class TrainingLimits:
    """The limits of a training, other than its budget. Seconds are those that count: see graders/sandbox/clock.py."""

    memory_mb: int = field(default_factory=memory_default)
    folder_mb: int = 8 * 1024
    """Size of the working folder. A checkpoint of a large model with its optimizer state takes 2 GB."""
    file_mb: int = 4 * 1024
    """Size of one file."""
    silence: float | None = None
    """Seconds without a message after which a training counts as hung; None is half the budget, from 60 to 300."""
    last_look: float | None = None
    """Seconds for answering dev once more after the budget; None is a tenth of the budget, and at least 30."""
    answering: float = 600.0
    """Seconds for answering the test."""
    threads: int = field(default_factory=usable_cores)

    def silence_in(self, budget: float) -> float:
        """Return the seconds without a message after which a training with this budget counts as hung.

        >>> [TrainingLimits().silence_in(budget) for budget in (60, 300, 3600)]
        [60.0, 150.0, 300.0]
        """
        return min(300.0, max(60.0, budget / 2)) if self.silence is None else self.silence

    def last_look_in(self, budget: float) -> float:
        """Return the seconds for answering dev once more after this budget.

        >>> [TrainingLimits().last_look_in(budget) for budget in (60, 300, 3600)]
        [30.0, 30.0, 360.0]
        """
        return max(30.0, budget / 10) if self.last_look is None else self.last_look


@dataclass(frozen=True)
class Job:
    """One submission to train."""

    assignment: str
    """Its name."""
    question: str
    """The id of the question that is trained, such as 1h."""
    submission: Submission
    out: Path
    """Output folder. Each training has a subfolder, from which the same job resumes if it was stopped."""
    threshold: float
    """The score at which training stops."""
    budget: float
    """Seconds of training that count, including earlier runs in the same folder: see graders/sandbox/clock.py."""
    data: str
    """Name or path of the data."""
    device: str = "auto"
    seed: int = 0
    """For drawing data and for training. Secret: a submission could draw the test answers with it."""
    isolation: Isolation = Isolation.SANDLOCK
    limits: TrainingLimits = field(default_factory=TrainingLimits)
    staff_model: bool = False
    """Train the reference's faster model, if the task has one."""
    legacy: bool = False
    """Accept what an earlier year's files rely on: see `Manifest.legacy`."""
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the data's default recipe."""

    @property
    def folder(self) -> Path:
        """The folder of this training."""
        return training_folder(self.out, self.submission.name, self.question).absolute()
