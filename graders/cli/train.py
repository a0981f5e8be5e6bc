"""`trivium train`: submissions, or the reference, trained to a score or a budget, with progress and a line for each."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from graders.atomic import write_atomically
from graders.course.assignment import handout_folder, solution_folder
from graders.engine.dask import Failed, train_class
from graders.grading.plan import python_files
from graders.intake.discovery import find_submissions
from graders.intake.path_policy import IntakeError
from graders.intake.submission import Submission, read_submission, submission_name
from graders.records.training import (
    Training,
    TrainingError,
    is_batch_sensitive,
    mismatches_reference,
    read,
    training_path,
)
from graders.sandbox.isolation import Isolation, SandboxError, require_walls
from graders.text.numbers import duration, number
from graders.training.event_log import EventLogError
from graders.training.job import Job, Limits, devices
from graders.training.loop import OnStatus, TrainingStatus
from graders.training.runner import train_one
from graders.training.tasks.base import TaskError
from sanity.core.manifest import Manifest, ManifestError, read_manifest, seconds_of

FAST = "fast_nmt.FastNMT"
"""The reference's model that is the same and trains faster: among what staff have beside the reference."""
MOST_JOBS = 64
GUESSABLE = 2**48
"""A submission can try all seeds below in its time, until one draws the sentences that it is trained on."""


def train_and_report(args: argparse.Namespace) -> int:
    """Do what `trivium train` was asked; return the exit status."""
    manifest = read_manifest(handout_folder(args.assignment))
    if not manifest.trained:
        raise TaskError(f"{args.assignment}: nothing is trained in this assignment")
    _refuse_unused(args)
    if args.ablations:
        return _ablations(args)
    submissions, unread = _submissions(args, manifest)
    jobs = _jobs(args, manifest, submissions)
    require_walls(jobs[0].isolation)
    before = {job.submission.name: _earlier(job) for job in jobs}
    failed = [*unread]
    below = doubted = 0

    def done(job: Job, outcome: Training | Failed) -> None:
        nonlocal below, doubted
        if isinstance(outcome, Failed):
            failed.append(f"{job.submission.name}: {outcome.message}")
            return
        below += outcome.score is None or outcome.score < outcome.threshold
        doubted += is_batch_sensitive(outcome.changed) or mismatches_reference(outcome.reference_mismatch)
        again = " (trained before)" if outcome == before[job.submission.name] else ""
        print(f"{line_of(outcome)}{again}\n  {training_path(args.out, outcome.submission)}", flush=True)

    if args.jobs > 1 or args.scheduler:
        resource = "GPU" if args.device == "cuda" or (args.device == "auto" and devices()) else "CPU"
        train_class(jobs, train_one, done, resource=resource, share=args.jobs, scheduler=args.scheduler)
    else:
        for job in jobs:
            with progress(job) as tell:
                outcome = _attempted(job, tell)
            done(job, outcome)
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed or below or doubted else 0


def _refuse_unused(args: argparse.Namespace) -> None:
    """Raise ManifestError for an option that would change nothing."""
    if args.plain and not args.reference:
        raise ManifestError("--plain: is of --reference only; leave it out")
    if args.ablations:
        given = {"bleu": args.bleu, "budget": args.budget, "scheduler": args.scheduler, "jobs": args.jobs != 1}
        for name in (name for name, value in given.items() if value not in (None, False)):
            raise ManifestError(
                f"--{name}: --ablations has no use for it: all variants are trained alike; leave it out"
            )


def _earlier(job: Job) -> Training | None:
    """Return the training that an earlier run has left, if there is one that can be read."""
    try:
        return read(job.out, job.submission.name)
    except TrainingError:
        return None


def _ablations(args: argparse.Namespace) -> int:
    """Run the staff's ablations, which are trusted: without a sandbox. Return their exit status."""
    options = {"--data": args.data, "--seed": args.seed, "--device": args.device, "--out": args.out / "ablations"}
    given = [str(part) for option in options.items() if option[1] is not None for part in option]
    script = solution_folder(args.assignment) / "staff" / "ablations.py"
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.run([sys.executable, str(script), *given], env=environment, check=False).returncode


def _submissions(args: argparse.Namespace, manifest: Manifest) -> tuple[list[Submission], list[str]]:
    """Return what to train, and a line for each submission that cannot be read."""
    if args.reference:
        folder = solution_folder(args.assignment)
        reference = read_submission(folder, manifest)
        files = {**reference.files, **python_files(folder / "staff")}
        return [replace(reference, name="reference", files=files)], []
    found, problems, names = [], [], Counter[str]()
    for path in find_submissions(args.submission, manifest):
        name = submission_name(path)
        names[name] += 1
        name += f" ({names[name]})" * (names[name] > 1)  # as `trivium grade` calls it
        try:
            found.append(replace(read_submission(path, manifest), name=name))
        except IntakeError as error:
            problems.append(f"cannot read this submission: {error}")
    if not found:
        raise IntakeError(problems[0])
    return found, problems


def _jobs(args: argparse.Namespace, manifest: Manifest, submissions: list[Submission]) -> list[Job]:
    """Return a job for each submission; raise ManifestError or TaskError for options that cannot be."""
    [trained] = manifest.trained
    if args.bleu is not None and not 0 <= args.bleu <= 100:
        raise ManifestError(f"--bleu {args.bleu:g}: expected a number from 0 to 100")
    if not 1 <= args.jobs <= MOST_JOBS:
        raise ManifestError(f"--jobs {args.jobs}: expected a number from 1 to {MOST_JOBS}")
    if args.seed is not None and not 0 <= args.seed < 2**63:
        raise ManifestError(f"--seed {args.seed}: expected a number from 0 to {2**63 - 1}")
    data = args.data or trained.data
    if args.submission and data == "toy" and args.seed is not None and args.seed < GUESSABLE:
        raise ManifestError(
            f"--seed {args.seed}: a submission could guess it, and draw the test: leave it out, or take one from "
            f"{GUESSABLE} on"
        )
    if args.device == "cuda" and not args.scheduler and not devices():  # the workers of a cluster have their own
        raise TaskError("--device cuda: this machine has no NVIDIA GPU; try --device cpu")
    limits = Limits()
    job = Job(
        assignment=args.assignment,
        submission=submissions[0],
        out=args.out,
        threshold=trained.threshold if args.bleu is None else args.bleu,
        budget=trained.budget if args.budget is None else seconds_of(args.budget),
        data=data,
        device=args.device,
        seed=_seed(args),
        isolation=Isolation(args.isolation),
        limits=replace(limits, threads=max(1, limits.threads // args.jobs), memory_mb=limits.memory_mb // args.jobs),
    )
    fast = args.reference and not args.plain and "fast_nmt.py" in submissions[0].files
    return [replace(job, submission=submission, model=FAST if fast else "") for submission in submissions]


def _seed(args: argparse.Namespace) -> int:
    """Return the seed asked for, or that of the last run in OUT, so that a killed run goes on; else a new one."""
    path: Path = args.out / "training" / ".seed"  # no submission's folder begins with a dot
    if args.seed is None:
        try:
            return int(path.read_text())
        except (FileNotFoundError, ValueError):
            pass
    seed: int = secrets.randbits(63) if args.seed is None else args.seed
    write_atomically(path, f"{seed}\n")
    return seed


def _attempted(job: Job, tell: OnStatus) -> Training | Failed:
    """Train, or say why that failed for no fault of the submission's. Raises TaskError, which all would meet."""
    try:
        return train_one(job, tell)
    except (EventLogError, SandboxError) as error:
        return Failed(f"could not be trained: {error}")
    except OSError as error:  # a full disk
        return Failed(f"could not be trained: {error.filename or job.folder}: {error.strerror or error}")


def line_of(training: Training) -> str:
    """Return how a training went, in one line."""
    score = "no score"
    if training.score is not None and training.low is not None and training.high is not None:
        score = f"{training.metric} {number(training.score)} ({number(training.low)} to {number(training.high)})"
    dev = f", {number(training.best_dev)} on dev" if training.best_dev is not None else ""
    speed = f"{training.words_per_second:,.0f} words/s on {training.device}"
    return (
        f"{training.submission}: {score}{dev}; {training.ended} after {number(training.seconds)} s "
        f"and {training.updates} updates, {speed}: {training.message}"
    )


@contextmanager
def progress(job: Job) -> Iterator[OnStatus]:
    """Show progress on standard error: a bar on a terminal, else a line for each look at dev."""
    name, aim = job.submission.name[:24], f"of {number(job.threshold)}"
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            shown = escape(name)  # a folder may be called [red]
            task = bar.add_task(f"{shown}: starting", total=job.budget)

            def move(look: TrainingStatus) -> None:
                score = "" if look.score is None else f", {number(look.score)} {aim} on dev"
                bar.update(task, completed=look.seconds, description=f"{shown}: update {look.update}{score}")

            yield move
        return

    def line(look: TrainingStatus) -> None:
        if look.judged:
            said = f"{number(look.score or 0)} {aim} on dev, {look.seconds:.0f} s of {duration(job.budget)}"
            print(f"{name}: update {look.update}, {said}", file=sys.stderr, flush=True)

    yield line
