"""Training one submission until a score or a budget is reached.

This process never imports the submission, nor torch. It writes a folder, starts a trainer in the sandbox, logs events
(event_log.py) and scores the answers. Training and answering the test are two processes: however the first one ends,
the second answers the test once, with the best model so far. Between them the reference answers the test with the same
weights, in a sandbox without the submission.

    OUT/training/NAME/1h/code, data     read by the trainer
    OUT/training/NAME/1h/work           written by the trainer: its checkpoints
    OUT/training/NAME/1h/events.jsonl   the event log, from which a killed run resumes
    OUT/training/NAME/1h/printed.txt    output of the submission
    OUT/training/NAME/1h/training.json  the result
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path

import graders.sandbox.inside
from graders.intake.submission import Submission
from graders.records import training as result
from graders.records.training import Training, TrainingError
from graders.sandbox.folders import lay_out, remove
from graders.sandbox.inside.protocol import Order
from graders.sandbox.isolation import SandboxError
from graders.sandbox.profile import MAX_OPEN_FILES, Profile
from graders.sandbox.zygote import Zygote
from graders.training.core_claims import claim_cores
from graders.training.endings import Ending
from graders.training.event_log import Answered, Event, EventLog, ReferenceAnswered, Scored, Stopped
from graders.training.job import Job, devices, driver_folders
from graders.training.loop import OnStatus, TrainingLoop, TrainingStatus, collect_answers
from graders.training.process import TrainerProcess, folder_mb
from graders.training.summary import summarize
from graders.training.tasks.base import Task

GPU_READABLE = (
    *("/proc/driver", "/proc/devices", "/proc/modules", "/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm", "/sys"),
    "/proc/self",  # resolved when the process is confined: its own entry only
)
GPU_OPEN_FILES = 1024
"""NVIDIA's driver opens its devices many times."""


def train_one(job: Job, on_status: OnStatus = lambda status: None) -> Training:
    """Train one submission and return the result; resume a run that was stopped, and return a finished one at once.

    Raises TaskError, EventLogError or SandboxError, each one line, for problems that the submission did not cause.
    """
    from graders.training.tasks.registry import load_task

    return run(job, load_task(job), on_status)


def run(job: Job, task: Task, on_status: OnStatus = lambda status: None) -> Training:
    """Do the same as `train_one`, for a given task."""
    code, data = task.code(job.submission), task.data()
    with EventLog(job.folder, training_key(job, task, {**code, **data, **task.test_data()})) as event_log:
        if event_log.fresh:
            remove(job.folder / "work")
            for name in ("printed.txt", "training.json"):
                (job.folder / name).unlink(missing_ok=True)
            event_log.begin()
        elif done := _finished_training(job, event_log):
            return done
        for name, files in (("code", code), ("data", data)):
            remove(job.folder / name)
            lay_out(job.folder / name, files)
        (job.folder / "work").mkdir(exist_ok=True)
        if not isinstance(event_log.events[-1], Answered):
            train_and_answer(job, task, event_log, on_status)
        training = summarize(job, task, event_log.events)
        result.write(training, job.out)
        return training


def _finished_training(job: Job, event_log: EventLog) -> Training | None:
    """Return the result of a finished training; None if it is not finished or its file must be written again."""
    try:
        return (
            result.read(job.out, job.submission.name, job.question)
            if isinstance(event_log.events[-1], Answered)
            else None
        )
    except TrainingError:
        return None


def train_and_answer(job: Job, task: Task, event_log: EventLog, on_status: OnStatus) -> None:
    """Do the steps that the event log lacks: train, let the reference answer the test, answer the test."""

    def has(kind: type[Event]) -> bool:
        return any(isinstance(event, kind) for event in event_log.events)

    with claim_cores(job.limits.threads) as cores, _start_zygote(job, event_log.lock, "code") as zygote:
        zygote.wait_ready()
        if not has(Stopped):
            loop = TrainingLoop(job, task, event_log, on_status)
            with _start_trainer(zygote, job, task, cores, "train") as trainer:
                stopped = loop.run(trainer)
                _save_output(job, trainer.printed)
            event_log.add(stopped)
        scored = [event for event in event_log.events if isinstance(event, Scored)]
        if not scored:
            event_log.add(Answered(None, "it was never scored on dev"))
            return
        last = TrainingStatus(scored[-1].update, scored[-1].seconds, scored[-1].score, validated=False)
        waiting = partial(on_status, last)
        lay_out(job.folder / "data", task.test_data())  # only now, so that training cannot memorise the test sentences
        if not has(ReferenceAnswered) and (reference := task.reference()):
            event_log.add(_reference_answers(job, task, reference, event_log.lock, cores, waiting))
        with _start_trainer(zygote, job, task, cores, "answer") as trainer:
            answers = collect_answers(job, task, trainer, waiting)
            _save_output(job, trainer.printed)
        event_log.add(Answered(None, answers.message) if isinstance(answers, Ending) else answers)


def _reference_answers(
    job: Job, task: Task, reference: Submission, lock: int, cores: Collection[int], waiting: Callable[[], None]
) -> ReferenceAnswered:
    """Answer the test with the reference and the trained weights, before the submission can change the weights.

    An exception means that the weights do not fit. Raises SandboxError if there are no answers for any other reason,
    such as time or memory: that is not the submission's failure, and the same command tries it again.
    """
    remove(job.folder / "reference")
    lay_out(job.folder / "reference", task.code(reference))
    try:
        with (
            _start_zygote(job, lock, "reference") as zygote,
            _start_trainer(zygote, job, task, cores, "answer", "reference") as trainer,
        ):
            answers = collect_answers(job, task, trainer, waiting, "answering the test with the reference")
            if not isinstance(answers, Ending):
                return ReferenceAnswered(answers.texts)
            if answers.raised or not answers.comparable:
                return ReferenceAnswered(None, answers.comparable)
            raise SandboxError(f"{answers.message}; nothing is decided yet: run the same command again")
    finally:
        remove(job.folder / "reference")


def _start_zygote(job: Job, lock: int, code: str) -> Zygote:
    """Return a sandbox whose trainers can read this folder of code and no other."""
    return Zygote(profile(job, lock, code), job.isolation)


def _start_trainer(
    zygote: Zygote, job: Job, task: Task, cores: Collection[int], step: str, code: str = "code"
) -> TrainerProcess:
    """Start a trainer for one step; `code` is the folder with the code that it runs."""
    limits, work = job.limits, job.folder / "work"
    seconds = job.budget + limits.last_look_in(job.budget) if step == "train" else limits.answering
    if step == "answer":  # the checkpoints of training do not count again
        limits = dataclasses.replace(limits, folder_mb=limits.folder_mb + folder_mb(work, 2**20))
    order = Order(
        program=task.program,
        step=step,  # type: ignore[arg-type]
        code=str(job.folder / code),
        modules=[name for name in job.submission.files if name.endswith(".py")],
        data=str(job.folder / "data"),
        device=job.device,
        threads=limits.threads,
        settings=dict(task.settings()),
    )
    return TrainerProcess(zygote, work, limits, seconds, order, cores)


def profile(job: Job, lock: int, code: str) -> Profile:
    """Return the profile of a job's trainers; `code` is the folder with the code that they run."""
    gpu = devices() if job.device != "cpu" else []
    environment = {"OMP_WAIT_POLICY": "PASSIVE"}  # on a busy machine, spinning threads cost ten times the time
    driver = driver_folders() if gpu else []
    if driver:
        environment["LD_LIBRARY_PATH"] = ":".join(driver)
    if gpu:
        environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    return Profile(
        assignment=job.assignment,
        legacy=job.legacy,
        modules=(),
        memory_mb=job.limits.memory_mb,
        server="graders.sandbox.inside.trainer",
        readable=(str(job.folder / code), str(job.folder / "data"), *(GPU_READABLE if gpu else ()), *driver),
        writable=(str(job.folder / "work"), *gpu),
        environment=environment,
        address_space=not gpu,
        file_bytes=job.limits.file_mb * 2**20,
        open_files=GPU_OPEN_FILES if gpu else MAX_OPEN_FILES,
        inherited=(lock,),
    )


def training_key(job: Job, task: Task, files: Mapping[str, bytes]) -> str:
    """Return a hash of everything that the result depends on: the graders' code, the job, the task and its files.

    A folder whose event log has another key belongs to another training, and is started again.
    """
    digest = sha256()
    folders = Path(__file__).parent, Path(graders.sandbox.inside.__file__).parent
    ours = {f"{path.parent.name}/{path.name}": path.read_bytes() for folder in folders for path in folder.glob("*.py")}
    for name, content in sorted({**ours, **files}.items()):
        digest.update(f"{len(name)} {len(content)} {name}".encode() + content)
    reference = task.reference()
    parts = (
        job.assignment,
        job.question,
        job.threshold,
        job.budget,
        job.device,
        job.seed,
        job.legacy,
        job.isolation.value,
        task.references,
    )
    digest.update(repr((*parts, reference and reference.digest, sorted(task.settings().items()))).encode())
    return digest.hexdigest()


def _save_output(job: Job, printed: str) -> None:
    """Append a process's output to printed.txt."""
    with (job.folder / "printed.txt").open("a", encoding="utf-8") as file:
        file.write(printed)
