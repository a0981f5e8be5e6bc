"""Question 4d: from tokens to logits. Simple blocks take the place of the real ones."""

from __future__ import annotations

from typing import Any

from sanity.a5.decoders import (
    DECODERS,
    DEGENERATE,
    GRADIENTS,
    ONE,
    mixes_no_sequences,
    same_each_time,
    sees_nothing_later,
)
from sanity.a5.layer_names import same_parameters
from sanity.a5.own_parts import alone_or_whole
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4d")


@probe("logits: B T V", of="Transformer()", needs=("torch",))
def next_token_logits(code: Any, case: Case) -> Any:
    """Run the model with the case's weights, in evaluation."""
    import torch

    from sanity.a5.beside.decoders import model_of, told

    return told(model_of(code, case)(torch.tensor(case.tokens)), case)


@probe("gradients", of="Transformer()", needs=("torch",))
def model_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the logits by the weights that are not those of blocks."""
    import torch

    from sanity.a5.beside.decoders import gradients, model_of, weighted_sum

    model = model_of(code, case)
    return gradients(model, weighted_sum(model(torch.tensor(case.tokens))), case, without=("backbone.",))


@probe("parameters, others, blocks", of="Transformer()", needs=("torch",))
def model_parameters(code: Any, case: Case) -> Any:
    """Make a model; return the shapes of its own parameters by name, and how many blocks it has."""
    from sanity.a5.beside.decoder_stand_ins import StandInBlock
    from sanity.a5.beside.decoders import config_of, replaced, shapes_of

    with replaced(code, DecoderBlock=StandInBlock):
        model = code.model_solution.Transformer(config_of(code, case))
    return *shapes_of(model, without=("backbone.",)), len({id(block) for block in model.backbone})


@probe("tied", of="Transformer()", needs=("torch",), otherwise={"tied": True})
def is_tied(code: Any, case: Case) -> Any:
    """Make a model; return whether lm_head and embeddings share one weight."""
    from sanity.a5.beside.decoders import model_of

    model = model_of(code, case)
    return model.lm_head.weight is model.embeddings.weight


def tied_if_so(run: Run, case: Case) -> Case:
    """Return the case for a submission whose lm_head and embeddings are one weight, as GPT-2's are, or are not."""
    try:
        return case.having(tied=True) if run(is_tied, ONE.case())["tied"] is True else case
    except (CheckFailed, CouldNotRun):
        return case


@check(DECODERS, weight=12, outputs=("logits",))
def gives_the_logits(run: Run, expect: Run, case: Case) -> None:
    """Transformer() adds positions to embeddings, runs all blocks and a last norm, and returns logits, (B, T, V)."""

    def judge(case: Case) -> None:
        same_each_time(run, next_token_logits, case, expect(next_token_logits, case))

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check(GRADIENTS, weight=4, gradients=True)
def gradients_reach_the_embeddings(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches both embeddings, the last norm and lm_head."""

    def judge(case: Case) -> None:
        same_gradients(run(model_gradients, case)["gradients"], expect(model_gradients, case)["gradients"])

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check(ONE, weight=2)
def names_the_parts_of_the_model(run: Run, expect: Run, case: Case) -> None:
    """The parts of the model are embeddings, position_embeddings, backbone, final_layer_norm and lm_head."""
    got, want = run(model_parameters, case), expect(model_parameters, case)
    same_parameters(got, want)
    if got["blocks"] != want["blocks"]:
        raise CheckFailed(
            "the backbone does not have n_layers blocks, each with weights of its own",
            diagnosis="all blocks are one and the same, so that they share their weights" if got["blocks"] == 1 else "",
            hint="[block] * n is a list of one block n times",
        )


@check(ONE, weight=2)
def no_logit_depends_on_a_later_token(run: Run, case: Case) -> None:
    """The logits at a position do not change when later tokens do."""

    def judge(case: Case) -> None:
        sees_nothing_later(run, next_token_logits, case, "tokens", (case.tokens + 1) % case.V)

    alone_or_whole(judge, run, tied_if_so(run, case))


@check(DEGENERATE, weight=2)
def reads_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """The model is right for one sequence, one token, and for as many tokens as context_length."""

    def judge(case: Case) -> None:
        same(run(next_token_logits, case), expect(next_token_logits, case), next_token_logits.axes)

    alone_or_whole(judge, run, tied_if_so(run, case), expect)


@check(ONE, weight=2)
def keeps_sequences_apart(run: Run, case: Case) -> None:
    """The logits of a sequence do not depend on the other sequences of the batch."""

    def judge(case: Case) -> None:
        mixes_no_sequences(run, next_token_logits, case, "tokens", (case.tokens + 1) % case.V)

    alone_or_whole(judge, run, tied_if_so(run, case))
