"""Question 5e: exposure bias, measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("5e")


def make_copies(*, seed: int, B: int, P: int, A: int, V: int) -> dict[str, Any]:
    """Make prompts and answers, of which a model that is given says some tokens right and some wrong.

    `rule` is of the model: how much each place weighs. The answers follow from it, but for a few tokens.
    """
    rng = np.random.default_rng(seed)
    rule = rng.choice(np.arange(1, V, 2), P + A)  # odd, and V is 8: another token read changes what is said
    tokens = rng.integers(0, V, (B, P))
    while tokens.shape[1] < P + A:
        said = ((tokens * rule[: tokens.shape[1]]).sum(axis=1) + tokens.shape[1] - 1) % V
        wrong = rng.random(B) < 0.15
        tokens = np.column_stack([tokens, np.where(wrong, rng.integers(0, V, B), said)])
    return {"prompts": tokens[:, :P], "answers": tokens[:, P:], "V": V, "rule": rule}


COPIES = Cases(
    make_copies,
    {"B": (9, 14), "P": (2, 4), "A": (5, 7), "V": (8, 8)},
    "{B} prompts of {P} tokens, answers of {A}",
    ({"B": 11, "P": 3, "A": 6}, {"B": 13, "P": 2, "A": 7}),
)
"""Prompts with answers, of which a given model errs in some."""
SHORT = Cases(
    make_copies,
    {"B": (1, 1), "P": (1, 1), "A": (1, 2), "V": (8, 8)},
    "one prompt of one token, an answer of {A}",
    ({"A": 1}, {"A": 2}),
    drawn=1,
)
"""The smallest there is."""


@probe("teacher-forced: A, free-running: A", of="exposure_errors()", needs=("torch",))
def errors(code: Any, case: Case) -> Any:
    """Measure the errors of a given model."""
    import torch

    from sanity.a5.beside.transfer import Parrot

    return code.pretraining.exposure_errors(Parrot(case), torch.tensor(case.prompts), torch.tensor(case.answers))


check.compares(
    errors,
    COPIES,
    "teacher-forced",
    weight=4,
    says="Teacher-forced, the model reads the right tokens before each place.",
)
check.compares(errors, COPIES, "free-running", weight=4, says="Running free, the model reads what it has said itself.")


@check(COPIES)
def begins_alike(run: Run, case: Case) -> None:
    """At the first place both shares are the same: nothing of the answer has been read yet."""
    like = np.zeros(case.answers.shape[1])
    answers = run(errors, case)
    forced, free = (shaped(answers, name, "A", like) for name in ("teacher-forced", "free-running"))
    if forced[0] != free[0]:
        raise CheckFailed("the shares at the first place differ")


@check(SHORT)
def measures_one_token(run: Run, expect: Run, case: Case) -> None:
    """One prompt of one token is enough, and so is an answer of one token."""
    mine, right = run(errors, case), expect(errors, case)
    for name in ("teacher-forced", "free-running"):
        if not np.allclose(shaped(mine, name, "A", np.asarray(right[name])), right[name]):
            raise CheckFailed(f"{name} is wrong", output=name)
