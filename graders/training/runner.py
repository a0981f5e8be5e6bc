"""Training one submission until a score or a budget is reached.

This process never imports the submission, nor torch. It lays out a folder, starts a trainee in the sandbox, writes down
what happens (ledger.py) and scores the answers. Training and answering the test are two processes: whatever ends the
first one, the second answers with the best that there is, once.

    OUT/training/NAME/code, data     what the trainee reads
    OUT/training/NAME/work           what it writes: its checkpoints
    OUT/training/NAME/events.jsonl   what happened; a run that is killed at any moment goes on from there
    OUT/training/NAME/printed.txt    what the submission printed
    OUT/training/NAME/training.json  how it went
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import graders.box
from graders.box.talk import Order
from graders.sandbox import MAX_OPEN_FILES, Purpose, Zygote, lay_out, remove
from graders.training import result
from graders.training.attempt import Attempt, OnLook, answered
from graders.training.job import Job, devices, driver_folders
from graders.training.ledger import Answered, Ledger, Scored, Stopped
from graders.training.outcome import outcome
from graders.training.process import Trainee, taken_mb
from graders.training.result import Training, TrainingError
from graders.training.task import Task

GPU_READABLE = (
    *("/proc/driver", "/proc/devices", "/proc/modules", "/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm", "/sys"),
    "/proc/self",  # of the process that is confined, and of no other
)
GPU_OPEN_FILES = 1024
"""The driver opens its devices again and again."""


def train_one(job: Job, tell: OnLook = lambda look: None) -> Training:
    """Train one submission, or go on where an earlier call was stopped; return how it went, also if it did before.

    Raises TaskError, LedgerError or SandboxError, each one line, for what is no fault of the submission's.
    """
    from graders.training.tasks import task_of

    return run(job, task_of(job), tell)


def run(job: Job, task: Task, tell: OnLook = lambda look: None) -> Training:
    """Do what `train_one` does, for any task."""
    code, data = task.code(job.submission), task.data()
    with Ledger(job.folder, key_of(job, task, code, data)) as ledger:
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
            manifest = dataclasses.replace(task.manifest, memory_mb=job.limits.memory_mb)
            with Zygote(manifest, job.isolation, purpose(job, ledger.lock)) as zygote:
                train_and_answer(zygote, job, task, ledger, tell)
        training = outcome(job, task, ledger.events)
        result.write(training, job.out)
        return training


def _done(job: Job, ledger: Ledger) -> Training | None:
    """Return the training, if it has ended and its file is as it was written; else that is made again."""
    try:
        return result.read(job.out, job.submission.name) if isinstance(ledger.events[-1], Answered) else None
    except TrainingError:
        return None


def train_and_answer(zygote: Zygote, job: Job, task: Task, ledger: Ledger, tell: OnLook) -> None:
    """Do what the ledger lacks: train until something ends it, and answer the test."""
    zygote.wait_ready()
    if not isinstance(ledger.events[-1], Stopped):
        attempt = Attempt(job, task, ledger, tell)
        with _trainee(zygote, job, task, "train") as trainee:
            stopped = attempt.run(trainee)
            _keep(job, trainee.printed)
        ledger.add(stopped)
    if not any(isinstance(event, Scored) for event in ledger.events):
        ledger.add(Answered(None, "it was never tried on dev"))
        return
    with _trainee(zygote, job, task, "answer") as trainee:
        answers = answered(job, task, trainee)
        _keep(job, trainee.printed)
    ledger.add(answers)


def _trainee(zygote: Zygote, job: Job, task: Task, step: str) -> Trainee:
    limits, work = job.limits, job.folder / "work"
    seconds = job.budget if step == "train" else limits.answering
    if step == "answer":  # even if training has filled its folder
        limits = dataclasses.replace(limits, folder_mb=limits.folder_mb + taken_mb(work, 2**20))
    order = Order(
        program=task.program,
        step=step,  # type: ignore[arg-type]
        code=str(job.folder / "code"),
        data=str(job.folder / "data"),
        device=job.device,
        threads=limits.threads,
        settings=dict(task.settings()),
    )
    return Trainee(zygote, work, limits, seconds * limits.threads, order)


def purpose(job: Job, lock: int) -> Purpose:
    """Return what the sandbox of a training must let through."""
    gpu = devices() if job.device != "cpu" else []
    environment = {"OMP_WAIT_POLICY": "PASSIVE"}  # where others compute too, threads that spin cost ten times the time
    driver = driver_folders() if gpu else []
    if driver:
        environment["LD_LIBRARY_PATH"] = ":".join(driver)
    if gpu:
        environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    return Purpose(
        server="graders.box.trainee",
        readable=(str(job.folder / "code"), str(job.folder / "data"), *(GPU_READABLE if gpu else ()), *driver),
        writable=(str(job.folder / "work"), *gpu),
        environment=environment,
        address_space=not gpu,
        file_bytes=job.limits.file_mb * 2**20,
        open_files=GPU_OPEN_FILES if gpu else MAX_OPEN_FILES,
        inherited=(lock,),
    )


def key_of(job: Job, task: Task, code: Mapping[str, bytes], data: Mapping[str, bytes]) -> str:
    """Return a hash over all that decides the outcome: a training with another key is another training."""
    digest = sha256()
    folders = Path(__file__).parent, Path(graders.box.__file__).parent
    ours = {f"{path.parent.name}/{path.name}": path.read_bytes() for folder in folders for path in folder.glob("*.py")}
    for name, content in sorted({**ours, **code, **data}.items()):
        digest.update(f"{len(name)} {len(content)} {name}".encode() + content)
    parts = (job.assignment, job.threshold, job.budget, job.device, job.seed, job.isolation.value, task.references)
    digest.update(repr((*parts, sorted(task.settings().items()))).encode())
    return digest.hexdigest()


def _keep(job: Job, printed: str) -> None:
    """Keep what the submission printed, after what it printed in earlier processes."""
    with (job.folder / "printed.txt").open("a", encoding="utf-8") as file:
        file.write(printed)
