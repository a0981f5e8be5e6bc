"""Copying and reversing strings as a task: the submission's model learns from the strings alone."""

from __future__ import annotations

from graders.course.assignment import Assignment
from graders.training.job import Job
from graders.training.tasks.secret_seeds import refuse_guessable
from graders.training.tasks.transformer import SCORES, Questions, make_questions
from sanity.pretraining.strings import make_strings

__all__ = ["SCORES", "make_task", "require_secret_seed"]

MARGIN = 5.0
"""In percent: see `Task.margin`."""


def require_secret_seed(data: str, seed: int) -> None:
    """Raise OptionError if a submission could guess the seed, and with it draw the test."""
    refuse_guessable(seed)


def make_task(assignment: Assignment, job: Job) -> Questions:
    """Return the task of a job."""
    return make_questions(assignment, job, "strings", make_strings(job.seed), MARGIN)
