"""The runner's message loop: follows a trainer until it finishes, exceeds a limit or runs out of time."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from graders.records.training import StopReason
from graders.sandbox.clock import WALL_STOP, MachineBusy, TrainerClock
from graders.sandbox.inside.protocol import (
    MAPS,
    Answers,
    Attention,
    DevScore,
    Failed,
    Finished,
    Progress,
    Ready,
    TimeUp,
    TrainerMessage,
)
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
ATTENDING = 10.0
"""Seconds in which a trainer may tell what its model attended to, once the test is answered."""
STATUS_SECONDS = 1.0
LAST_SECONDS = 0.05
"""The shortest wait for a message, when time is nearly up."""
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
    """Follows one trainer process: logs its messages as events, and scores its answers for dev.

    When the budget is used up the trainer is told, and answers dev once more: what it has learnt since the last time
    counts, and dev is tried at least once.
    """

    def __init__(self, job: Job, task: Task, event_log: EventLog, on_status: OnStatus) -> None:
        self._job, self._task, self._event_log, self._on_status = job, task, event_log, on_status
        # The clock restarts at the last checkpoint, which is saved whenever dev is scored: an earlier run that was
        # killed costs only the work that this one has to repeat.
        scored = [event for event in event_log.events if isinstance(event, Scored)]
        self._seconds_before = max((event.seconds for event in scored), default=0.0)
        self._cpu_before = max((event.cpu_seconds for event in scored), default=0.0)
        self._clock: TrainerClock | None = None
        self._heard = 0.0
        """When the last message came, on that clock."""
        self._last_look = False
        """Whether dev was answered after the budget."""
        self._told: float | None = None
        """When the trainer was told that the budget is used up, on that clock."""
        self._score: float | None = None
        self._update = -1
        self._messages = 0
        self._ready = False

    @property
    def seconds(self) -> float:
        """Seconds of the budget used so far, over all runs."""
        return self._seconds_before + (self._clock.seconds if self._clock else 0.0)

    @property
    def _over(self) -> bool:
        """Whether the budget is used up."""
        return self.seconds >= self._job.budget

    def run(self, trainer: TrainerProcess) -> Stopped:
        """Handle messages until training ends; return the event that says why. Raises MachineBusy."""
        self._clock = trainer.clock
        end = handle_messages(
            trainer,
            "training",
            lambda: self._left(trainer),
            self._job,
            self._task.assignment.manifest.accepted,
            lambda message: self._handle(trainer, message),
            self._report,
        )
        if self._over and (end is None or end.stop_reason is StopReason.CONVERGED):
            end = Ending(StopReason.BUDGET, f"the budget of {duration_text(self._job.budget)} was used up")
        elif end is None:
            end = Ending(StopReason.HUNG, f"training hung: no message for {self._silence:g} s")
        seconds = self.seconds
        return Stopped(*end[:2], seconds, self._cpu_before + trainer.end().cpu_seconds, end.detail)

    @property
    def _silence(self) -> float:
        return self._job.limits.silence_in(self._job.budget)

    def _left(self, trainer: TrainerProcess) -> float:
        """Return the seconds until the next message must come; tell the trainer once the budget is used up."""
        clock, budget = trainer.clock, self._job.budget
        now = clock.seconds
        rest, last_look = max(0.0, budget - self._seconds_before), self._job.limits.last_look_in(budget)
        if clock.wall > WALL_STOP * (rest + last_look):
            raise MachineBusy("training", rest + last_look)
        if now >= rest and self._told is None:
            self._told = now
            trainer.send(TimeUp())
        end = rest if self._told is None else self._told + last_look
        return min(end, self._heard + self._silence) - now

    def _handle(self, trainer: TrainerProcess, message: TrainerMessage) -> Ending | None:
        """Handle one message; return an Ending if it ends the training."""
        self._messages += 1
        self._heard = trainer.clock.seconds
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
            case Answers() if self._last_look:
                return Ending(StopReason.CONVERGED, "")
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
        self._last_look = self._over
        score = self._score = self._task.dev_score(message.texts)
        self._event_log.add(Scored(message.update, self.seconds, self._cpu_before + trainer.cpu_seconds(), score))
        self._on_status(TrainingStatus(message.update, self.seconds, score, validated=True))
        trainer.send(DevScore(score, self._last_look or self._is_enough(score)))

    def _is_enough(self, score: float) -> bool:
        return score >= self._job.threshold + self._task.margin


def collect_answers(
    job: Job, task: Task, trainer: TrainerProcess, waiting: Callable[[], None], what: str = "answering the test"
) -> Answered | Ending:
    """Return the trainer's first answers for the test, or why there are none. `waiting` is called meanwhile.

    They count, however the trainer ends after them; until then it may tell what its model attended to.
    """
    texts: list[str] | None = None
    attention: list[Attention] = []
    until = job.limits.answering

    def handle(message: TrainerMessage) -> Ending | None:
        nonlocal texts, until
        match message:
            case Finished(how="incomparable") if texts is None:
                return Ending(StopReason.CRASHED, f"{what} with these weights is not possible", comparable=False)
            case Finished() if texts is not None:
                return Ending(StopReason.REACHED, "")
            case Answers() if texts is None:
                require_one_each(message, task.test)
                texts, until = message.texts, trainer.clock.seconds + ATTENDING
            case Attention() if texts is not None and len(attention) < MAPS:
                attention.append(message)
        return None

    def left() -> float:
        if texts is None and trainer.clock.wall > WALL_STOP * job.limits.answering:
            raise MachineBusy(what, job.limits.answering)
        return until - trainer.clock.seconds

    end = handle_messages(trainer, what, left, job, task.assignment.manifest.accepted, handle, waiting)
    trainer.end()
    if texts is not None:
        return Answered(texts, attention=attention)
    return end or Ending(StopReason.HUNG, f"{what} took more than {job.limits.answering:g} s")


def require_one_each(message: Answers, sentences: Sequence[str]) -> None:
    """Raise WireError unless there is exactly one answer for each sentence."""
    if len(message.texts) != len(sentences):
        raise WireError(f"not one answer for each of {len(sentences)} sentences")


def refuse_full_disk(error: SubmissionError, job: Job) -> None:
    """Raise SandboxError if the error is a full disk, and the disk really is full.

    The submission could raise the same error: it is believed only if less is free than a training may use.
    """
    if NO_SPACE in error.text and shutil.disk_usage(job.folder).free < job.limits.folder_mb * 2**20:
        raise SandboxError(f"{job.folder}: the disk is full; free some space, and run the same command again to resume")


def handle_messages(
    trainer: TrainerProcess,
    what: str,
    left: Callable[[], float],
    job: Job,
    named: Collection[str],
    handle: Callable[[TrainerMessage], Ending | None],
    waiting: Callable[[], None],
) -> Ending | None:
    """Handle messages until one ends the run; return its Ending, or None if the time ran out first.

    Args:
        trainer: the process.
        what: what it does, as the subject of error messages, such as "training".
        left: returns the seconds until the next message must come.
        job: for the names of the submission's files, and the free disk space.
        named: the files of a submission that a message may name.
        handle: called with each message; returns an Ending if the message ends the run.
        waiting: called every STATUS_SECONDS while there is no message.
    """
    try:
        while message := _receive(trainer, left, waiting):
            if isinstance(message, Failed):
                refuse_full_disk(message.raised, job)
                known = load_known_errors(job.assignment)
                return classify_error(message.raised, what, job.submission.files, known, named)
            if end := handle(message):
                return end
    except WireError as error:
        return Ending(StopReason.BROKEN, f"{what} broke the protocol: {error}")
    except LimitExceeded as error:
        reason = StopReason.OUT_OF_MEMORY if error.memory else StopReason.CRASHED
        # Files are the submission's doing, also where the reference finds the folder that training has filled.
        return Ending(reason, f"{what} {error}", raised=not error.memory)
    except Disconnected as hangup:
        if hangup.alive:
            return Ending(StopReason.BROKEN, f"{what} broke the protocol: it closed its connection")
        return classify_death(trainer.end(), what)
    return None


def _receive(trainer: TrainerProcess, left: Callable[[], float], waiting: Callable[[], None]) -> TrainerMessage | None:
    """Return the next message, None if time is up first; call `waiting` every STATUS_SECONDS."""
    while (seconds := left()) > 0:
        if message := trainer.receive(min(STATUS_SECONDS, max(LAST_SECONDS, seconds))):
            return message
        waiting()
    return None
