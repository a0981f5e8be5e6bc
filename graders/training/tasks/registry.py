"""Which assignment is trained by which task."""

from __future__ import annotations

from graders.training.job import Job
from graders.training.tasks.base import Task, TaskError


def task_of(job: Job) -> Task:
    """Return the task of a job with its data; raise TaskError if there is none, or its data cannot be had."""
    if job.assignment != "a4":
        raise TaskError(f"{job.assignment}: nothing is trained in this assignment; choose a4")
    from graders.training.tasks.translation import translation

    return translation(job)
