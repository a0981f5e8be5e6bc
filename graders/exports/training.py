"""A training for the report: the facts in words, and its curves as lines of an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from graders.records.training import Training
from graders.text.numbers import number

LEFT, RIGHT, TOP, BOTTOM = 44.0, 430.0, 12.0, 132.0
"""Where the curves are drawn, in an SVG of 440 by 160."""
MOST_POINTS = 200
"""Of one curve; a page may show a class of them."""


@dataclass(frozen=True)
class Curve:
    """What is drawn of one measure."""

    title: str
    line: str
    """Places, as a polyline has them."""
    labels: tuple[tuple[float, str], ...]
    """Height and value of what is marked on the left."""
    goal: float | None
    """Height of the score at which training stops."""
    updates: int
    """Where the curve ends."""


def curves(training: Training) -> list[Curve]:
    """Return the curves of a training that have two points at least: the score on dev, and perplexity, as logarithm."""
    scores = [(p.update, p.score) for p in training.curve if p.score is not None]
    losses = [(p.update, math.log(p.perplexity)) for p in training.curve if p.perplexity and p.perplexity > 0]
    drawn = []
    if len(scores) > 1:
        top = max(training.threshold, *(score for _, score in scores))
        shown = {0.0: "0", training.threshold: number(training.threshold)}
        drawn.append(_curve(f"{training.metric} on dev", scores, 0.0, top, shown, training.threshold))
    if len(losses) > 1:
        low, high = min(value for _, value in losses), max(value for _, value in losses)
        shown = {value: f"{math.exp(value):.3g}" for value in (low, high)}
        drawn.append(_curve("Perplexity of the training batches, as logarithm", losses, low, high, shown, None))
    return drawn


def _curve(
    title: str,
    values: Sequence[tuple[int, float]],
    low: float,
    high: float,
    shown: dict[float, str],
    goal: float | None,
) -> Curve:
    last = max(values[-1][0], 1)
    thinned = [*values[: -1 : math.ceil(len(values) / MOST_POINTS)], values[-1]]

    def height(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (value - low) / ((high - low) or 1), 1)

    places = (f"{LEFT + (RIGHT - LEFT) * update / last:.1f},{height(value):.1f}" for update, value in thinned)
    labels = tuple((height(value), text) for value, text in shown.items())
    return Curve(title, " ".join(places), labels, None if goal is None else height(goal), last)


def facts(training: Training) -> list[tuple[str, str]]:
    """Return what there is to say of a training besides its curves: name and value."""
    score = "none" if training.score is None else number(training.score)
    if training.low is not None and training.high is not None:
        score += f" ({number(training.low)} to {number(training.high)})"
    score += "".join(f", {name} {number(value)}" for name, value in sorted(training.other_scores.items()))
    dev = "never scored" if training.best_dev is None else number(training.best_dev)
    batch_sensitivity = (
        "not tried"
        if training.batch_sensitivity is None
        else f"{training.batch_sensitivity:.1%} of the answers are others"
    )
    reference_mismatch = (
        "not tried"
        if training.reference_mismatch is None
        else f"{training.reference_mismatch:.1%} of the answers are others"
    )
    reached = training.seconds_to_threshold
    versions = (f"{part} {version}" for part, version in sorted(training.versions.items()))
    return [
        (f"{training.metric} on test", score),
        ("among other sentences", batch_sensitivity),
        ("by the reference with the same weights", reference_mismatch),
        ("best on dev", f"{dev}; training stops at {number(training.threshold)}"),
        ("ended", f"{training.stop_reason.value}: {training.message}"),
        ("time", f"{training.seconds:,.0f} s by the clock, {training.cpu_seconds:,.0f} s of processors"),
        ("to the threshold", "not reached" if reached is None else f"{reached:,.0f} s"),
        ("speed", f"{training.words_per_second:,.0f} words a second over {training.updates:,} updates"),
        ("the same again", " · ".join([f"{training.data}, seed {training.seed}, {training.device}", *versions])),
        ("signature", training.signature or "none"),
    ]
