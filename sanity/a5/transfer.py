"""Question 5d: a new head on a pretrained body, and ELMo's weighted sum of layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import equal
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("5d")


def make_task(
    *, seed: int, B: int, D: int, C: int, V: int, head_steps: int, all_steps: int, norm: int, partly: int
) -> dict[str, Any]:
    """Make inputs and targets for a body and a head, whose weights follow from the seed."""
    rng = np.random.default_rng(seed)
    return {
        "seed": seed,
        "inputs": rng.standard_normal((B, D)),
        "targets": rng.integers(0, V, B),
        "C": C,
        "V": V,
        "head_steps": head_steps,
        "all_steps": all_steps,
        "lr": float(rng.uniform(0.2, 0.6)),
        "norm": norm,
        "partly": partly,
    }


SIZES = {"B": (7, 9), "D": (2, 3), "C": (4, 5), "V": (6, 6)}
WORDS = "{head_steps} steps for the head, {all_steps} for all, lr = {lr:.2f}"
TRAINED = Cases(
    make_task,
    {**SIZES, "head_steps": (1, 4), "all_steps": (1, 4), "norm": (0, 0), "partly": (0, 0)},
    WORDS,
    ({"head_steps": 3, "all_steps": 2}, {"head_steps": 2, "all_steps": 4}),
)
"""Both stages."""
HEAD_ALONE = Cases(
    make_task,
    {**SIZES, "head_steps": (2, 4), "all_steps": (0, 0), "norm": (0, 0), "partly": (0, 0)},
    WORDS,
    ({"head_steps": 4},),
)
"""The first stage alone."""
NORMED = Cases(
    make_task,
    {**SIZES, "head_steps": (2, 4), "all_steps": (0, 2), "norm": (1, 1), "partly": (0, 0)},
    WORDS + ", BatchNorm in the body",
    ({"head_steps": 3, "all_steps": 0}, {"head_steps": 2, "all_steps": 2}),
)
"""A body with a layer that behaves otherwise in training."""
PARTLY = Cases(
    make_task,
    {**SIZES, "head_steps": (1, 3), "all_steps": (1, 3), "norm": (0, 0), "partly": (1, 1)},
    WORDS + ", a part of the body frozen before",
    ({"head_steps": 2, "all_steps": 2},),
    drawn=1,
)
"""A body of which a part never learns."""
NO_HEAD = Cases(
    make_task,
    {**SIZES, "head_steps": (0, 0), "all_steps": (0, 2), "norm": (0, 0), "partly": (0, 0)},
    WORDS,
    ({"all_steps": 2}, {"all_steps": 0}),
    drawn=0,
)
"""No first stage, or no step at all."""


def make_layers(*, seed: int, L: int, B: int, T: int, C: int) -> dict[str, Any]:
    """Make layers, scores and gamma."""
    rng = np.random.default_rng(seed)
    return {
        "layers": rng.standard_normal((L, B, T, C)),
        "scores": rng.normal(0, 1.5, L),
        "gamma": np.array(rng.uniform(1.5, 3)),
    }


LAYERS = Cases(
    make_layers,
    {"L": (3, 4), "B": (2, 2), "T": (5, 6), "C": (7, 8)},
    "{L} layers, B = {B}, T = {T}, C = {C}",
    ({"L": 3}, {"L": 4, "C": 8}),
)
"""Layers to be mixed."""


@probe("losses: n, body, head, flags", of="fine_tune()", needs=("torch",))
def tuned(code: Any, case: Case) -> Any:
    """Fine-tune; return the losses, the weights before and after, and what is left of requires_grad."""
    import torch

    from sanity.a5.beside.transfer import parts, state

    body, head = parts(case)
    before = state(body)
    needed = [weights.requires_grad for weights in body.parameters()]
    losses = code.pretraining.fine_tune(
        body,
        head,
        torch.tensor(case.inputs),
        torch.tensor(case.targets),
        case.head_steps,
        case.all_steps,
        case.lr,
    )
    losses = [float(loss) for loss in losses]
    flags = [weights.requires_grad for weights in body.parameters()] == needed
    return losses, {"before": before, "after": state(body)}, state(head), flags


@probe("mixed: B T C", of="mix_layers()", needs=("torch",))
def mixed(code: Any, case: Case) -> Any:
    """Mix layers."""
    import torch

    return code.pretraining.mix_layers(*(torch.tensor(case.values[name]) for name in ("layers", "scores", "gamma")))


@probe("gradients", of="mix_layers()", needs=("torch",))
def mixed_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a sum by layers, scores and gamma."""
    import torch

    values = {name: torch.tensor(case.values[name], requires_grad=True) for name in ("layers", "scores", "gamma")}
    output = code.pretraining.mix_layers(*values.values())
    (output * torch.cos(torch.arange(output.numel(), dtype=output.dtype)).reshape(output.shape)).sum().backward()
    return {name: value.grad if value.grad is not None else torch.zeros_like(value) for name, value in values.items()}


def same_weights(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless losses and weights are the reference's."""
    mine, right = run(tuned, case), expect(tuned, case)
    equal("losses", mine["losses"], right["losses"], "the losses are not those expected")
    for part, got, want in (
        ("body", mine["body"]["after"], right["body"]["after"]),
        ("head", mine["head"], right["head"]),
    ):
        for name, value in want.items():
            equal(f"{part}.{name}", got[name], value, f"{name} of the {part} is not what it should be in the end")


@check(HEAD_ALONE, weight=3)
def the_body_stays(run: Run, case: Case) -> None:
    """While the head learns alone no weight of the body changes."""
    body = run(tuned, case)["body"]
    for name, value in body["before"].items():
        if not np.array_equal(body["after"][name], value):
            raise CheckFailed(f"{name} of the body changes while the head learns alone")


@check(TRAINED, weight=6)
def learns_in_two_stages(run: Run, expect: Run, case: Case) -> None:
    """First the head learns alone, then body and head together, by gradient descent; the losses come back."""
    same_weights(run, expect, case)


@check(NORMED)
def a_frozen_norm_stays(run: Run, expect: Run, case: Case) -> None:
    """While the head learns alone the body is in evaluation mode: BatchNorm uses its means, and keeps them."""
    same_weights(run, expect, case)


@check(PARTLY)
def what_was_frozen_before_stays(run: Run, expect: Run, case: Case) -> None:
    """A parameter that required no gradient before never changes; in the end all flags are as they were."""
    if not run(tuned, case)["flags"]:
        raise CheckFailed("requires_grad of the body's parameters is not what it was before")
    same_weights(run, expect, case)


@check(NO_HEAD)
def stages_may_be_empty(run: Run, expect: Run, case: Case) -> None:
    """A stage may have no step."""
    mine, right = run(tuned, case), expect(tuned, case)
    if len(mine["losses"]) != len(right["losses"]):
        raise CheckFailed(f"there are {len(mine['losses'])} losses, expected {len(right['losses'])}")
    if right["losses"]:
        same_weights(run, expect, case)


check.compares(
    mixed,
    LAYERS,
    "mixed",
    weight=6,
    says="mix_layers() returns gamma times the sum of softmax(scores)_l times layer l.",
)


@check(LAYERS, weight=2, gradients=True)
def gradients_reach_scores_and_gamma(run: Run, expect: Run, case: Case) -> None:
    """The right gradients reach the layers, their scores and gamma."""
    same_gradients(run(mixed_gradients, case)["gradients"], expect(mixed_gradients, case)["gradients"])
