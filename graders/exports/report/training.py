"""A training in the report: its facts as text, and its curves as SVG lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from graders.records.training import Training
from graders.text.numbers import number

LEFT, RIGHT, TOP, BOTTOM = 44.0, 430.0, 12.0, 132.0
"""The plot area, in an SVG of 440 by 160."""
MAX_CURVE_POINTS = 200
"""Points of one curve: a report may have curves for a whole class."""


@dataclass(frozen=True)
class Curve:
    """The drawing of one quantity over the updates."""

    title: str
    line: str
    """Coordinates, in the format of an SVG polyline."""
    labels: tuple[tuple[float, str], ...]
    """Height and text of the labels on the left."""
    goal: float | None
    """Height of the score at which training stops; None for other quantities."""
    updates: int
    """The last update."""


def curves(training: Training) -> list[Curve]:
    """Return the curves with at least two points: the score on dev, and the logarithm of the perplexity."""
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
    thinned = [*values[: -1 : math.ceil(len(values) / MAX_CURVE_POINTS)], values[-1]]

    def height(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (value - low) / ((high - low) or 1), 1)

    places = (f"{LEFT + (RIGHT - LEFT) * update / last:.1f},{height(value):.1f}" for update, value in thinned)
    labels = tuple((height(value), text) for value, text in shown.items())
    return Curve(title, " ".join(places), labels, None if goal is None else height(goal), last)


def facts(training: Training, staff: bool = True) -> list[tuple[str, str]]:
    """Return the facts about a training, as pairs of a name and a value: for students without the seed."""
    score = "none" if training.score is None else number(training.score)
    if training.low is not None and training.high is not None:
        score += f" ({number(training.low)} to {number(training.high)})"
    score += "".join(f", {name} {number(value)}" for name, value in sorted(training.other_scores.items()))
    dev = "never scored" if training.best_dev is None else number(training.best_dev)
    reached = training.seconds_to_threshold
    seed = f"seed {training.seed}, " if staff else ""
    versions = (f"{part} {version}" for part, version in sorted(training.versions.items()))
    return [
        (f"{training.metric} on test", score),
        ("in batches with other sentences", _differing(training.batch_sensitivity)),
        ("by the reference with the same weights", _differing(training.reference_mismatch)),
        ("best on dev", f"{dev}; training stops at {number(training.threshold)}"),
        ("stop reason", f"{training.stop_reason.value}: {training.message}"),
        ("time", f"{training.seconds:,.0f} s by the clock, {training.cpu_seconds:,.0f} s of processor time"),
        ("to the threshold", "not reached" if reached is None else f"{reached:,.0f} s"),
        ("speed", f"{training.words_per_second:,.0f} words per second over {training.updates:,} updates"),
        ("to reproduce", " · ".join([f"{training.data}, {seed}{training.device}", *versions])),
        ("signature", training.signature or "none"),
    ]


def _differing(fraction: float | None) -> str:
    return "not measured" if fraction is None else f"{fraction:.1%} of the answers differ"
