"""The runner's message loop: follows a trainer until it finishes, exceeds a limit or runs out of time."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graders.records.training import StopReason
from graders.sandbox.inside.protocol import Answers, DevScore, Failed, Finished, Progress, Ready, TrainerMessage
from graders.sandbox.inside.wire import WireError
from graders.sandbox.isolation import SandboxError
from graders.text.sanitize import clean_name
from graders.training.endings import Ending, classify_death, classify_error, classify_finish
from graders.training.event_log import Answered, EventLog, Prepared, Progressed, Scored, Stopped
from graders.training.job import Job
from graders.training.process import Disconnected, LimitExceeded, TrainerProcess
from graders.training.tasks.base import Task, TaskError
from sanity.core.assignment_package import load_known_errors
from sanity.core.calling import SubmissionError
from sanity.core.durations import duration_text

MAX_MESSAGES = 200_000
"""From one trainer; a long training sends a tenth of that."""
STATUS_SECONDS = 1.0
NO_SPACE = os.strerror(errno.ENOSPC)


@dataclass(frozen=True)
class TrainingStatus:
    """A progress snapshot of a training, for display."""

    update: int
    seconds: float
    """Seconds of the budget used so far."""
    score: float | None
    """The last score on dev."""
    validated: bool
    """Whether the score is new."""


OnStatus = Callable[[TrainingStatus], None]
"""Called at least every STATUS_SECONDS. It may raise, to end the training early."""


class TrainingLoop:
    """Follows one trainer process: logs its messages as events, and scores its answers for dev."""

    def __init__(self, job: Job, task: Task, event_log: EventLog, on_status: OnStatus) -> None:
        self._job, self._task, self._event_log, self._on_status = job, task, event_log, on_status
        # The clock restarts at the last checkpoint, which is saved whenever dev is scored: an earlier run that was
        # killed costs only the work that this one has to repeat.
        scored = [event for event in event_log.events if isinstance(event, Scored)]
        self._seconds_before = max((event.seconds for event in scored), default=0.0)
        self._cpu_before = max((event.cpu_seconds for event in scored), default=0.0)
        self._began = time.monotonic()
        self._score: float | None = None
        self._update = -1
        self._messages = 0
        self._ready = False

    @property
    def seconds(self) -> float:
        """Seconds of the budget used so far, over all runs."""
        return self._seconds_before + time.monotonic() - self._began

    def run(self, trainer: TrainerProcess) -> Stopped:
        """Handle messages until training ends; return the event that says why."""
        end = handle_messages(
            trainer, "training", self._until(), self._job, lambda message: self._handle(trainer, message), self._report
        )
        if end is None and self.seconds >= self._job.budget:
            end = Ending(StopReason.BUDGET, f"the budget of {duration_text(self._job.budget)} was used up")
        elif end is None:
            end = Ending(StopReason.HUNG, f"training hung: no message for {self._silence:g} s")
        seconds = self.seconds
        return Stopped(*end[:2], seconds, self._cpu_before + trainer.end().cpu_seconds, end.detail)

    @property
    def _silence(self) -> float:
        return self._job.limits.silence_in(self._job.budget)

    def _until(self) -> Callable[[], float]:
        end = self._began + self._job.budget - self._seconds_before
        return lambda: min(end, time.monotonic() + self._silence)

    def _handle(self, trainer: TrainerProcess, message: TrainerMessage) -> Ending | None:
        """Handle one message; return an Ending if it ends the training."""
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise WireError(f"more than {MAX_MESSAGES} messages")
        match message:
            case Ready():
                if self._ready:  # the first is from our code, before the submission is imported
                    raise WireError("it was ready twice")
                self._ready = True
                if message.device == "cpu" and self._job.device == "cuda":
                    torch = message.versions.get("torch", "")
                    raise TaskError(f"--device cuda: PyTorch {clean_name(torch)} finds no GPU; try --device cpu")
                self._event_log.add(Prepared(message.device, message.versions))
            case Progress() if message.loss is not None and message.update > self._update:
                self._update = message.update
                self._event_log.add(
                    Progressed(message.update, self.seconds, message.loss, message.perplexity, message.words_per_second)
                )
                self._report()
            case Answers():
                self._validate(trainer, message)
            case Finished():
                scores = [event.score for event in self._event_log.events if isinstance(event, Scored)]
                return classify_finish(message, enough=bool(scores) and self._is_enough(scores[-1]))
        return None

    def _report(self) -> None:
        self._on_status(TrainingStatus(max(self._update, 0), self.seconds, self._score, validated=False))

    def _validate(self, trainer: TrainerProcess, message: Answers) -> None:
        """Score the answers for dev and send the score back."""
        require_one_each(message, self._task.dev)
        score = self._score = self._task.dev_score(message.texts)
        self._event_log.add(Scored(message.update, self.seconds, self._cpu_before + trainer.cpu_seconds(), score))
        self._on_status(TrainingStatus(message.update, self.seconds, score, validated=True))
        trainer.send(DevScore(score, self._is_enough(score)))

    def _is_enough(self, score: float) -> bool:
        return score >= self._job.threshold + self._task.margin


def collect_answers(job: Job, task: Task, trainer: TrainerProcess, waiting: Callable[[], None]) -> Answered:
    """Return the trainer's first answers for the test, or why there are none. `waiting` is called meanwhile."""
    texts: list[str] | None = None

    def handle(message: TrainerMessage) -> Ending | None:
        nonlocal texts
        if not isinstance(message, Answers):
            return None
        require_one_each(message, task.test)
        texts = message.texts
        return Ending(StopReason.REACHED, "")

    deadline = time.monotonic() + job.limits.answering
    end = handle_messages(trainer, "answering the test", lambda: deadline, job, handle, waiting)
    trainer.end()
    if texts is not None:
        return Answered(texts)
    return Answered(None, end.message if end else f"answering the test took more than {job.limits.answering:g} s")


def require_one_each(message: Answers, sentences: Sequence[str]) -> None:
    """Raise WireError unless there is exactly one answer for each sentence."""
    if len(message.texts) != len(sentences):
        raise WireError(f"{len(message.texts)} answers for {len(sentences)} sentences")


def refuse_full_disk(error: SubmissionError, job: Job) -> None:
    """Raise SandboxError if the error is a full disk, and the disk really is full.

    The submission could raise the same error: it is believed only if less is free than a training may use.
    """
    if NO_SPACE in error.text and shutil.disk_usage(job.folder).free < job.limits.folder_mb * 2**20:
        raise SandboxError(f"{job.folder}: the disk is full; free some space, and run the same command again to resume")


def handle_messages(
    trainer: TrainerProcess,
    what: str,
    until: Callable[[], float],
    job: Job,
    handle: Callable[[TrainerMessage], Ending | None],
    waiting: Callable[[], None],
) -> Ending | None:
    """Handle messages until one ends the run; return its Ending, or None if the time ran out first.

    Args:
        trainer: the process.
        what: what it does, as the subject of error messages, such as "training".
        until: returns the deadline for the next message, on the monotonic clock.
        job: for the names of the submission's files, and the free disk space.
        handle: called with each message; returns an Ending if the message ends the run.
        waiting: called every STATUS_SECONDS while there is no message.
    """
    try:
        while message := _receive(trainer, until(), waiting):
            if isinstance(message, Failed):
                refuse_full_disk(message.raised, job)
                return classify_error(message.raised, what, job.submission.files, load_known_errors(job.assignment))
            if end := handle(message):
                return end
    except WireError as error:
        return Ending(StopReason.BROKEN, f"{what} broke the protocol: {error}")
    except LimitExceeded as error:
        return Ending(StopReason.OUT_OF_MEMORY if error.memory else StopReason.CRASHED, f"{what} {error}")
    except Disconnected as hangup:
        if hangup.alive:
            return Ending(StopReason.BROKEN, f"{what} broke the protocol: it closed its connection")
        return classify_death(trainer.end(), what, trainer.cpu_limit)
    return None


def _receive(trainer: TrainerProcess, until: float, waiting: Callable[[], None]) -> TrainerMessage | None:
    """Do the same as `trainer.receive(until)`, and call `waiting` every STATUS_SECONDS."""
    while True:
        message = trainer.receive(min(until, time.monotonic() + STATUS_SECONDS))
        if message or time.monotonic() > until:
            return message
        waiting()
