"""Question 1e: soft attention, hard attention, and a gradient from what was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.right_softmax import softmax_stands_in, stand_in
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, equal, same_array, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe
from sanity.core.values import size_text
from sanity.gradients import numeric_jacobian

check = Checks("1e")
DRAWN = 5000
"""Positions that hard attention draws."""
FEW = 400
"""Positions that are shown: enough to tell two draws apart."""
FALSE_ALARMS = 1e-9
"""The odds that a right answer fails one statistical check."""


def make_positions(*, seed: int, n: int, e: int, count: int) -> dict[str, Any]:
    """Make scores and values of n positions, some positions that were drawn, and their losses."""
    rng = np.random.default_rng(seed)
    scores, losses = 1.2 * rng.standard_normal(n), rng.uniform(-1, 3, n)
    positions = rng.integers(n, size=count)
    positions[:2] = 0, n - 1
    return {
        "seed": seed,
        "scores": scores,
        "vectors": rng.standard_normal((n, e)),
        "losses": losses,
        "positions": positions,
        "drawn": losses[positions],
        "baseline": float(rng.uniform(0.5, 1.5)),
    }


POSITIONS = Cases(
    make_positions,
    {"n": (3, 4), "e": (5, 7), "count": (8, 12)},
    "n = {n} positions, values of size e = {e}, {count} draws, baseline = {baseline:.2f}",
    ({"n": 5, "e": 3, "count": 9}, {"n": 4, "e": 6, "count": 11}),
)
"""Scores, values and losses of some positions."""


@probe("expected value: e", of="soft_attention()")
def soft_attention(code: Any, case: Case) -> Any:
    """Ask for the expected value."""
    with softmax_stands_in(code.attention_math):
        return code.attention_math.soft_attention(case.scores.copy(), case.vectors.copy())


@probe(
    "(values: draw e, positions: draw), times drawn, repeats, next positions, with the same seed", of="hard_attention()"
)
def hard_attention(code: Any, case: Case) -> Any:
    """Draw few positions; draw on, and again with the same seed; draw many and count them."""

    def draw(count: int, rng: np.random.Generator) -> Any:
        with softmax_stands_in(code.attention_math):
            return code.attention_math.hard_attention(case.scores.copy(), case.vectors.copy(), count, rng)

    def positions(answer: Any) -> Any:
        return answer[1] if isinstance(answer, tuple | list) and len(answer) == 2 else None

    rng = np.random.default_rng(case.seed)
    first = draw(FEW, rng)
    after, again = positions(draw(FEW, rng)), positions(draw(FEW, np.random.default_rng(case.seed)))
    many = np.ravel(positions(draw(DRAWN, rng)))
    times = [int((many == position).sum()) for position in range(len(case.scores))]
    repeats = int((many[1:] == many[:-1]).sum())
    return first, np.array([*times, many.size - sum(times)]), repeats, after, again


@probe("value: draw e, position: draw", of="hard_attention()")
def one_draw(code: Any, case: Case) -> Any:
    """Draw one position."""
    with softmax_stands_in(code.attention_math):
        rng = np.random.default_rng(case.seed)
        return code.attention_math.hard_attention(case.scores.copy(), case.vectors.copy(), 1, rng)


@probe("gradient: n", of="expected_loss_gradient()")
def expected_loss_gradient(code: Any, case: Case) -> Any:
    """Ask for the gradient of the expected loss."""
    with softmax_stands_in(code.attention_math):
        return code.attention_math.expected_loss_gradient(case.scores.copy(), case.losses.copy())


@probe("estimate: n", of="score_function_gradient()")
def score_function_gradient(code: Any, case: Case) -> Any:
    """Ask for the estimate from the positions of a case."""
    with softmax_stands_in(code.attention_math):
        return estimate(code, case, case.positions, case.drawn)


@probe("estimate: position n", of="score_function_gradient()")
def estimates_of_single_draws(code: Any, case: Case) -> Any:
    """Ask for the estimate from each position, drawn once."""
    with softmax_stands_in(code.attention_math):
        n = len(case.scores)
        return np.stack([estimate(code, case, np.array([i]), case.losses[[i]]) for i in range(n)])


@probe("estimate: n", of="score_function_gradient()")
def estimate_of_many_draws(code: Any, case: Case) -> Any:
    """Ask for the estimate from many positions, drawn with their probabilities."""
    rng = np.random.default_rng(case.seed)
    positions = rng.choice(len(case.scores), DRAWN, p=stand_in(case.scores))
    with softmax_stands_in(code.attention_math):
        return estimate(code, case, positions, case.losses[positions])


def estimate(code: Any, case: Case, positions: Array, losses: Array) -> Any:
    """Ask for the estimate from some positions with their losses."""
    return code.attention_math.score_function_gradient(
        case.scores.copy(), positions.copy(), losses.copy(), case.baseline
    )


check.compares(
    soft_attention, POSITIONS, "expected value", weight=3, says="soft_attention() is the expected value, (e,)."
)
check.compares(
    expected_loss_gradient,
    POSITIONS,
    "gradient",
    weight=3,
    gradients=True,
    says="expected_loss_gradient() is the gradient of the expected loss by the scores, (n,).",
)
check.compares(
    score_function_gradient,
    POSITIONS,
    "estimate",
    weight=4,
    gradients=True,
    says="score_function_gradient() is the mean of (loss - baseline) times the gradient of log p, (n,).",
)


def deviation(count: int) -> float:
    """Return by how much a mean over DRAWN numbers, which differ by at most one, may differ from its expected value.

    By Hoeffding's inequality the odds that any of this many does so by chance are at most FALSE_ALARMS.
    """
    return float(np.sqrt(np.log(2 * count / FALSE_ALARMS) / (2 * DRAWN)))


def sampling_error(variance: float, most: float, count: int) -> float:
    """Return by how much a mean over DRAWN numbers may differ from its expected value.

    By Bernstein's inequality the odds that any of this many does so by chance are at most FALSE_ALARMS.

    Args:
        variance: of the numbers, at most. Here the derivatives of log p are between -1 and 1.
        most: by how much a number differs from its expected value, at most.
        count: of means.
    """
    t = np.log(2 * count / FALSE_ALARMS)
    return float((most * t / 3 + np.sqrt((most * t / 3) ** 2 + 2 * DRAWN * variance * t)) / DRAWN)


def positions_of(answers: Answers, name: str, case: Case, count: int = FEW) -> Array:
    """Return positions that were drawn, or raise CheckFailed if they are something else."""
    found = as_array(name, answers[name], np.zeros(count, np.int64))
    if found.shape != (count,):
        said = "its second result has another shape than (count,)"
        raise CheckFailed(f"hard_attention() does not return as many positions as it should: {said}")
    if not ((found == np.floor(found)) & (found >= 0) & (found < len(case.scores))).all():
        raise CheckFailed("some of the positions drawn are none: they should be whole numbers from 0 to n - 1")
    return found.astype(np.int64)


def times_drawn(run: Run, case: Case) -> Array:
    """Return how often each position was drawn of DRAWN times; raise CheckFailed if anything else was drawn."""
    times = np.asarray(run(hard_attention, case)["times drawn"])
    if times.sum() != DRAWN:
        drawn = size_text(int(times.sum()), most=2 * DRAWN)
        raise CheckFailed(f"hard_attention() draws {drawn} positions where {DRAWN} are asked for")
    if times[-1]:
        raise CheckFailed("some of the positions drawn are none: they should be whole numbers from 0 to n - 1")
    return times[:-1]


@check(POSITIONS, weight=2, outputs=("values",))
def values_are_those_drawn(run: Run, expect: Run, case: Case) -> None:
    """hard_attention() returns the value at each position that it draws, (count, e)."""
    answers = run(hard_attention, case)
    want = np.asarray(expect(hard_attention, case)["values"])
    values = shaped(answers, "values", "draw e", want)
    own = case.vectors[positions_of(answers, "positions", case)]
    equal("values", values, own, "the values are not those at the positions drawn")


@check(POSITIONS, weight=3)
def positions_have_their_probabilities(run: Run, case: Case) -> None:
    """Each position is drawn as often as its softmax says, within what chance allows."""
    times, p = times_drawn(run, case), stand_in(case.scores)

    def drawn_by(probabilities: Array) -> bool:
        return bool((np.abs(times / DRAWN - probabilities) <= deviation(len(p))).all())

    if not drawn_by(p):
        diagnosis = ""
        if times.max() == DRAWN:
            diagnosis = "the same position is always taken: positions should be drawn"
        elif drawn_by(np.full(len(p), 1 / len(p))):
            diagnosis = "positions are drawn evenly and not by their weights"
        elif any(drawn_by(np.roll(p, by)) for by in (1, -1)):
            diagnosis = "the positions that are drawn are off by one"
        raise CheckFailed("positions are not drawn with the probabilities of their softmax", diagnosis=diagnosis)


@check(POSITIONS)
def positions_come_from_the_generator(run: Run, case: Case) -> None:
    """All chance comes from rng: the same seed draws the same positions, and the next call draws others."""
    answers = run(hard_attention, case)
    names = ("positions", "next positions", "with the same seed")
    first, after, again = (positions_of(answers, name, case) for name in names)
    if not np.array_equal(first, again):
        said = "the same seed draws other positions"
        raise CheckFailed(said, diagnosis="np.random is used where the generator rng should be")
    if np.array_equal(first, after):
        said = "the same positions are drawn at every call"
        raise CheckFailed(said, diagnosis="a new generator is made at every call of hard_attention")


def repeats_error(count: int) -> float:
    """Return by how much the share of draws that repeat the one before may differ from the frequencies' squares.

    Pairs that share no draw are independent: the first term is Hoeffding's for every other pair, twice, half as many
    each. The second bounds what the squares of this many frequencies, together, may differ from those of probabilities.
    The odds that either is too small are at most FALSE_ALARMS.
    """
    return float(np.sqrt(np.log(8 / FALSE_ALARMS) / (DRAWN - 2))) + 2 * deviation(2 * count)


@check(POSITIONS)
def draws_are_independent(run: Run, case: Case) -> None:
    """The position drawn next does not depend on the one before."""
    often, repeats = times_drawn(run, case) / DRAWN, int(run(hard_attention, case)["repeats"]) / (DRAWN - 1)
    if abs(repeats - often @ often) > repeats_error(len(often)):
        raise CheckFailed("a position is drawn too often, or too seldom, after itself")


@check(POSITIONS)
def one_draw_is_a_list_of_one(run: Run, case: Case) -> None:
    """With count = 1 there is one value, (1, e), and one position, (1,)."""
    answers = run(one_draw, case)
    position = positions_of(answers, "position", case, 1)
    same_array("value", answers["value"], case.vectors[position], "draw e")


def slopes_of(case: Case) -> Array:
    """Return the gradient of the expected loss by the scores, (n,), by central differences."""
    return numeric_jacobian(lambda scores: stand_in(scores) @ case.losses, case.scores)


@check(POSITIONS)
def expected_loss_is_measured(run: Run, case: Case) -> None:
    """The gradient of the expected loss agrees with small steps."""
    slopes = slopes_of(case)
    found = shaped(run(expected_loss_gradient, case), "gradient", "n", slopes)
    equal("gradient", found, slopes, "the gradient of the expected loss is not the one that small steps measure")


@check(POSITIONS, weight=2)
def the_estimate_is_right_on_average(run: Run, case: Case) -> None:
    """Weighted by their probabilities, the estimates of single draws sum to the gradient, whatever the baseline."""
    p, n, want = stand_in(case.scores), len(case.scores), slopes_of(case)
    for baseline in (case.baseline, 0.0, -2.5):
        answers = run(estimates_of_single_draws, case.having(baseline=baseline))
        found = shaped(answers, "estimate", "position n", np.zeros((n, n)))
        said = f"with baseline = {baseline:.2g} the estimate is biased: it is not the gradient on average"
        equal("estimate", p.astype(found.dtype) @ found, want, said)


@check(POSITIONS, weight=2)
def the_estimate_comes_near(run: Run, case: Case) -> None:
    """The estimate from 5000 draws is the gradient of the expected loss, within what chance allows."""
    want, losses = slopes_of(case), case.losses - case.baseline
    found = shaped(run(estimate_of_many_draws, case), "estimate", "n", want)
    allowed = sampling_error(float(stand_in(case.scores) @ losses**2), 2 * np.abs(losses).max(), len(want))
    if not (np.abs(found - want) <= allowed).all():
        raise CheckFailed("the estimate from {DRAWN} draws is farther from the gradient than chance allows")


@check(POSITIONS)
def a_baseline_takes_the_noise_away(run: Run, case: Case) -> None:
    """If all losses are the baseline, the estimate of every draw is exactly zero."""
    flat = case.having(losses=np.full_like(case.losses, 1.25), baseline=1.25)
    n = len(case.scores)
    found = shaped(run(estimates_of_single_draws, flat), "estimate", "position n", np.zeros((n, n)))
    equal("estimate", found, np.zeros((n, n)), "with all losses equal to the baseline the estimate is not zero")
