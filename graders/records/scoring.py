"""From verdicts to points.

A question's points are split over its checks by weight. A check that passed earns its share, but a property (which
needs no reference, see `Verdict.is_property`) earns only if a reference check of the same question passed: a function
that always returns zero has most properties. So a question with properties alone earns nothing; give it a check that a
constant answer fails.

Shares are whole cents, so a question is worth a whole number of cents too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from sanity.core.verdict import Outcome, Verdict


def shares(verdicts: Sequence[Verdict], points: float) -> tuple[float, ...]:
    """Return what each check of one question can earn; together exactly points, by largest remainder.

    Weights are positive. Where remainders tie, the earlier check gets the cent.
    """
    cents = round(points * 100)
    weight = fsum(verdict.weight for verdict in verdicts)
    exact = [cents * verdict.weight / weight for verdict in verdicts]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[: cents - sum(whole)]:
        whole[i] += 1
    return tuple(share / 100 for share in whole)


def earned(verdicts: Sequence[Verdict], points: float) -> tuple[float, ...]:
    """Return what each check of one question worth points did earn; sum with `total`."""
    answered = any(verdict.outcome is Outcome.PASSED and not verdict.is_property for verdict in verdicts)
    return tuple(
        share if answered and verdict.outcome is Outcome.PASSED else 0.0
        for verdict, share in zip(verdicts, shares(verdicts, points), strict=True)
    )


def withheld(verdicts: Sequence[Verdict]) -> str:
    """Return why the checks of this question that passed earn nothing, or an empty string if they do."""
    passed = [verdict for verdict in verdicts if verdict.outcome is Outcome.PASSED]
    if passed and all(verdict.is_property for verdict in passed):
        return "This holds, but earns its points only once another check of this question passes."
    return ""


def total(amounts: Iterable[float]) -> float:
    """Return the sum of amounts in whole cents, to the cent: 0.1 and 0.2 are 0.3."""
    return round(fsum(amounts), 2)


def share(points: float, max_points: float) -> float:
    """Return points as a part of max_points, from 0 to 1; 0 where nothing could be earned."""
    return points / max_points if max_points else 0.0
