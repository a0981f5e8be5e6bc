"""Listening to a trainee until it ends, oversteps or has used up its time."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graders.records.training import StopReason
from graders.sandbox.inside.protocol import Answers, Failed, Finished, Judged, Progress, Ready, Said
from graders.sandbox.inside.wire import WireError
from graders.sandbox.isolation import SandboxError
from graders.text.sanitize import clean_name
from graders.training.endings import Ending, died, finished, raised
from graders.training.event_log import Answered, EventLog, Prepared, Progressed, Scored, Stopped
from graders.training.job import Job
from graders.training.process import Disconnected, LimitExceeded, TrainerProcess
from graders.training.tasks.base import Task, TaskError
from sanity.core.calling import SubmissionError
from sanity.core.durations import duration_text
from sanity.core.loading import load_known_errors

MAX_MESSAGES = 200_000
"""From one trainee; a long training has a tenth of that."""
NO_SPACE = os.strerror(errno.ENOSPC)


@dataclass(frozen=True)
class TrainingStatus:
    """How a training stands, for whoever waits for it."""

    update: int
    seconds: float
    """Of the budget."""
    score: float | None
    """On dev, the last one."""
    judged: bool
    """Whether that is new."""


OnStatus = Callable[[TrainingStatus], None]


class Attempt:
    """One process that trains: what it says is written into the ledger, and what it answers for dev is scored."""

    def __init__(self, job: Job, task: Task, ledger: EventLog, tell: OnStatus) -> None:
        self._job, self._task, self._ledger, self._tell = job, task, ledger, tell
        scored = [event for event in ledger.events if isinstance(event, Scored)]  # there it has left a checkpoint
        self._seconds_before = max((event.seconds for event in scored), default=0.0)
        self._cpu_before = max((event.cpu_seconds for event in scored), default=0.0)
        self._began = time.monotonic()
        self._score: float | None = None
        self._update = -1
        self._messages = 0
        self._ready = False

    @property
    def seconds(self) -> float:
        """Seconds of the budget that are used up, over all runs."""
        return self._seconds_before + time.monotonic() - self._began

    def run(self, trainee: TrainerProcess) -> Stopped:
        """Listen until training ends, one way or another; say how."""
        end = listen(trainee, "training", self._until(), self._job, lambda said: self._take(trainee, said))
        if end is None and self.seconds >= self._job.budget:
            end = Ending(StopReason.BUDGET, f"the budget of {duration_text(self._job.budget)} was used up")
        elif end is None:
            end = Ending(StopReason.HUNG, f"training hung: nothing was heard of it for {self._silence:g} s")
        seconds = self.seconds
        return Stopped(*end[:2], seconds, self._cpu_before + trainee.end().cpu_seconds, end.detail)

    @property
    def _silence(self) -> float:
        return self._job.limits.silence_in(self._job.budget)

    def _until(self) -> Callable[[], float]:
        end = self._began + self._job.budget - self._seconds_before
        return lambda: min(end, time.monotonic() + self._silence)

    def _take(self, trainee: TrainerProcess, said: Said) -> Ending | None:
        """Do what a message asks for; return how training ended, if it did."""
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise WireError(f"more than {MAX_MESSAGES} messages")
        match said:
            case Ready():
                if self._ready:  # the first is ours, before the submission is imported
                    raise WireError("it was ready twice")
                self._ready = True
                if said.device == "cpu" and self._job.device == "cuda":
                    torch = said.versions.get("torch", "")
                    raise TaskError(f"--device cuda: PyTorch {clean_name(torch)} finds no GPU; try --device cpu")
                self._ledger.add(Prepared(said.device, said.versions))
            case Progress() if said.loss is not None and said.update > self._update:
                self._update = said.update
                self._ledger.add(
                    Progressed(said.update, self.seconds, said.loss, said.perplexity, said.words_per_second)
                )
                self._tell(TrainingStatus(said.update, self.seconds, self._score, judged=False))
            case Answers():
                self._judge(trainee, said)
            case Finished():
                scores = [event.score for event in self._ledger.events if isinstance(event, Scored)]
                return finished(said, enough=bool(scores) and self._is_enough(scores[-1]))
        return None

    def _judge(self, trainee: TrainerProcess, said: Answers) -> None:
        """Score answers for dev, and tell the trainee."""
        one_each(said, self._task.dev)
        score = self._score = self._task.dev_score(said.texts)
        self._ledger.add(Scored(said.update, self.seconds, self._cpu_before + trainee.cpu_seconds(), score))
        self._tell(TrainingStatus(said.update, self.seconds, score, judged=True))
        trainee.say(Judged(score, self._is_enough(score)))

    def _is_enough(self, score: float) -> bool:
        return score >= self._job.threshold + self._task.margin


def answered(job: Job, task: Task, trainee: TrainerProcess) -> Answered:
    """Return the answers for the test, the first that the trainee gives, or why there are none."""
    texts: list[str] | None = None

    def take(said: Said) -> Ending | None:
        nonlocal texts
        if not isinstance(said, Answers):
            return None
        one_each(said, task.test)
        texts = said.texts
        return Ending(StopReason.REACHED, "")

    deadline = time.monotonic() + job.limits.answering
    end = listen(trainee, "answering the test", lambda: deadline, job, take)
    trainee.end()
    if texts is not None:
        return Answered(texts)
    return Answered(None, end.message if end else f"answering the test took more than {job.limits.answering:g} s")


def one_each(said: Answers, sentences: Sequence[str]) -> None:
    """Raise WireError if there is not one answer for each sentence."""
    if len(said.texts) != len(sentences):
        raise WireError(f"{len(said.texts)} answers for {len(sentences)} sentences")


def refuse_full_disk(error: SubmissionError, job: Job) -> None:
    """Raise SandboxError if an error says that the disk is full, and it has less room than a training may use."""
    if NO_SPACE in error.text and shutil.disk_usage(job.folder).free < job.limits.folder_mb * 2**20:
        raise SandboxError(f"{job.folder}: the disk is full; make room, and the same command goes on")


def listen(
    trainee: TrainerProcess, what: str, until: Callable[[], float], job: Job, take: Callable[[Said], Ending | None]
) -> Ending | None:
    """Hear a trainee out: each message is taken, until one ends it. Return how it ended; None if time did."""
    try:
        while said := trainee.hear(until()):
            if isinstance(said, Failed):
                refuse_full_disk(said.raised, job)
                return raised(said.raised, what, job.submission.files, load_known_errors(job.assignment))
            if end := take(said):
                return end
    except WireError as error:
        return Ending(StopReason.BROKEN, f"{what} broke the protocol: {error}")
    except LimitExceeded as error:
        return Ending(StopReason.OUT_OF_MEMORY if error.memory else StopReason.CRASHED, f"{what} {error}")
    except Disconnected as gone:
        if gone.alive:
            return Ending(StopReason.BROKEN, f"{what} broke the protocol: it closed its end of the wire")
        return died(trainee.end(), what, trainee.cpu_limit)
    return None
