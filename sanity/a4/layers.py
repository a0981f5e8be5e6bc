"""Question 1c: the layers of the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a4.batches import ANY, BATCHES, SIZED
from sanity.a4.shapes import same_shape
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import same
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("1c")


@probe("layers, shared", of="NMT()", needs=("torch",))
def layers(code: Any, case: Case) -> Any:
    """Make the model; return the shape of each parameter by name, and the pairs of names that are one parameter."""
    from sanity.a4.beside.model import new

    everything = dict(new(code, case).named_parameters(remove_duplicate=False))
    shared = [[a, b] for a in everything for b in everything if a < b and everything[a] is everything[b]]
    return {name: list(p.shape) for name, p in everything.items()}, shared


@probe("difference to the rate given, rate by default", of="NMT()", needs=("torch",))
def dropout_rates(code: Any, case: Case) -> Any:
    """Make two models, one with a dropout rate from the case and one without; return the rates of their layers."""
    from sanity.a4.beside.model import new

    rate = 0.25 + (case.seed % 50) / 100
    return new(code, case, dropout_rate=rate).dropout.p - rate, new(code, case).dropout.p


@probe("has a convolution", of="NMT()", needs=("torch",), otherwise={"has a convolution": False})
def has_convolution(code: Any, case: Case) -> Any:
    """Make the model; return whether it is the kind with a convolution after the embeddings."""
    from sanity.a4.beside.model import make

    return hasattr(make(code, case), "post_embed_cnn")


@probe("convolved: b e src_len", of="post_embed_cnn()", needs=("torch",))
def convolve(code: Any, case: Case) -> Any:
    """Run the convolution, with the case's weights, over the case's channels; (b, e, src_len)."""
    from sanity.a4.beside.model import fill, make, require_layers, tensor

    model = make(code, case)
    code.cache.pop(id(model), None)  # its weights will be of more than one case
    convolution = model.post_embed_cnn
    own = {f"post_embed_cnn.{name}": p for name, p in convolution.named_parameters()}
    require_layers(own, case, ("post_embed_cnn",))
    fill(own, case)
    return convolution(tensor(case.channels))


def convolves(run: Run) -> bool:
    """Return whether the submission's model has the convolution of 2022 and later."""
    return run(has_convolution, ANY)["has a convolution"] is not False


@check(SIZED, weight=4, outputs=("layers",))
def has_layers_of_the_right_sizes(run: Run, expect: Run, case: Case) -> None:
    """Every layer of the model has the right sizes, and a bias where it should have one."""
    got, want = run(layers, case)["layers"], expect(layers, case)["layers"]
    if not isinstance(got, dict):
        raise CheckFailed("NMT() has no named layers", output="layers")
    convolved = any(name.startswith("post_embed_cnn") for name in got)
    for name, shape in want.items():
        if name.startswith("post_embed_cnn") and not convolved:
            continue
        layer, _, parameter = name.rpartition(".")
        if name not in got:
            known = any(other.startswith(layer + ".") for other in got)
            said = f"self.{layer} has no {parameter}" if known else f"the model has no layer self.{layer}"
            raise CheckFailed(said, diagnosis=missing_parameter(name, known), output="layers")
        same_shape(name, got[name], shape, "", output="layers")
    expected = {name.rpartition(".")[0] for name in want}
    for name in sorted(got.keys() - want.keys()):
        layer, _, parameter = name.rpartition(".")
        if layer in expected:
            if parameter == "bias":
                said = f"self.{layer} has a bias, but should not have one"
                raise CheckFailed(said, hint="make the layer with bias=False", output="layers")
            diagnosis = f"self.{layer} has a second layer on top of the first" if "_l1" in parameter else ""
            raise CheckFailed(f"self.{layer} has more weights than it should", diagnosis=diagnosis, output="layers")


def missing_parameter(name: str, known: bool) -> str:
    """Return the diagnosis if a parameter is missing, "" if none fits; known tells whether its layer exists."""
    layer = name.rpartition(".")[0]
    if "_reverse" in name and known:
        return f"self.{layer} is not bidirectional"
    if "bias" in name and known:
        return f"self.{layer} was made with bias=False"
    return ""


@check(BATCHES, weight=2)
def convolves_each_word_with_the_next(run: Run, expect: Run, case: Case) -> None:
    """The convolution keeps the length: it joins each word with the next one, and the last word with zero."""
    if convolves(run):
        channels = np.resize(case.enc_hiddens, (len(case.source_lengths), case.e, case.source_padded.shape[0]))
        case = case.having(channels=channels)
        same(run(convolve, case), expect(convolve, case), convolve.axes)


@check(SIZED)
def drops_out_at_the_given_rate(run: Run, case: Case) -> None:
    """The dropout layer has the rate given to NMT(), and 0.2 if none is given."""
    rates = run(dropout_rates, case)
    if rates["difference to the rate given"] != 0:
        diagnosis = "dropout_rate is not passed to nn.Dropout"
        raise CheckFailed("the dropout layer does not have the rate given to NMT()", diagnosis=diagnosis)
    if rates["rate by default"] != 0.2:
        raise CheckFailed("the dropout rate is not 0.2 by default")


@check(SIZED)
def shares_no_weights(run: Run, case: Case) -> None:
    """No two layers share their weights."""
    shared = run(layers, case)["shared"]
    if shared:
        raise CheckFailed("two layers of the model are one and the same", diagnosis="one layer was made and used twice")
