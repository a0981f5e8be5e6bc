"""Training one submission until a score or a budget is reached.

This process never imports the submission, nor torch. It lays out a folder, starts a trainee in the sandbox, writes down
what happens (ledger.py) and scores the answers. Training and answering the test are two processes: whatever ends the
first one, the second answers with the best that there is, once. In between, in a sandbox without the submission, the
reference answers with the same weights.

    OUT/training/NAME/1h/code, data     what the trainee reads
    OUT/training/NAME/1h/work           what it writes: its checkpoints
    OUT/training/NAME/1h/events.jsonl   what happened; a run that is killed at any moment goes on from there
    OUT/training/NAME/1h/printed.txt    what the submission printed
    OUT/training/NAME/1h/training.json  how it went
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path

import graders.sandbox.inside
from graders.intake.submission import Submission
from graders.records import training as result
from graders.records.training import Training, TrainingError
from graders.sandbox.folders import lay_out, remove
from graders.sandbox.inside.protocol import Order
from graders.sandbox.profile import MAX_OPEN_FILES, Profile
from graders.sandbox.zygote import Zygote
from graders.training.cores import claimed
from graders.training.event_log import Answered, Event, EventLog, ReferenceAnswered, Scored, Stopped
from graders.training.job import Job, devices, driver_folders
from graders.training.loop import Attempt, OnStatus, answered
from graders.training.process import TrainerProcess, taken_mb
from graders.training.summary import outcome
from graders.training.tasks.base import Task

GPU_READABLE = (
    *("/proc/driver", "/proc/devices", "/proc/modules", "/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm", "/sys"),
    "/proc/self",  # of the process that is confined, and of no other
)
GPU_OPEN_FILES = 1024
"""The driver opens its devices again and again."""


def train_one(job: Job, tell: OnStatus = lambda look: None) -> Training:
    """Train one submission, or go on where an earlier call was stopped; return how it went, also if it did before.

    Raises TaskError, LedgerError or SandboxError, each one line, for what is no fault of the submission's.
    """
    from graders.training.tasks.registry import task_of

    return run(job, task_of(job), tell)


def run(job: Job, task: Task, tell: OnStatus = lambda look: None) -> Training:
    """Do what `train_one` does, for any task."""
    code, data = task.code(job.submission), task.data()
    with EventLog(job.folder, key_of(job, task, {**code, **data, **task.test_data()})) as ledger:
        if ledger.fresh:
            remove(job.folder / "work")
            for name in ("printed.txt", "training.json"):
                (job.folder / name).unlink(missing_ok=True)
            ledger.begin()
        elif done := _done(job, ledger):
            return done
        for name, files in (("code", code), ("data", data)):
            remove(job.folder / name)
            lay_out(job.folder / name, files)
        (job.folder / "work").mkdir(exist_ok=True)
        if not isinstance(ledger.events[-1], Answered):
            train_and_answer(job, task, ledger, tell)
        training = outcome(job, task, ledger.events)
        result.write(training, job.out)
        return training


def _done(job: Job, ledger: EventLog) -> Training | None:
    """Return the training, if it has ended and its file is as it was written; else that is made again."""
    try:
        return (
            result.read(job.out, job.submission.name, job.question) if isinstance(ledger.events[-1], Answered) else None
        )
    except TrainingError:
        return None


def train_and_answer(job: Job, task: Task, ledger: EventLog, tell: OnStatus) -> None:
    """Do what the ledger lacks: train until something ends it, have the reference answer the test, and answer it."""

    def done(*kinds: type[Event]) -> bool:
        return any(isinstance(event, kinds) for event in ledger.events)

    with claimed(job.limits.threads) as cores, _zygote(job, ledger.lock, "code") as zygote:
        zygote.wait_ready()
        if not done(Stopped):
            attempt = Attempt(job, task, ledger, tell)
            with _trainee(zygote, job, task, cores, "train") as trainee:
                stopped = attempt.run(trainee)
                _keep(job, trainee.printed)
            ledger.add(stopped)
        if not done(Scored):
            ledger.add(Answered(None, "it was never tried on dev"))
            return
        lay_out(job.folder / "data", task.test_data())  # not before: nobody shall learn it by heart
        if not done(ReferenceAnswered) and (reference := task.reference()):
            ledger.add(_checked(job, task, reference, ledger.lock, cores))
        with _trainee(zygote, job, task, cores, "answer") as trainee:
            answers = answered(job, task, trainee)
            _keep(job, trainee.printed)
        ledger.add(answers)


def _checked(job: Job, task: Task, reference: Submission, lock: int, cores: Collection[int]) -> ReferenceAnswered:
    """Answer the test with the reference and the weights that training left, before the submission can touch them."""
    remove(job.folder / "reference")
    lay_out(job.folder / "reference", task.code(reference))
    try:
        with (
            _zygote(job, lock, "reference") as zygote,
            _trainee(zygote, job, task, cores, "answer", "reference") as trainee,
        ):
            return ReferenceAnswered(answered(job, task, trainee).texts)
    finally:
        remove(job.folder / "reference")


def _zygote(job: Job, lock: int, code: str) -> Zygote:
    """Return a sandbox whose trainees can read this folder of code, and no other."""
    return Zygote(profile(job, lock, code), job.isolation)


def _trainee(
    zygote: Zygote, job: Job, task: Task, cores: Collection[int], step: str, code: str = "code"
) -> TrainerProcess:
    limits, work = job.limits, job.folder / "work"
    seconds = job.budget if step == "train" else limits.answering
    if step == "answer":  # even if training has filled its folder
        limits = dataclasses.replace(limits, folder_mb=limits.folder_mb + taken_mb(work, 2**20))
    order = Order(
        program=task.program,
        step=step,  # type: ignore[arg-type]
        code=str(job.folder / code),
        data=str(job.folder / "data"),
        device=job.device,
        threads=limits.threads,
        settings=dict(task.settings()),
    )
    return TrainerProcess(zygote, work, limits, seconds * limits.threads, order, cores)


def profile(job: Job, lock: int, code: str) -> Profile:
    """Return what a trainer of this job needs; code is a folder."""
    gpu = devices() if job.device != "cpu" else []
    environment = {"OMP_WAIT_POLICY": "PASSIVE"}  # where others compute too, threads that spin cost ten times the time
    driver = driver_folders() if gpu else []
    if driver:
        environment["LD_LIBRARY_PATH"] = ":".join(driver)
    if gpu:
        environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    return Profile(
        assignment=job.assignment,
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


def key_of(job: Job, task: Task, shown: Mapping[str, bytes]) -> str:
    """Return a hash over all that decides the outcome: a training with another key is another training."""
    digest = sha256()
    folders = Path(__file__).parent, Path(graders.sandbox.inside.__file__).parent
    ours = {f"{path.parent.name}/{path.name}": path.read_bytes() for folder in folders for path in folder.glob("*.py")}
    for name, content in sorted({**ours, **shown}.items()):
        digest.update(f"{len(name)} {len(content)} {name}".encode() + content)
    reference = task.reference()
    parts = (
        job.assignment,
        job.question,
        job.threshold,
        job.budget,
        job.device,
        job.seed,
        job.isolation.value,
        task.references,
    )
    digest.update(repr((*parts, reference and reference.digest, sorted(task.settings().items()))).encode())
    return digest.hexdigest()


def _keep(job: Job, printed: str) -> None:
    """Keep what the submission printed, after what it printed in earlier processes."""
    with (job.folder / "printed.txt").open("a", encoding="utf-8") as file:
        file.write(printed)
