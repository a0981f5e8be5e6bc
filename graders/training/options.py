"""What a training of a class is asked for, and what it reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.errors import OptionError, check_seed, refuse_unused
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
    """Submissions, or folders of submissions; none trains the reference."""
    question: str = ""
    """The question that is trained; may be left out where there is only one."""
    staff_model: bool = True
    """With the reference: its faster model, where the task has one, instead of the one that students write."""
    score: float | None = None
    """Where training stops; None is the score that earns all points."""
    budget: str = ""
    """Of each training, such as 10m; empty is the one in assignment.toml."""
    data: str = ""
    """A data set's name, a folder or file; empty is the one in assignment.toml."""
    device: str = "auto"
    seed: int | None = None
    """Of drawn data and of training; None is that of the last run in `out`, or a random one."""
    jobs: int = 1
    """Trainings at a time."""
    scheduler: str | None = None
    """The address of a Dask cluster to train on, such as tcp://node1:8786."""
    out: Path = Path("grades")
    isolation: Isolation = Isolation.SANDLOCK

    def __post_init__(self) -> None:
        """Raise OptionError for a number out of range, and for an option that would change nothing."""
        if not 1 <= self.jobs <= MAX_JOBS:
            raise OptionError(f"--jobs {self.jobs}: expected a number from 1 to {MAX_JOBS}")
        check_seed(self.seed)
        refuse_unused({"--plain": bool(self.paths) and not self.staff_model}, "is of --reference only")


@dataclass(frozen=True)
class Trial:
    """One submission of a run: how its training went, or why there is none."""

    submission: str
    training: Training | None
    problem: str = ""
    """One line, if it could not be trained, for no fault of the submission's or because it could not be read."""
    path: Path | None = None
    """Where the training was written."""
    known: bool = False
    """Whether an earlier run had trained it."""

    @property
    def reached(self) -> bool:
        """Whether it reached the score, by answers that can be trusted."""
        if self.training is None or self.training.score is None:
            return False
        doubtful = is_batch_sensitive(self.training.changed) or mismatches_reference(self.training.reference_mismatch)
        return self.training.score >= self.training.threshold and not doubtful


@dataclass(frozen=True)
class TrainingReport:
    """A trained class."""

    trials: tuple[Trial, ...]

    @property
    def problems(self) -> list[str]:
        """One line for each submission that could not be read or trained."""
        return [trial.problem for trial in self.trials if trial.problem]

    @property
    def all_reached(self) -> bool:
        """Whether every submission reached the score."""
        return all(trial.reached for trial in self.trials)
