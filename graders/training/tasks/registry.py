"""Which module trains and scores a [[trained]] question: `task` in assignment.toml names it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from graders.course.assignment import Assignment, load_assignment
from graders.training.job import Job
from graders.training.tasks.base import Task, TaskError
from sanity.core.manifest import Trained

TASKS = ("translation",)
"""Modules beside this one. Each has SCORES, the lowest and the highest score, and `make_task(assignment, job)`."""


def task_of(job: Job) -> Task:
    """Return the task of a job with its data; raise TaskError if its data cannot be had."""
    assignment = load_assignment(job.assignment)
    task: Task = _module(trained_question(assignment, job.question)).make_task(assignment, job)
    return task


def score_range(trained: Trained) -> tuple[float, float]:
    """Return the lowest and the highest score of a question that is trained; raise TaskError for an unknown task."""
    low, high = _module(trained).SCORES
    return low, high


def trained_question(assignment: Assignment, id: str) -> Trained:
    """Return the question called id; raise TaskError, naming those there are, if it is not one that is trained."""
    for trained in assignment.manifest.trained:
        if trained.id == id:
            return trained
    known = ", ".join(trained.id for trained in assignment.manifest.trained)
    if not known:
        raise TaskError(f"{assignment.name}: nothing is trained in this assignment")
    raise TaskError(f"{assignment.name}: {id!r} is not trained: choose from {known}")


def _module(trained: Trained) -> ModuleType:
    if trained.task not in TASKS:
        raise TaskError(f"[[trained]] {trained.id}: no task {trained.task!r}: choose from {', '.join(TASKS)}")
    return import_module(f"graders.training.tasks.{trained.task}")
