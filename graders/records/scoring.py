"""From verdicts to points.

A question's points are divided among its checks by weight. A passed check earns its share. But a property, which
needs no reference (see `Verdict.is_property`), earns only if a reference check of the same question has passed too: a
function that always returns zero has most properties. So a question needs at least one reference check. A hint has
the weight 0: it is worth nothing, and nothing is said of points that it doesn't have.

Shares are whole cents, and so are the points of a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from sanity.core.verdict import Outcome, Verdict


def shares(verdicts: Sequence[Verdict], points: float) -> tuple[float, ...]:
    """Return what each check of one question can earn; the sum is exactly points, by the largest-remainder method.

    Some weight is positive. If remainders are equal, the earlier check gets the cent. Checks of weights 1, 1 and 1
    share 8 points as 2.67, 2.67 and 2.66.
    """
    cents = round(points * 100)
    weight = fsum(verdict.weight for verdict in verdicts)
    exact = [cents * verdict.weight / weight for verdict in verdicts]
    whole = [int(fraction) for fraction in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[: cents - sum(whole)]:
        whole[i] += 1
    return tuple(fraction / 100 for fraction in whole)


def earned(verdicts: Sequence[Verdict], points: float) -> tuple[float, ...]:
    """Return what each check of one question, worth points, has earned; add with `total`."""
    answered = any(verdict.outcome is Outcome.PASSED and not verdict.is_property for verdict in verdicts)
    return tuple(
        fraction if answered and verdict.outcome is Outcome.PASSED else 0.0
        for verdict, fraction in zip(verdicts, shares(verdicts, points), strict=True)
    )


def withheld(verdicts: Sequence[Verdict]) -> str:
    """Return why the passed checks of this question earn nothing; an empty string if they earn their shares."""
    passed = [verdict for verdict in verdicts if verdict.outcome is Outcome.PASSED and verdict.weight]
    if passed and all(verdict.is_property for verdict in passed):
        return "This property holds, but it earns points only if another check of this question passes too."
    return ""


def total(amounts: Iterable[float]) -> float:
    """Return the sum of amounts, rounded to cents.

    >>> total([0.1, 0.2])
    0.3
    """
    return round(fsum(amounts), 2)


def fraction(points: float, max_points: float) -> float:
    """Return points as a fraction of max_points, from 0 to 1; 0 if max_points is 0.

    >>> fraction(6, 8)
    0.75
    """
    return points / max_points if max_points else 0.0
