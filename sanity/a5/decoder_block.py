"""Question 4c: a block. Simple parts take the place of its attention and its MLP."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.decoders import DECODERS, DEGENERATE, GRADIENTS, ONE, same_each_time
from sanity.a5.layer_names import same_parameters
from sanity.a5.own_parts import alone_or_whole
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4c")

PARTS = ("attention.", "mlp.")


@probe("output: B T C", of="DecoderBlock()", needs=("torch",))
def block_outputs(code: Any, case: Case) -> Any:
    """Run the block with the case's weights, in evaluation."""
    import torch

    from sanity.a5.beside.decoders import block_of, told

    return told(block_of(code, case)(torch.tensor(case.x)), case)


@probe("gradients, gradient of x: B T C", of="DecoderBlock()", needs=("torch",))
def block_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the output, by the weights of the norms and by the input."""
    import torch

    from sanity.a5.beside.decoders import block_of, gradients, told, weighted_sum

    block, x = block_of(code, case), torch.tensor(case.x, requires_grad=True)
    by_weights = gradients(block, weighted_sum(block(x * 1)), case, without=PARTS)
    return by_weights, told(torch.zeros_like(x) if x.grad is None else x.grad, case)


@probe("parameters, others", of="DecoderBlock()", needs=("torch",))
def block_parameters(code: Any, case: Case) -> Any:
    """Make a block; return the shapes by name of the parameters that are not those of its attention and its MLP."""
    from sanity.a5.beside.decoders import block_of, shapes_of

    return shapes_of(block_of(code, case), without=PARTS)


@check(DECODERS, weight=6, outputs=("output",))
def wires_the_block(run: Run, expect: Run, case: Case) -> None:
    """DecoderBlock() adds to its input what attention makes of a norm of it, and to that what the MLP does."""

    def judge(case: Case) -> None:
        same_each_time(run, block_outputs, case, expect(block_outputs, case))

    alone_or_whole(judge, run, case, expect)


@check(GRADIENTS, weight=2, gradients=True)
def gradients_reach_the_norms(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches both norms, and the input of the block."""

    def judge(case: Case) -> None:
        got, want = run(block_gradients, case), expect(block_gradients, case)
        same_gradients(got["gradients"], want["gradients"])
        same(got, want, block_gradients.axes)

    alone_or_whole(judge, run, case, expect)


@check(ONE, weight=1)
def names_the_parts_of_the_block(run: Run, expect: Run, case: Case) -> None:
    """The parts of a block are attention, mlp, pre_layer_norm and post_layer_norm."""
    same_parameters(run(block_parameters, case), expect(block_parameters, case))


@check(DEGENERATE, weight=1)
def runs_where_a_size_is_one(run: Run, expect: Run, case: Case) -> None:
    """The block is right for one sequence, too, and for one token."""

    def judge(case: Case) -> None:
        same(run(block_outputs, case), expect(block_outputs, case), block_outputs.axes)

    alone_or_whole(judge, run, case, expect)


@check(ONE, weight=2)
def passes_large_inputs_on(run: Run, case: Case) -> None:
    """Of a block's output the input is one part: ten thousand times as large, it comes out nearly as it went in."""

    def judge(case: Case) -> None:
        x = case.x * np.float32(10000)
        output = shaped(run(block_outputs, case.having(x=x)), "output", "B T C", x)
        # Norms make of x what they made of it before, so that what both parts add does not grow: it is far below 100.
        if not np.allclose(output, x, 0, 100):
            raise CheckFailed("the input of the block is not passed on to its output")

    alone_or_whole(judge, run, case)
