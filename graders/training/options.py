"""What a training of a class is asked for, and what it reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.errors import OptionError, check_seed, check_types, refuse_unused
from graders.records.training import (
    Training,
    is_batch_sensitive,
    mismatches_reference,
)
from graders.sandbox.isolation import Isolation

MAX_JOBS = 64


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What to train, and how."""

    assignment: str
    """Its name, such as a4."""
    paths: Sequence[Path] = ()
    """Submissions, or folders of submissions; if empty, the reference is trained."""
    question: str = ""
    """The id of the question to train; optional if the assignment has only one."""
    staff_model: bool = True
    """For the reference: train its faster model, if the task has one, instead of the model that students write."""
    score: float | None = None
    """Where training stops; None is the score that earns all points."""
    budget: str = ""
    """Time for each training, such as 10m; empty: the one in assignment.toml."""
    data: str = ""
    """A data set's name, a folder or a file; empty: the one in assignment.toml."""
    device: str = "auto"
    seed: int | None = None
    """For drawing data and for training; None: that of the last run in `out`, or a random one."""
    jobs: int = 1
    """Number of trainings that run at the same time."""
    scheduler: str | None = None
    """The address of a Dask cluster to train on, such as tcp://node1:8786."""
    roster: Path | None = None
    """CSV file with the names and numbers of the class, the same as for grading."""
    out: Path = Path("grades")
    isolation: Isolation = Isolation.SANDLOCK

    def __post_init__(self) -> None:
        """Raise OptionError for a number out of range, and for an option that would change nothing."""
        check_types({"paths": (self.paths, Path)}, self.out, self.isolation)
        if not 1 <= self.jobs <= MAX_JOBS:
            raise OptionError(f"--jobs {self.jobs}: expected a number from 1 to {MAX_JOBS}")
        check_seed(self.seed)
        refuse_unused({"--plain": bool(self.paths) and not self.staff_model}, "only applies to --reference")


@dataclass(frozen=True)
class Trial:
    """One submission of a class: its training, or why there is none."""

    submission: str
    training: Training | None
    problem: str = ""
    """One line, if it could not be read or trained."""
    path: Path | None = None
    """The training.json that was written."""
    known: bool = False
    """Whether the training is from an earlier run."""

    @property
    def reached(self) -> bool:
        """Whether the score was reached, with answers that can be trusted."""
        if self.training is None or self.training.score is None:
            return False
        doubtful = is_batch_sensitive(self.training.batch_sensitivity) or mismatches_reference(
            self.training.reference_mismatch
        )
        return self.training.score >= self.training.threshold and not doubtful


@dataclass(frozen=True)
class TrainingReport:
    """The trainings of a class."""

    trials: tuple[Trial, ...]

    @property
    def problems(self) -> list[str]:
        """One line for each submission that could not be read or trained."""
        return [trial.problem for trial in self.trials if trial.problem]

    @property
    def all_reached(self) -> bool:
        """Whether every submission reached the score."""
        return all(trial.reached for trial in self.trials)
