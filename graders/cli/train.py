"""`trivium train`: progress, a line for each training, and the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from graders.cli.terminal import echo, error, is_terminal
from graders.errors import refuse_unused
from graders.records.training import Training
from graders.sandbox.isolation import Isolation
from graders.text.numbers import number
from graders.training.ablations import run_ablations
from graders.training.classroom import OnStatus, train_class
from graders.training.job import Job
from graders.training.loop import TrainingStatus
from graders.training.options import TrainOptions, Trial
from sanity.core.durations import duration_text


def train(args: argparse.Namespace) -> int:
    """Train submissions or the reference and print the results; return the exit status."""
    options = TrainOptions(
        assignment=args.assignment,
        paths=args.submission or (),
        question=args.question,
        staff_model=not args.plain,
        score=args.score,
        budget=args.budget,
        data=args.data,
        device=args.device,
        seed=args.seed,
        jobs=args.jobs,
        scheduler=args.scheduler,
        roster=args.roster,
        out=args.out,
        isolation=Isolation(args.isolation),
    )
    if args.ablations:
        unused = {"--plain": args.plain, "--score": args.score is not None, "--budget": bool(args.budget)}
        unused |= {"--scheduler": bool(args.scheduler), "--jobs": args.jobs != 1, "--question": bool(args.question)}
        refuse_unused(unused, "--ablations trains all variants alike")
        return run_ablations(options)
    with _progress() as on_status:
        report = train_class(options, on_status, _print)
    for line in report.problems:
        error(line)
    return 0 if report.all_reached else 1


def _print(trial: Trial) -> None:
    if trial.training:
        echo(f"{line_of(trial.training)}{' (trained before)' * trial.known}\n  {trial.path}")


def line_of(training: Training) -> str:
    """Return the result of a training as one line."""
    score = "no score"
    if training.score is not None and training.low is not None and training.high is not None:
        score = f"{training.metric} {number(training.score)} ({number(training.low)} to {number(training.high)})"
    dev = f", {number(training.best_dev)} on dev" if training.best_dev is not None else ""
    speed = f"{training.words_per_second:,.0f} words/s on {training.device}"
    return (
        f"{training.submission}: {score}{dev}; {training.stop_reason} after {number(training.seconds)} s "
        f"and {training.updates} updates, {speed}: {training.message}"
    )


@contextmanager
def _progress() -> Iterator[OnStatus]:
    """Show progress on standard error: a bar on a terminal, else a line for each validation."""
    if is_terminal(sys.stderr):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            tasks: dict[str, TaskID] = {}

            def move(job: Job, status: TrainingStatus) -> None:
                name = job.submission.name
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=job.budget)
                score = "" if status.score is None else f", {number(status.score)} of {number(job.threshold)} on dev"
                description = f"{name[:24]}: update {status.update}{score}"
                bar.update(tasks[name], completed=status.seconds, description=description)

            yield move
        return

    def line(job: Job, status: TrainingStatus) -> None:
        if status.validated:
            dev = f"{number(status.score or 0)} of {number(job.threshold)} on dev"
            time = f"{status.seconds:.0f} s of {duration_text(job.budget)}"
            error(f"{job.submission.name[:24]}: update {status.update}, {dev}, {time}")

    yield line
