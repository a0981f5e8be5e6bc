"""Jobs that do next to nothing, for any engine. They leave files in a folder, to be seen from other processes."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path
from typing import NamedTuple

from graders.engine.job import JobFailed, RunFailed, Tell
from sanity import UserError

HEAVY = ("torch", "pandas", "scipy", "matplotlib", "sacrebleu", "sentencepiece", "hypothesis")


class Job(NamedTuple):
    """What a test asks for."""

    name: str
    folder: Path
    deaths: int = 0
    """How often its process dies."""
    company: int = 0
    """How many other jobs it waits for, that they run at the same time."""


class Span(NamedTuple):
    """When a job ran, by the clock that all processes share."""

    name: str
    began: float
    ended: float


def work(job: Job, tell: Tell) -> Span:
    """Work a little; leave a file for each time that it is tried."""
    began = time.monotonic()
    tries = len(list(job.folder.glob(f"{job.name}.*")))
    (job.folder / f"{job.name}.{tries}").touch()
    if tries < job.deaths:
        os._exit(1)
    while len({path.stem for path in job.folder.iterdir()}) <= job.company:
        time.sleep(0.01)
    tell(f"{job.name} works")
    time.sleep(0.1)
    return Span(job.name, began, time.monotonic())


def fail(job: Job, tell: Tell) -> Span | JobFailed:
    """Fail in the way that its name says."""
    match job.name:
        case "bug":
            raise ValueError("this is\nwrong")
        case "user":
            raise UserError("--seed: is no number")
        case "disk":
            raise OSError(28, "No space left on device", "events.jsonl")
        case "said":
            return JobFailed("it said so", "in many words")
        case "all":
            raise RunFailed("the sandbox did not start")
        case "missing":
            raise ImportError("No module named 'rich'")
    return work(job, tell)


def until_nobody_waits(job: Job, tell: Tell) -> None:
    """Tell something until the run has ended; the first job ends at once."""
    (job.folder / f"{job.name}.began").touch()
    while job.name != "first":
        time.sleep(0.01)
        try:
            tell("still here")
        except CancelledError:
            (job.folder / f"{job.name}.cancelled").touch()
            raise


def imported(job: Job, tell: Tell) -> list[str]:
    """Return the large libraries that its process has imported."""
    return [name for name in HEAVY if name in sys.modules]


def leave_process_id(folder: Path) -> None:
    """Leave a file with the name of this process."""
    (folder / f"{os.getpid()}.finished").touch()
