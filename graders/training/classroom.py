"""Trains a class: each submission, or the reference, to a score or a budget. The API behind `trivium train`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from graders import engine
from graders.atomic import write_atomically
from graders.course.assignment import Assignment, load_assignment
from graders.engine.job import JobFailed
from graders.errors import OptionError
from graders.grading.recorded import require_folder_of
from graders.intake.discovery import find_class
from graders.intake.path_policy import IntakeError
from graders.intake.roster import read_roster
from graders.intake.submission import Submission, read_class, submission_of
from graders.records.training import (
    Training,
    TrainingError,
    read,
    training_path,
)
from graders.sandbox.isolation import require_walls
from graders.training.job import Job, TrainingLimits, devices
from graders.training.loop import TrainingStatus
from graders.training.options import TrainingReport, TrainOptions, Trial
from graders.training.runner import train_one
from graders.training.tasks.base import TaskError
from graders.training.tasks.registry import require_secret_seed, score_range, trained_question
from sanity.core.durations import seconds_of
from sanity.core.manifest import TrainedQuestion

OnStatus = Callable[[Job, TrainingStatus], None]
"""Called several times a second while this machine trains a submission, in any thread; not with a scheduler."""
OnTrial = Callable[[Trial], None]
"""Called with each submission as it is finished."""


def train_class(
    options: TrainOptions,
    on_status: OnStatus = lambda job, status: None,
    on_trial: OnTrial = lambda trial: None,
) -> TrainingReport:
    """Train submissions, or the reference, and write a training.json for each below `options.out`.

    A killed run resumes where it stopped, and a finished training with the same options is not repeated. `grade_class`
    with the same `out` gives the points. Raises UserError, with a one-line message, for errors that the caller can fix.
    """
    assignment = load_assignment(options.assignment)
    trained = trained_question(assignment, options.question or _only_question(assignment))
    _check_options(options, trained)
    require_folder_of(assignment.name, options.out)  # else nobody could grade with what is learnt for hours
    submissions, trials = _submissions(options, assignment)
    if not submissions:
        raise IntakeError(trials[0].problem)
    for trial in trials:
        on_trial(trial)
    jobs = _jobs(options, assignment, trained, submissions)
    require_walls(options.isolation)
    before = {job.submission.name: _earlier(job) for job in jobs}

    def done(job: Job, outcome: Training | JobFailed) -> None:
        name = job.submission.name
        if isinstance(outcome, Training):
            path = training_path(options.out, name, job.question)
            trial = Trial(name, outcome, path=path, known=outcome == before[name])
        else:
            trial = Trial(name, None, f"{name}: could not be trained: {outcome.message}")
        trials.append(trial)
        on_trial(trial)

    gpu = options.device == "cuda" or (options.device == "auto" and devices())
    engine.run(
        jobs,
        train_one,
        done,
        told=on_status,
        share=options.jobs,
        scheduler=options.scheduler,
        resource="GPU" if gpu else "CPU",
    )
    return TrainingReport(tuple(trials))


def _only_question(assignment: Assignment) -> str:
    """Return the id of the question that is trained; raise OptionError if there are several."""
    ids = [trained.id for trained in assignment.manifest.trained]
    if len(ids) > 1:
        raise OptionError(f"{assignment.name} has several trained questions: choose one, such as --question {ids[0]}")
    return ids[0] if ids else ""


def _check_options(options: TrainOptions, trained: TrainedQuestion) -> None:
    """Raise OptionError or TaskError for options that do not fit the question or this machine."""
    low, high = score_range(trained)
    if options.score is not None and not low <= options.score <= high:
        raise OptionError(f"--score {options.score:g}: expected a {trained.metric} from {low:g} to {high:g}")
    if options.paths and options.seed is not None:
        require_secret_seed(trained, options.data or trained.data, options.seed)
    if options.device == "cuda" and not options.scheduler and not devices():  # a cluster's workers are other machines
        raise TaskError("--device cuda: this machine has no NVIDIA GPU; try --device cpu")


def _submissions(options: TrainOptions, assignment: Assignment) -> tuple[list[Submission], list[Trial]]:
    """Return the submissions to train, and a Trial for each that cannot be read."""
    if not options.paths:
        files = {**assignment.reference, **assignment.staff}
        return [submission_of("reference", files, assignment.solutions)], []
    roster = read_roster(options.roster) if options.roster else None
    found, unread = [], []
    for submission, problem in read_class(
        find_class(options.paths, assignment.manifest, roster).found, assignment.manifest
    ):
        if problem:
            unread.append(Trial(submission.name, None, f"{submission.name}: not read: {problem}"))
        else:
            found.append(submission)
    return found, unread


def _jobs(
    options: TrainOptions, assignment: Assignment, trained: TrainedQuestion, submissions: list[Submission]
) -> list[Job]:
    """Return a job for each submission."""
    limits = TrainingLimits()
    share = {
        "threads": max(1, limits.threads // options.jobs),
        "memory_mb": limits.memory_mb // options.jobs,
    }
    job = Job(
        assignment=assignment.name,
        question=trained.id,
        submission=submissions[0],
        out=options.out,
        threshold=trained.threshold if options.score is None else options.score,
        budget=_seconds(options.budget) if options.budget else trained.seconds,
        data=options.data or trained.data,
        device=options.device,
        seed=_seed(options),
        isolation=options.isolation,
        limits=replace(limits, **share),
        legacy=assignment.manifest.legacy,
        staff_model=not options.paths and options.staff_model,
    )
    return [replace(job, submission=submission) for submission in submissions]


def _seconds(budget: str) -> float:
    try:
        return seconds_of(budget)
    except ValueError as error:
        raise OptionError(f"--budget {error}") from None


def _seed(options: TrainOptions) -> int:
    """Return the given seed; else that of the last run in `out`, so that a killed run resumes; else a random one."""
    path = options.out / "training" / ".seed"  # no submission's folder begins with a dot
    if options.seed is None:
        try:
            return int(path.read_text())
        except (FileNotFoundError, ValueError):
            pass
    seed = secrets.randbits(63) if options.seed is None else options.seed
    write_atomically(path, f"{seed}\n")
    return seed


def _earlier(job: Job) -> Training | None:
    """Return the training of an earlier run; None if there is none or it cannot be read."""
    try:
        return read(job.out, job.submission.name, job.question)
    except TrainingError:
        return None
