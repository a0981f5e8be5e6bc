"""Question 4f: the loss on a batch. A simple forward() takes the place of the model's."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.decoders import DECODERS, GRADIENTS, ONE, WORDS, make_decoder
from sanity.a5.language_model import tied_if_so
from sanity.a5.own_parts import alone_or_whole
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import number, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe
from sanity.gradients import same_gradients

check = Checks("4f")

SHORT = Cases(
    make_decoder,
    {
        "B": (1, 1),
        "T": (2, 2),
        "heads": (3, 3),
        "size": (5, 5),
        "layers": (1, 1),
        "more": (1, 1),
        "V": (19, 23),
        "new": (1, 1),
    },
    WORDS,
    ({"B": 1, "T": 6}, {"B": 3, "T": 2}),
    drawn=1,
)
"""One sequence, or two tokens, of which one is predicted."""


@probe("loss", of="get_loss_on_batch()", needs=("torch",))
def loss_on_batch(code: Any, case: Case) -> Any:
    """Return the loss on the case's tokens."""
    import torch

    from sanity.a5.beside.decoder_stand_ins import learnt_logits
    from sanity.a5.beside.decoders import model_of, with_forward

    table = torch.tensor(case.table)
    model = with_forward(code, case, learnt_logits(table)) if case.stand_ins else model_of(code, case)
    return model.get_loss_on_batch(torch.tensor(case.tokens))


@probe("gradients", of="get_loss_on_batch()", needs=("torch",))
def loss_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of the loss: by what the simple logits are made of, or else by the weights."""
    import torch

    from sanity.a5.beside.decoder_stand_ins import learnt_logits
    from sanity.a5.beside.decoders import gradients, model_of, with_forward

    if not case.stand_ins:
        model = model_of(code, case)
        return gradients(model, model.get_loss_on_batch(torch.tensor(case.tokens)), case)
    table = torch.tensor(case.table, requires_grad=True)
    loss = with_forward(code, case, learnt_logits(table)).get_loss_on_batch(torch.tensor(case.tokens))
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.sum().backward()  # type: ignore[no-untyped-call]
    return {"the logits": torch.zeros_like(table) if table.grad is None else table.grad}


def same_loss(got: Answers, want: Answers) -> None:
    """Raise CheckFailed unless the loss is the right one, as far as float32 tells."""
    mine, right = (number(answers, "loss").astype(np.float32) for answers in (got, want))
    same_array("loss", mine, right, "")


@check(DECODERS, weight=10, outputs=("loss",))
def means_the_cross_entropy(run: Run, expect: Run, case: Case) -> None:
    """get_loss_on_batch() returns the mean cross-entropy of each token but the first, given those before it."""

    def judge(case: Case) -> None:
        same_loss(run(loss_on_batch, case), expect(loss_on_batch, case))

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check(GRADIENTS, weight=6, gradients=True)
def gradients_reach_the_logits(run: Run, expect: Run, case: Case) -> None:
    """The loss has a graph behind it, through which the right gradient reaches the logits."""

    def judge(case: Case) -> None:
        same_gradients(run(loss_gradients, case)["gradients"], expect(loss_gradients, case)["gradients"])

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check(ONE, weight=3)
def knows_nothing_from_equal_logits(run: Run, case: Case) -> None:
    """If all logits are equal, the loss is log V."""

    def judge(case: Case) -> None:
        loss = number(run(loss_on_batch, case), "loss")
        if abs(loss - np.log(case.V)) > 1e-4:
            raise CheckFailed("the loss is not log V although every token is equally likely")

    equal = {**case.weights, "lm_head.weight": np.zeros_like(case.weights["lm_head.weight"])}
    alone_or_whole(judge, run, case.having(table=np.zeros_like(case.table), weights=equal))


@check(ONE, weight=3)
def means_over_sequences(run: Run, case: Case) -> None:
    """The loss of a batch is the mean of the losses of its sequences."""

    def judge(case: Case) -> None:
        rows = [case.having(tokens=row[None]) for row in case.tokens]
        alone = [number(run(loss_on_batch, row), "loss") for row in rows]
        if abs(number(run(loss_on_batch, case), "loss") - np.mean(alone)) > 1e-4 * (1 + abs(np.mean(alone))):
            raise CheckFailed("the loss of a batch is not the mean of the losses of its sequences")

    alone_or_whole(judge, run, case)


@check(SHORT, weight=2)
def takes_one_sequence(run: Run, expect: Run, case: Case) -> None:
    """The loss is right for one sequence, too, and where there is one token to predict."""

    def judge(case: Case) -> None:
        same_loss(run(loss_on_batch, case), expect(loss_on_batch, case))

    alone_or_whole(judge, run, tied_if_so(run, case), expect)
