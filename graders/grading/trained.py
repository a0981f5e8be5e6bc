"""Adds the trained questions to the results of a class, as manual marks are added."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from graders.records.result import QuestionResult, Result
from graders.records.training import Training, TrainingError, points_earned, read, student_line, training_path
from sanity.core.manifest import Manifest, TrainedQuestion

NOT_TRAINED = "not trained yet: run `trivium train {assignment} --submission …`"
OUTDATED = (
    "this training is of other files than the current submission: run `trivium train {assignment} --submission …` again"
)
UNREADABLE = "the training cannot be read: run `trivium train {assignment} --submission …` again"


def with_trainings(results: Sequence[Result], manifest: Manifest, out: Path) -> tuple[list[Result], list[str]]:
    """Add each trained question to the results; return them, and a line for each training.json that cannot be read.

    Only a training of the graded files counts; without one the question has 0 points. If nobody in the class was
    trained, as in a student's CI, the question is left out.
    """
    problems: list[str] = []
    for trained in manifest.trained:
        if not any(training_path(out, result.submission, trained.id).exists() for result in results):
            continue
        results = [
            _with_training(result, trained, _is_right(result, manifest, trained), out, problems) for result in results
        ]
    return list(results), problems


def _is_right(result: Result, manifest: Manifest, trained: TrainedQuestion) -> bool:
    """Return whether all checked questions have full points, as far as their files are trained."""
    full = {question.id for question in result.questions if question.points == question.max_points}
    return full.issuperset(q.id for q in manifest.questions if not trained.files or q.file in trained.files)


def _with_training(result: Result, trained: TrainedQuestion, right: bool, out: Path, problems: list[str]) -> Result:
    earned, training, comment = 0.0, None, NOT_TRAINED
    try:
        training = _training_of(result, trained, out)
    except TrainingError as error:
        problems.append(str(error))
        comment = UNREADABLE
    if training and training.digest != result.digest:
        training, comment = None, OUTDATED
    if training:
        earned, comment = points_earned(training, trained, right), student_line(training, trained)
    question = QuestionResult(
        trained.id,
        trained.name,
        earned,
        trained.points,
        (),
        comment=comment.replace("{assignment}", result.assignment),
        training=training,
        metric=trained.metric,
    )
    return msgspec.structs.replace(result, questions=(*result.questions, question))


def _training_of(result: Result, trained: TrainedQuestion, out: Path) -> Training | None:
    """Return the training of a submission; raise TrainingError if the file is of another one."""
    training = read(out, result.submission, trained.id)
    if training is None:
        return None
    found = (training.assignment, training.question, training.submission)
    expected = (result.assignment, trained.id, result.submission)
    if found != expected:
        path = training_path(out, result.submission, trained.id)
        raise TrainingError(f"{path}: a training of {' '.join(found)}, expected {' '.join(expected)}; train again")
    return training
