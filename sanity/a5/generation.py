"""Question 4e: generating tokens. A simple forward() takes the place of the model's."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.decoders import DECODERS, ONE, WORDS, make_decoder
from sanity.a5.language_model import tied_if_so
from sanity.a5.own_parts import alone_or_whole
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, same_array
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe

check = Checks("4e")

SMALL = Cases(
    make_decoder,
    {
        "B": (1, 1),
        "T": (4, 4),
        "heads": (3, 3),
        "size": (5, 5),
        "layers": (2, 2),
        "more": (1, 1),
        "V": (19, 23),
        "new": (1, 1),
    },
    WORDS,
    ({"B": 2, "T": 1, "more": 2, "new": 2},),
    drawn=1,
)
"""One sequence, one new token, or one token to begin with."""


@probe("tokens: B T+new, graph", of="generate()", needs=("torch",))
def generated(code: Any, case: Case) -> Any:
    """Generate tokens after those of the case; also return whether a graph was built meanwhile."""
    import torch

    from sanity.a5.beside.decoder_stand_ins import fixed_logits
    from sanity.a5.beside.decoders import model_of, with_forward

    graphs = []

    def forward(tokens: Any, *arguments: Any, **options: Any) -> Any:
        graphs.append(torch.is_grad_enabled())
        return fixed_logits(tokens, case.V)

    model = with_forward(code, case, forward) if case.stand_ins else model_of(code, case)
    return model.generate(torch.tensor(case.tokens), case.new), any(graphs)


def tokens_of(run: Run, case: Case) -> Array:
    """Return the tokens that the submission generates; raise CheckFailed unless they are whole numbers in a batch."""
    B, T = case.tokens.shape
    like = np.zeros((B, T + case.new), np.int64)
    tokens = as_array("tokens", run(generated, case)["tokens"], like)
    if tokens.dtype.kind not in "iu":
        diagnosis = "tokens are returned as floating-point numbers"
        raise CheckFailed("the tokens that are returned are not whole numbers", diagnosis=diagnosis)
    if tokens.shape != like.shape:
        same_array("tokens", tokens, like, "B T+new")
    return tokens


@check(DECODERS, weight=10, outputs=("tokens",))
def continues_with_the_likeliest(run: Run, expect: Run, case: Case) -> None:
    """generate() adds the likeliest token to each sequence, again and again, given all tokens before it."""

    def judge(case: Case) -> None:
        want = expect(generated, case)["tokens"]
        try:
            same_array("tokens", run(generated, case)["tokens"], want, "B T+new")
        except CheckFailed as problem:
            again = case.having(again=True)
            if tokens_of(run, case).tolist() != tokens_of(run, again).tolist():
                diagnosis = "tokens are drawn at random, where the likeliest should be taken"
                raise CheckFailed(problem.message, diagnosis=diagnosis, output="tokens") from None
            raise
        tokens_of(run, case)

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check(ONE, weight=3)
def keeps_what_it_continues(run: Run, case: Case) -> None:
    """What generate() returns begins with the tokens that it was given."""

    def judge(case: Case) -> None:
        if (tokens_of(run, case)[:, : case.tokens.shape[1]] != case.tokens).any():
            raise CheckFailed("the tokens that generate() was given are not those that it returns first")

    alone_or_whole(judge, run, case)


@check(ONE, weight=2)
def continues_in_two_parts(run: Run, case: Case) -> None:
    """To add some tokens, and then some more, is to add them all."""

    def judge(case: Case) -> None:
        half = case.having(new=case.new // 2)
        rest = case.having(tokens=tokens_of(run, half), new=case.new - case.new // 2)
        if (tokens_of(run, rest) != tokens_of(run, case)).any():
            raise CheckFailed("the tokens are others if they are generated in two parts")

    alone_or_whole(judge, run, case)


@check(ONE, weight=2)
def continues_each_sequence_by_itself(run: Run, case: Case) -> None:
    """How a sequence is continued does not depend on the other sequences of the batch."""

    def judge(case: Case) -> None:
        together = tokens_of(run, case)
        others = np.concatenate(((case.tokens[:-1] + 1) % case.V, case.tokens[-1:]))
        if (tokens_of(run, case.having(tokens=others))[-1] != together[-1]).any():
            raise CheckFailed("a sequence is continued in another way if the other sequences are others")

    alone_or_whole(judge, run, case)


@check(ONE, weight=1)
def adds_nothing_if_there_is_nothing_to_add(run: Run, expect: Run, case: Case) -> None:
    """With num_new_tokens = 0, generate() returns the tokens that it was given."""

    def judge(case: Case) -> None:
        same_array("tokens", run(generated, case)["tokens"], expect(generated, case)["tokens"], "B T")

    alone_or_whole(judge, run, case.having(new=0), expect)


@check(SMALL, weight=2)
def continues_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """generate() is right for one sequence, too, for one token to begin with, and for one new token."""

    def judge(case: Case) -> None:
        same_array("tokens", run(generated, case)["tokens"], expect(generated, case)["tokens"], "B T+new")

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check.hint(ONE)
def builds_no_graph(run: Run, case: Case) -> None:
    """Generating needs no gradients, and the graph for them takes memory."""
    try:
        graph = run(generated, case)["graph"]
    except (CheckFailed, CouldNotRun):
        return  # the simple forward() does not fit
    if graph is True:
        raise CheckFailed("generate() builds a graph", hint="with torch.no_grad() it needs less time and memory")
