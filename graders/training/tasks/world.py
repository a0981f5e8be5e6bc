"""Who was born where, as a task: the submission's model reads prose about a world, and is then asked.

The prose has all facts, those of the test too; the questions for training are about other people than those of dev and
test. So the right answers are in what was read, and nowhere else.
"""

from __future__ import annotations

from graders.course.assignment import Assignment
from graders.training.job import Job
from graders.training.tasks.secret_seeds import refuse_guessable
from graders.training.tasks.transformer import SCORES, Questions, make_questions
from sanity.pretraining.world import make_world

__all__ = ["SCORES", "make_task", "require_secret_seed"]

MARGIN = 20.0
"""In percent, of 20 people: see `Task.margin`."""


def require_secret_seed(data: str, seed: int) -> None:
    """Raise OptionError if a submission could guess the seed, and with it draw the test."""
    refuse_guessable(seed)


def make_task(assignment: Assignment, job: Job) -> Questions:
    """Return the task of a job."""
    world = make_world(job.seed)
    parts = world.train, world.dev, world.test
    return make_questions(assignment, job, "world", parts, MARGIN, world.prose)
