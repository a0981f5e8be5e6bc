"""Question 4a: the MLP, with GELU."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a5.decoders import DECODERS, DEGENERATE, GRADIENTS, ONE, same_each_time
from sanity.a5.layer_names import same_parameters
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same, shaped
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("4a")

POINTS = np.array([-4, -2.7, -1.5, -0.75, -0.2, 0, 0.3, 1, 1.7, 2.7, 4], np.float32)
"""Where GELU is looked at: the exact function and the approximation differ most at 2.7, by 4.7e-4."""


@probe("output: B T C", of="MLP()", needs=("torch",))
def mlp_outputs(code: Any, case: Case) -> Any:
    """Run the MLP with the case's weights."""
    import torch

    from sanity.a5.beside.decoders import mlp_of

    return mlp_of(code, case)(torch.tensor(case.x))


@probe("values: n", of="MLP()", needs=("torch",))
def activation(code: Any, case: Case) -> Any:
    """Run the MLP with weights that pass one number through: return what its activation makes of some points."""
    import torch

    from sanity.a5.beside.decoders import mlp_of

    mlp = mlp_of(code, case)
    with torch.set_grad_enabled(False):
        for layer in (mlp.fc1, mlp.fc2):
            layer.weight.zero_()
            layer.weight[0, 0] = 1
            if layer.bias is not None:
                layer.bias.zero_()
        x = torch.zeros(1, len(POINTS), case.C)
        x[0, :, 0] = torch.tensor(POINTS)
        return mlp(x)[0, :, 0]


@probe("gradients", of="MLP()", needs=("torch",))
def mlp_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the MLP's output by its weights."""
    import torch

    from sanity.a5.beside.decoders import gradients, mlp_of, weighted_sum

    mlp = mlp_of(code, case)
    return gradients(mlp, weighted_sum(mlp(torch.tensor(case.x))), case)


@probe("parameters, others", of="MLP()", needs=("torch",))
def mlp_parameters(code: Any, case: Case) -> Any:
    """Make an MLP; return the shapes of its parameters by name, and the names of what else its state dict has."""
    from sanity.a5.beside.decoders import config_of, shapes_of

    return shapes_of(code.model_solution.MLP(config_of(code, case)))


def fitted(run: Run, expect: Run, case: Case) -> Case:
    """Return the case for the submission's kind of GELU: the reference's is approximate, and may be made exact."""
    fixed = DECODERS.case()
    approximate, exact = (expect(activation, fixed.having(exact=kind))["values"] for kind in (False, True))
    try:
        values = shaped(run(activation, fixed), "values", "n", approximate)
    except (CheckFailed, CouldNotRun):
        return case.having(exact=False)
    return case.having(exact=bool(np.abs(values - exact).max() < np.abs(values - approximate).max()))


@check(DECODERS, weight=6, outputs=("output",))
def applies_two_layers(run: Run, expect: Run, case: Case) -> None:
    """MLP() applies fc1, GELU and fc2 to each token."""
    same_each_time(run, mlp_outputs, case, expect(mlp_outputs, fitted(run, expect, case)))


@check(ONE, weight=2)
def applies_gelu(run: Run, expect: Run, case: Case) -> None:
    """Between the two layers there is GELU: the exact one, or GPT-2's approximation."""
    same(run(activation, case), expect(activation, fitted(run, expect, case)), activation.axes)


@check(GRADIENTS, weight=2, gradients=True)
def gradients_reach_the_mlp(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight and bias of the MLP."""
    right = expect(mlp_gradients, fitted(run, expect, case))
    same_gradients(run(mlp_gradients, case)["gradients"], right["gradients"])


@check(ONE, weight=1)
def names_the_layers_of_the_mlp(run: Run, expect: Run, case: Case) -> None:
    """The layers of an MLP are fc1 and fc2, from C numbers to 4 C and back, with biases."""
    same_parameters(run(mlp_parameters, case), expect(mlp_parameters, case))


@check(DEGENERATE, weight=1)
def takes_any_batch(run: Run, expect: Run, case: Case) -> None:
    """The MLP is right for a batch of one, too, and for a sequence of one token."""
    same(run(mlp_outputs, case), expect(mlp_outputs, fitted(run, expect, case)), mlp_outputs.axes)
