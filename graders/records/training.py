"""Training: the result of training one submission. `trivium train` writes it, `trivium grade` gives points for it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from graders.atomic import write_atomically
from graders.text.numbers import number
from graders.text.safe_names import safe_names
from sanity.core.errors import UserError
from sanity.core.manifest import TrainedQuestion

MOST_BATCH_SENSITIVE = 0.02
"""Largest share of answers that may change with the other sentences of the batch. A correct model has nearly none: only
where rounding decides."""
MOST_MISMATCHED = 0.05
"""Largest share of answers that may differ from the reference's with the same weights. A correct model has none."""


class StopReason(StrEnum):
    """Why a training ended."""

    REACHED = "reached"
    """The score that earns all points."""
    BUDGET = "budget"
    """The budget was used up."""
    CONVERGED = "converged"
    """The loop ended by itself: the score on dev stopped rising, or the recipe's limit was reached."""
    DIVERGED = "diverged"
    """The loss was no longer a finite number."""
    STALLED = "stalled"
    """The loss did not fall."""
    HUNG = "hung"
    """The trainer sent no message for too long."""
    CRASHED = "crashed"
    """The submission's code raised an error, or its process died."""
    OUT_OF_MEMORY = "out of memory"
    BROKEN = "broken"
    """A message from the sandbox broke the protocol."""


class Point(msgspec.Struct, frozen=True):
    """A point of the training curves; None for what was not measured at this update."""

    update: int
    seconds: float
    """Since training started."""
    loss: float | None
    """Of the training batches since the last point."""
    perplexity: float | None
    score: float | None
    """On dev, computed outside the sandbox."""


class AttentionMap(msgspec.Struct, frozen=True):
    """What a model attended to as it gave one answer."""

    source: list[str]
    """The words or characters that were read."""
    target: list[str]
    """What read them: words of the answer, or heads."""
    weights: list[list[float]]
    """(target, source), from 0 to 1."""


class Training(msgspec.Struct, frozen=True):
    """One submission, trained. The only texts from the sandbox are its answers, in `samples` and `attention`."""

    assignment: str
    question: str
    submission: str
    digest: str
    """Hash of the submitted files' contents, as in `graders.records.result.Result`."""
    stop_reason: StopReason
    message: str
    """One line for the student, in our words only: why training ended, and what to do."""
    metric: str
    score: float | None
    """On the test, which is answered once, at the end; None if it was not answered."""
    low: float | None
    """Lower bound of the score's 95 % bootstrap interval; `high` is its upper bound."""
    high: float | None
    other_scores: dict[str, float]
    """Scores on the test by the names of other metrics."""
    best_dev: float | None
    threshold: float
    """The score at which training stopped."""
    signature: str
    """The metric's description of how the score was computed, such as sacreBLEU's."""
    batch_sensitivity: float | None
    """The share of sentences answered differently in a batch with other sentences; None if not measured."""
    reference_mismatch: float | None
    """The share of answers that differ from the reference's with the same weights; None if not measured."""
    seed: int
    device: str
    versions: dict[str, str]
    data: str
    """Name of the data, as in assignment.toml."""
    seconds: float
    """Of training, by the clock; `cpu_seconds` is processor time."""
    cpu_seconds: float
    seconds_to_threshold: float | None
    words_per_second: float
    updates: int
    curve: tuple[Point, ...]
    samples: tuple[tuple[str, str, str], ...]
    """A few sentences of the test, each with its right answer and the model's, for staff."""
    attention: tuple[AttentionMap, ...] = ()
    """Of a few sentences of the test, for staff."""


class TrainingError(UserError):
    """A training.json cannot be read, or belongs to another training."""


def is_batch_sensitive(batch_sensitivity: float | None) -> bool:
    """Return whether answers depend on the other sentences of their batch, beyond rounding."""
    return batch_sensitivity is not None and batch_sensitivity > MOST_BATCH_SENSITIVE


def mismatches_reference(reference_mismatch: float | None) -> bool:
    """Return whether answers differ from the reference's, which a correct model's never do."""
    return reference_mismatch is not None and reference_mismatch > MOST_MISMATCHED


def points_earned(training: Training, trained: TrainedQuestion, right: bool) -> float:
    """Return the points of a training, by its score rounded to two decimals, whatever its stop reason.

    Args:
        training: the training.
        trained: the question, with its thresholds.
        right: whether the submission has full points in the questions on what is trained, so that its model is correct.

    A training earns 0 points on other data than the question's, as the thresholds are for that; if its answers depend
    on the batch, so that the score is arbitrary; and if a correct model answers differently from the reference with the
    same weights, so that the answers come from something else.
    """
    if training.score is None or training.data != trained.data or is_batch_sensitive(training.batch_sensitivity):
        return 0.0
    if right and mismatches_reference(training.reference_mismatch):
        return 0.0
    return trained.earned(round(training.score, 2))


def student_line(training: Training, trained: TrainedQuestion) -> str:
    """Return one line for the student: the score, what earns the next points, and why training ended."""
    if training.data != trained.data:
        return f"trained on {training.data}, but only {trained.data} earns points; {training.message}"
    if training.score is None:
        return f"no {training.metric}; {training.message}"
    score = round(training.score, 2)
    line = f"{training.metric} {number(score)}"
    if training.low is not None and training.high is not None:
        line += f" ({number(training.low)} to {number(training.high)})"
    line += f" on {training.data}"
    for least, worth in trained.thresholds:
        if least > score:
            return f"{line}; {training.metric} {number(least)} earns {number(worth)} points; {training.message}"
    return f"{line}; {training.message}"


def training_folder(out: Path, submission: str, question: str) -> Path:
    """Return the folder of a submission's training: training.json, the checkpoints and the event log."""
    [name] = safe_names([submission])
    return out / "training" / name / question


def training_path(out: Path, submission: str, question: str) -> Path:
    """Return the path of a submission's training.json."""
    return training_folder(out, submission, question) / "training.json"


def write(training: Training, out: Path) -> Path:
    """Write a training to its path below `out`, atomically; return the path. Raises OSError."""
    path = training_path(out, training.submission, training.question)
    write_atomically(path, msgspec.json.format(msgspec.json.encode(training), indent=1) + b"\n")
    return path


def read(out: Path, submission: str, question: str) -> Training | None:
    """Return a submission's training; None if there is none. Raise TrainingError if the file cannot be read."""
    path = training_path(out, submission, question)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Training)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: not a training of this version: {error}; train again") from None
