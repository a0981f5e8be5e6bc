"""Finds the module of a task; assignment.toml names it, as `task` of a [[trained]] question."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from graders.course.assignment import Assignment, load_assignment
from graders.training.job import Job
from graders.training.tasks.base import Task, TaskError
from sanity.core.manifest import TrainedQuestion

TASKS = ("parsing", "strings", "translation", "world")
"""Modules of this package. Each has SCORES, the lowest and highest score, and `make_task(assignment, job)`."""


def load_task(job: Job) -> Task:
    """Return the task of a job, with its data; raise TaskError if the data cannot be loaded."""
    assignment = load_assignment(job.assignment)
    task: Task = _module(trained_question(assignment, job.question)).make_task(assignment, job)
    return task


def score_range(trained: TrainedQuestion) -> tuple[float, float]:
    """Return the lowest and highest possible score of a trained question; raise TaskError for an unknown task."""
    low, high = _module(trained).SCORES
    return low, high


def require_secret_seed(trained: TrainedQuestion, data: str, seed: int) -> None:
    """Raise OptionError for a seed that a submission could guess, where that would give it the answers."""
    _module(trained).require_secret_seed(data, seed)


def trained_question(assignment: Assignment, id: str) -> TrainedQuestion:
    """Return the trained question with this id; raise TaskError, naming the known ones, if there is none."""
    for trained in assignment.manifest.trained:
        if trained.id == id:
            return trained
    known = ", ".join(trained.id for trained in assignment.manifest.trained)
    if not known:
        raise TaskError(f"{assignment.name}: this assignment has no trained question")
    raise TaskError(f"{assignment.name}: {id!r} is not a trained question: choose from {known}")


def _module(trained: TrainedQuestion) -> ModuleType:
    if trained.task not in TASKS:
        raise TaskError(f"[[trained]] {trained.id}: unknown task {trained.task!r}: choose from {', '.join(TASKS)}")
    return import_module(f"graders.training.tasks.{trained.task}")
