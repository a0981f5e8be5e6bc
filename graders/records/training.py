"""A Training: how training one submission went. `trivium train` writes it, `trivium grade` reads it for the points."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from graders.atomic import write_atomically
from graders.text.filenames import safe_names
from graders.text.numbers import number
from sanity.core.errors import UserError
from sanity.core.manifest import Trained

MOST_BATCH_SENSITIVE = 0.02
"""So large a share of the answers may change with the sentences beside them: of a right model's, those that rounding
decides, about none."""


MOST_MISMATCHED = 0.05
"""So large a share of the answers may be others than the reference's with the same weights; a right model has none."""


class StopReason(StrEnum):
    """Why a training ended."""

    REACHED = "reached"
    """The score that earns all points."""
    BUDGET = "budget"
    """The time was used up."""
    CONVERGED = "converged"
    """The loop stopped by itself: the score on dev had stopped to rise."""
    DIVERGED = "diverged"
    """The loss was no longer a finite number."""
    STALLED = "stalled"
    """The loss did not fall."""
    HUNG = "hung"
    """Nothing was heard for too long."""
    CRASHED = "crashed"
    """The submission's code raised an error, or its process died."""
    OUT_OF_MEMORY = "out of memory"
    BROKEN = "broken"
    """What came from the sandbox was not what the protocol says."""


class Point(msgspec.Struct, frozen=True):
    """One look at a training; what was not measured then is None."""

    update: int
    seconds: float
    """Of training, since its start."""
    loss: float | None
    """Of the training batches since the last look."""
    perplexity: float | None
    score: float | None
    """On dev, computed outside the sandbox."""


class Training(msgspec.Struct, frozen=True):
    """One submission, trained. Only texts that came from the sandbox are the submission's: the translations."""

    assignment: str
    question: str
    submission: str
    digest: str
    """Hash of the submitted files' contents, as in `graders.records.result.Result`."""
    ended: StopReason
    message: str
    """One line in our own words, for the student too: why it ended, what to do."""
    metric: str
    score: float | None
    """On test, which is translated once, at the end; None if it never got there."""
    low: float | None
    """The bootstrap interval of score, with high."""
    high: float | None
    other_scores: dict[str, float]
    """By other metrics, by name."""
    best_dev: float | None
    threshold: float
    """The score at which training stopped."""
    signature: str
    """sacreBLEU's: what is needed to compute the score again."""
    changed: float | None
    """The share of answers that were others among other sentences; more than MOST_CHANGED earn nothing."""
    reference_mismatch: float | None
    """The share of answers that the reference does not give with the same weights: see `is_foreign`."""
    seed: int
    device: str
    versions: dict[str, str]
    data: str
    """Name of the data, as in assignment.toml."""
    seconds: float
    """Of training, by the clock."""
    cpu_seconds: float
    seconds_to_threshold: float | None
    words_per_second: float
    updates: int
    curve: tuple[Point, ...]
    samples: tuple[tuple[str, str, str], ...]
    """Source, reference and translation of a few sentences, for staff."""


class TrainingError(UserError):
    """A file is not the training that it should be."""


def is_batch_sensitive(changed: float | None) -> bool:
    """Return whether so large a share of changed answers is more than chance."""
    return changed is not None and changed > MOST_BATCH_SENSITIVE


def mismatches_reference(reference_mismatch: float | None) -> bool:
    """Return whether so large a share of answers comes from something else than the weights, in the right model."""
    return reference_mismatch is not None and reference_mismatch > MOST_MISMATCHED


def points(training: Training, trained: Trained, right: bool) -> float:
    """Return what a training earns: by its score, to two decimals as it is shown, whatever ended it.

    Nothing if it was trained on other data than the question's, whose thresholds say nothing then, or if its answers
    are no function of the sentences, and the score is one of many; or if the model is right, as all other questions
    say, and yet answers otherwise than the reference does with its weights.
    """
    if training.score is None or training.data != trained.data or is_batch_sensitive(training.changed):
        return 0.0
    if right and mismatches_reference(training.reference_mismatch):
        return 0.0
    return trained.earned(round(training.score, 2))


def told(training: Training, trained: Trained) -> str:
    """Return one line for the student, in our own words: the score, what the next points need, why it ended."""
    if training.data != trained.data:
        return f"trained on {training.data}, but points are given for {trained.data} only; {training.message}"
    if training.score is None:
        return f"no {training.metric}; {training.message}"
    score = round(training.score, 2)
    said = f"{training.metric} {number(score)}"
    if training.low is not None and training.high is not None:
        said += f" ({number(training.low)} to {number(training.high)})"
    said += f" on {training.data}"
    for least, worth in trained.thresholds:
        if least > score:
            return f"{said}; {training.metric} {number(least)} earns {number(worth)} points; {training.message}"
    return f"{said}; {training.message}"


def training_folder(out: Path, submission: str, question: str) -> Path:
    """Return the folder of one training of a submission: training.json, the checkpoints and the event log."""
    [name] = safe_names([submission])
    return out / "training" / name / question


def training_path(out: Path, submission: str, question: str) -> Path:
    """Return where the training of a submission is kept."""
    return training_folder(out, submission, question) / "training.json"


def write(training: Training, out: Path) -> Path:
    """Write a training to its place below out, as a whole; return the path. Raises OSError."""
    path = training_path(out, training.submission, training.question)
    write_atomically(path, msgspec.json.format(msgspec.json.encode(training), indent=1) + b"\n")
    return path


def read(out: Path, submission: str, question: str) -> Training | None:
    """Return a submission's training, or None if there is none; raise TrainingError for a file that is no training."""
    path = training_path(out, submission, question)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Training)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: not a training of this version: {error}; train again") from None
