"""From an event log to a Training: a pure function, so that a resumed run has the same result as any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import ne
from statistics import median

from graders.records.training import (
    AttentionMap,
    Point,
    StopReason,
    Training,
    is_batch_sensitive,
    mismatches_reference,
)
from graders.sandbox.inside.protocol import Attention
from graders.sandbox.isolation import Isolation
from graders.text.sanitize import clean_name
from graders.training.endings import Ending, detect_stall
from graders.training.event_log import Answered, Event, Prepared, Progressed, ReferenceAnswered, Scored, Stopped
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task

MAX_CURVE_POINTS = 1000
"""Points of a curve without a score."""
SAMPLES = 8
"""Sentences of the test that staff can read in the report."""
MAX_WORD = 20
"""Characters of a word beside an attention map."""


def summarize(job: Job, task: Task, events: Sequence[Event]) -> Training:
    """Return the result of a training, computed from its events alone."""
    [stopped] = [event for event in events if isinstance(event, Stopped)]
    [answers] = [event for event in events if isinstance(event, Answered)]
    prepared = next((event for event in events if isinstance(event, Prepared)), Prepared("", {}))
    scored = {event.update: event for event in events if isinstance(event, Scored)}
    progress = {event.update: event for event in events if isinstance(event, Progressed)}
    reference = next((event for event in events if isinstance(event, ReferenceAnswered)), None)
    reference_mismatch = mismatch_share(answers.texts, reference)
    scores = task.test_scores(answers.texts) if answers.texts is not None else Scores(None)
    end = detect_stall(Ending(stopped.stop_reason, stopped.message), events)
    notes = [end.message]
    if end.stop_reason is StopReason.CRASHED:
        missing = [name for name in task.files if name not in job.submission.files]
        notes += [f"missing from the submission: {name}" for name in missing]
    notes += [f"no test: {answers.reason}"] if answers.texts is None else []
    if is_batch_sensitive(scores.batch_sensitivity):
        notes += [
            f"{scores.batch_sensitivity:.1%} of the answers change with the other sentences of the batch, so this "
            "training earns no points: the result for a sentence must not depend on other sentences"
        ]
    if mismatches_reference(reference_mismatch):
        notes += [
            f"{reference_mismatch:.1%} of the answers differ from those of the reference with the same weights: if "
            "all other questions are right, this training earns no points; if not, staff should check that the "
            "answers come from the trained weights"
        ]
    if reference and not reference.comparable:
        notes += [
            "the model has other weights than the reference, so its answers could not be compared with that: "
            "staff should check that they come from the trained weights"
        ]
    notes += ["trained without a sandbox"] if job.isolation is Isolation.NONE else []
    speeds = [event.words_per_second for event in progress.values() if event.words_per_second]
    return Training(
        assignment=job.assignment,
        question=task.question,
        submission=job.submission.name,
        digest=job.submission.digest,
        stop_reason=end.stop_reason,
        message="; ".join(notes),
        metric=task.metric,
        score=scores.score,
        low=scores.low,
        high=scores.high,
        other_scores=dict(scores.other_scores),
        best_dev=max((event.score for event in scored.values()), default=None),
        threshold=job.threshold,
        signature=scores.signature,
        batch_sensitivity=scores.batch_sensitivity,
        reference_mismatch=reference_mismatch,
        seed=job.seed,
        device=clean_name(prepared.device),
        versions={clean_name(name): clean_name(value) for name, value in prepared.versions.items()},
        data=task.data_name,
        seconds=round(stopped.seconds, 2),
        cpu_seconds=round(stopped.cpu_seconds, 2),
        seconds_to_threshold=min((e.seconds for e in scored.values() if e.score >= job.threshold), default=None),
        words_per_second=round(median(speeds), 1) if speeds else 0.0,
        updates=max((*scored, *progress), default=0),
        curve=curve(progress, scored),
        samples=samples(task, answers.texts or []),
        attention=tuple(cleaned(one) for one in answers.attention),
    )


def mismatch_share(texts: Sequence[str] | None, reference: ReferenceAnswered | None) -> float | None:
    """Return the share of answers that differ from the reference's with the same weights; None if it was not asked."""
    if texts is None or reference is None or not reference.comparable:
        return None
    return 1.0 if reference.texts is None else sum(map(ne, texts, reference.texts)) / len(texts)


def curve(progress: Mapping[int, Progressed], scored: Mapping[int, Scored]) -> tuple[Point, ...]:
    """Return the points of a curve by update: all with a score, and at most MAX_POINTS others, evenly spaced."""
    kept = sorted(progress)[:: len(progress) // MAX_CURVE_POINTS + 1]
    points = []
    for update in sorted({*kept, *scored}):
        loss_event, score_event = progress.get(update), scored.get(update)
        seconds = max(event.seconds for event in (loss_event, score_event) if event)
        loss, perplexity = (loss_event.loss, loss_event.perplexity) if loss_event else (None, None)
        score = score_event.score if score_event else None
        points.append(Point(update, round(seconds, 2), loss, perplexity, score))
    return tuple(points)


def samples(task: Task, texts: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Return a few sentences of the test, evenly spaced, each with its reference and its answer."""
    once = texts[: len(task.references)]
    chosen = range(0, len(once), max(1, len(once) // SAMPLES))[:SAMPLES]
    return tuple((task.test[i], task.references[i], clean_name(texts[i], 1000)) for i in chosen)


def cleaned(attention: Attention) -> AttentionMap:
    """Return attention from the sandbox with words that can be displayed."""
    source, target = ([clean_name(word, MAX_WORD) for word in words] for words in (attention.source, attention.target))
    return AttentionMap(source, target, attention.weights)
