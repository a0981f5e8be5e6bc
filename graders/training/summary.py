"""What a ledger comes to: a Training. A pure function, so that a run that was killed tells the same story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import ne
from statistics import median

from graders.records.training import Point, StopReason, Training, is_batch_sensitive, mismatches_reference
from graders.sandbox.isolation import Isolation
from graders.text.sanitize import clean_name
from graders.training.endings import Ending, stalled
from graders.training.event_log import Answered, Event, Prepared, Progressed, ReferenceAnswered, Scored, Stopped
from graders.training.job import Job
from graders.training.tasks.base import Scores, Task

MAX_POINTS = 1000
"""Of a curve, besides those with a score."""
SAMPLES = 8


def outcome(job: Job, task: Task, events: Sequence[Event]) -> Training:
    """Return how a training went, from its ledger alone."""
    [stopped] = [event for event in events if isinstance(event, Stopped)]
    [answers] = [event for event in events if isinstance(event, Answered)]
    prepared = next((event for event in events if isinstance(event, Prepared)), Prepared("", {}))
    scored = {event.update: event for event in events if isinstance(event, Scored)}
    went = {event.update: event for event in events if isinstance(event, Progressed)}
    reference_mismatch = mismatch_share(
        answers.texts, next((event for event in events if isinstance(event, ReferenceAnswered)), None)
    )
    scores = task.test_scores(answers.texts) if answers.texts is not None else Scores(None)
    end = stalled(Ending(stopped.ended, stopped.message), events)
    notes = [end.message]
    if end.ended is StopReason.CRASHED:
        missing = [name for name in task.assignment.manifest.submit if name not in job.submission.files]
        notes += [f"missing from the submission: {name}" for name in missing]
    notes += [f"no test: {answers.reason}"] if answers.texts is None else []
    if is_batch_sensitive(scores.changed):
        notes += [
            f"{scores.changed:.1%} of the answers change with the sentences beside them in a batch, so that it earns "
            "nothing: what is computed for a sentence must not depend on others"
        ]
    if mismatches_reference(reference_mismatch):
        notes += [
            f"{reference_mismatch:.1%} of the answers are not those of the reference with the same weights, so that it "
            "earns nothing if the rest is right; else a person should check that it translates with what it has learnt"
        ]
    notes += ["trained without walls"] if job.isolation is Isolation.NONE else []
    speeds = [event.words_per_second for event in went.values() if event.words_per_second]
    return Training(
        assignment=job.assignment,
        question=task.question,
        submission=job.submission.name,
        digest=job.submission.digest,
        ended=end.ended,
        message="; ".join(notes),
        metric=task.metric,
        score=scores.score,
        low=scores.low,
        high=scores.high,
        other_scores=dict(scores.other_scores),
        best_dev=max((event.score for event in scored.values()), default=None),
        threshold=job.threshold,
        signature=scores.signature,
        changed=scores.changed,
        reference_mismatch=reference_mismatch,
        seed=job.seed,
        device=clean_name(prepared.device),
        versions={clean_name(name): clean_name(value) for name, value in prepared.versions.items()},
        data=task.data_name,
        seconds=round(stopped.seconds, 2),
        cpu_seconds=round(stopped.cpu_seconds, 2),
        seconds_to_threshold=min((e.seconds for e in scored.values() if e.score >= job.threshold), default=None),
        words_per_second=round(median(speeds), 1) if speeds else 0.0,
        updates=max((*scored, *went), default=0),
        curve=curve(went, scored),
        samples=samples(task, answers.texts or []),
    )


def mismatch_share(texts: Sequence[str] | None, checked: ReferenceAnswered | None) -> float | None:
    """Return the share of answers that the reference does not give with the same weights; None if it was not asked."""
    if texts is None or checked is None:
        return None
    return 1.0 if checked.texts is None else sum(map(ne, texts, checked.texts)) / len(texts)


def curve(went: Mapping[int, Progressed], scored: Mapping[int, Scored]) -> tuple[Point, ...]:
    """Return the points of a curve, by update: all with a score, and at most MAX_POINTS others, evenly chosen."""
    kept = sorted(went)[:: len(went) // MAX_POINTS + 1]
    points = []
    for update in sorted({*kept, *scored}):
        said, score = went.get(update), scored.get(update)
        seconds = max(event.seconds for event in (said, score) if event)
        loss, perplexity = (said.loss, said.perplexity) if said else (None, None)
        points.append(Point(update, round(seconds, 2), loss, perplexity, score.score if score else None))
    return tuple(points)


def samples(task: Task, texts: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Return a few sentences of the test with reference and answer, evenly chosen."""
    once = texts[: len(task.references)]
    chosen = range(0, len(once), max(1, len(once) // SAMPLES))[:SAMPLES]
    return tuple((task.test[i], task.references[i], clean_name(texts[i], 1000)) for i in chosen)
