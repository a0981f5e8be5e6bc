"""Question 5c: masked language modelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.arguments import unchanged
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, equal
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("5c")
IGNORED = -100
FALSE_ALARMS = 1e-9
"""The odds that a right answer fails one statistical check."""


def make_tokens(*, seed: int, B: int, T: int, V: int, S: int) -> dict[str, Any]:
    """Make tokens, among them special ones."""
    rng = np.random.default_rng(seed)
    special = rng.choice(V, S, replace=False)
    return {
        "seed": seed,
        "tokens": rng.integers(0, V, (B, T)),
        "V": V,
        "special": [int(token) for token in special],
        "mask": int(special[0]),
        "p": 0.15 if seed % 2 else float(rng.uniform(0.25, 0.4)),
    }


TOKENS = Cases(
    make_tokens,
    {"B": (230, 260), "T": (310, 330), "V": (11, 16), "S": (2, 4)},
    "{B} sequences of {T} tokens, V = {V}, special {special}, p = {p:.2f}",
    ({"S": 3}, {"V": 13, "S": 4}),
    drawn=1,
)
"""Many tokens, so that shares can be told apart."""


def make_logits(*, seed: int, B: int, T: int, V: int, none: int) -> dict[str, Any]:
    """Make logits and labels, of which some, or all, are to be ignored."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, V, (B, T))
    ignored = rng.random((B, T)) < 0.6
    ignored[0, :2] = True, False
    return {
        "logits": rng.normal(0, 2, (B, T, V)),
        "labels": np.full((B, T), IGNORED) if none else np.where(ignored, IGNORED, labels),
    }


LOGITS = Cases(
    make_logits,
    {"B": (2, 4), "T": (5, 7), "V": (8, 11), "none": (0, 0)},
    "{B} sequences of {T} tokens, V = {V}",
    ({"B": 3, "T": 5, "V": 8},),
)
"""Logits with labels, of which some are to be ignored."""
NONE = Cases(make_logits, {"B": (2, 4), "T": (5, 7), "V": (8, 11), "none": (1, 1)}, "no token was chosen", drawn=1)
"""Logits where no token was chosen."""


@probe("counts", of="mask_tokens()", needs=("torch",))
def masked(code: Any, case: Case) -> Any:
    """Mask tokens, and count what happened to them."""
    import torch

    generator = torch.Generator().manual_seed(case.seed)
    tokens = torch.tensor(case.tokens)
    answer = code.pretraining.mask_tokens(tokens, case.V, case.mask, list(case.special), generator, case.p)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "not inputs and labels"
    found = [np.asarray(torch.as_tensor(part)) for part in answer]
    if any(part.shape != case.tokens.shape or part.dtype.kind not in "iu" for part in found):
        return "not two of whole numbers in the shape of the tokens"
    return counts_of(case, *found)


@probe("same seed, next", of="mask_tokens()", needs=("torch",))
def masked_again(code: Any, case: Case) -> Any:
    """Mask tokens twice with one generator, and with a new one of the same seed; return which labels are the same."""
    import torch

    def labels(generator: Any) -> Any:
        tokens = torch.tensor(case.tokens)
        return code.pretraining.mask_tokens(tokens, case.V, case.mask, list(case.special), generator, case.p)[1]

    generator = torch.Generator().manual_seed(case.seed)
    first, after, again = labels(generator), labels(generator), labels(torch.Generator().manual_seed(case.seed))
    return bool((first == again).all()), bool((first == after).all())


@probe("changed", of="mask_tokens()", needs=("torch",))
def masking_changes(code: Any, case: Case) -> Any:
    """Return whether the tokens were changed."""
    import torch

    tokens = torch.tensor(case.tokens)
    generator = torch.Generator().manual_seed(case.seed)
    code.pretraining.mask_tokens(tokens, case.V, case.mask, list(case.special), generator, case.p)
    return [] if np.array_equal(tokens.numpy(), case.tokens) else ["tokens"]


@probe("loss", of="masked_loss()", needs=("torch",))
def masked_loss_of(code: Any, case: Case) -> Any:
    """Ask for the loss."""
    import torch

    return code.pretraining.masked_loss(torch.tensor(case.logits), torch.tensor(case.labels))


@probe("gradients", of="masked_loss()", needs=("torch",))
def masked_loss_gradients(code: Any, case: Case) -> Any:
    """Return the gradient of the loss by the logits."""
    import torch

    logits = torch.tensor(case.logits, requires_grad=True)
    code.pretraining.masked_loss(logits, torch.tensor(case.labels)).backward()
    return {"logits": logits.grad}


def deviation(n: int) -> float:
    """Return by how much a share of n may differ from its probability: Hoeffding's bound at FALSE_ALARMS."""
    return float(np.sqrt(np.log(2 / FALSE_ALARMS) / (2 * max(n, 1))))


def counts_of(case: Case, inputs: Array, labels: Array) -> dict[str, Any]:
    """Count what became of a case's tokens."""
    tokens, special, chosen = case.tokens, np.isin(case.tokens, case.special), labels != IGNORED
    other = chosen & (inputs != case.mask) & (inputs != tokens)
    drawn = inputs[other]
    known = (drawn >= 0) & (drawn < case.V)
    pairs = [
        (both[0], both[1])
        for both in (
            ((chosen[:, 1:] & chosen[:, :-1]), ~(special[:, 1:] | special[:, :-1])),
            ((chosen[1:] & chosen[:-1]), ~(special[1:] | special[:-1])),
        )
    ]
    return {
        "ordinary": int((~special).sum()),
        "chosen": int((chosen & ~special).sum()),
        "labelled": int(chosen.sum()),
        "special with labels": int((chosen & special).sum()),
        "special replaced": int((inputs != tokens)[special].sum()),
        "wrong labels": int((labels != tokens)[chosen].sum()),
        "replaced without label": int((inputs != tokens)[~chosen].sum()),
        "masks": int((chosen & (inputs == case.mask)).sum()),
        "others": int(other.sum()),
        "unknown": int((~known).sum()),
        "drawn": np.bincount(drawn[known], minlength=case.V),
        "both chosen": [int((both & where).sum()) for both, where in pairs],
        "neighbours": [int(where.sum()) for _, where in pairs],
    }


def counts(run: Run, case: Case) -> dict[str, Any]:
    """Return the counts; raise CheckFailed if the answer has another form."""
    found = run(masked, case)["counts"]
    if not isinstance(found, dict):
        raise CheckFailed(f"mask_tokens() returns {found}")
    return found


def require_share(count: int, n: int, p: float, said: str) -> None:
    """Raise CheckFailed if a share differs from its probability by more than chance allows."""
    share = count / max(n, 1)
    if abs(share - p) > deviation(n):
        raise CheckFailed(f"{said} {share:.1%} of {n}, where {p:.1%} are expected")


@check(TOKENS, weight=3)
def chooses_the_given_share(run: Run, case: Case) -> None:
    """Of the tokens that are not special a share of p is chosen, as labels show."""
    found = counts(run, case)
    require_share(found["chosen"], found["ordinary"], case.p, "labels other than -100 have")


@check(TOKENS, weight=2)
def leaves_special_tokens_alone(run: Run, case: Case) -> None:
    """Special tokens are never chosen, and stay as they are."""
    found = counts(run, case)
    if found["special with labels"]:
        raise CheckFailed("special tokens have labels")
    if found["special replaced"]:
        raise CheckFailed("special tokens are replaced")


@check(TOKENS, weight=2)
def labels_are_what_was_there(run: Run, case: Case) -> None:
    """Where a token was chosen the label is that token, also where it stayed; the rest is read as it was."""
    found = counts(run, case)
    if found["wrong labels"]:
        raise CheckFailed("a label is not the token that was there")
    if found["replaced without label"]:
        raise CheckFailed("a token was replaced that has no label")


@check(TOKENS, weight=3)
def masks_80_percent(run: Run, case: Case) -> None:
    """Of the tokens chosen, 80 % become the mask."""
    found = counts(run, case)
    require_share(found["masks"], found["labelled"], 0.8, "of the tokens chosen the mask stands for")


@check(TOKENS, weight=3)
def draws_10_percent(run: Run, case: Case) -> None:
    """Of the tokens chosen, 10 % become a random one, which may be the one that was there; the rest stay."""
    found = counts(run, case)
    share = 0.1 * (1 - 1 / (case.V - len(case.special)))
    require_share(found["others"], found["labelled"], share, "of the tokens chosen another token stands for")


@check(TOKENS, weight=2)
def draws_from_all_ordinary_tokens(run: Run, case: Case) -> None:
    """Random tokens are not special; all others are equally likely."""
    found = counts(run, case)
    if found["unknown"]:
        raise CheckFailed("a random token is not in the vocabulary")
    if found["drawn"][case.special].any():
        raise CheckFailed("a random token is a special one")
    ordinary = [token for token in range(case.V) if token not in case.special]
    for token in ordinary:
        require_share(int(found["drawn"][token]), found["others"], 1 / len(ordinary), f"token {token} is")


@check(TOKENS)
def chooses_each_token_alone(run: Run, case: Case) -> None:
    """Each token is chosen independently of its neighbours."""
    found = counts(run, case)
    for both, n in zip(found["both chosen"], found["neighbours"], strict=True):
        require_share(both, n, case.p**2, "two neighbours are both chosen in")


@check(TOKENS)
def draws_from_the_generator(run: Run, case: Case) -> None:
    """All randomness comes from the generator: the same seed chooses the same tokens, and the next call others."""
    answers = run(masked_again, case)
    if not answers["same seed"]:
        raise CheckFailed("the same seed chooses other tokens")
    if answers["next"]:
        raise CheckFailed("the same tokens are chosen at every call")


@check(TOKENS)
def keeps_the_tokens(run: Run, case: Case) -> None:
    """The tokens that were given are not changed."""
    unchanged(run, masking_changes, case)


check.compares(
    masked_loss_of, LOGITS, "loss", weight=4, says="The loss is the mean cross-entropy where a token was chosen."
)


@check(NONE)
def masked_loss_of_none(run: Run, case: Case) -> None:
    """Where no token was chosen the loss is 0."""
    equal("loss", run(masked_loss_of, case)["loss"], np.zeros(()), "where no token was chosen the loss is not 0")


@check(LOGITS, gradients=True)
def loss_has_the_right_gradient(run: Run, expect: Run, case: Case) -> None:
    """The gradient of the loss reaches the logits where a token was chosen, and no others."""
    same_gradients(run(masked_loss_gradients, case)["gradients"], expect(masked_loss_gradients, case)["gradients"])
