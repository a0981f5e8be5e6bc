"""The student's model of assignment 4, built with given weights, and the gradients that reach it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sanity.a4.batches import of_layers
from sanity.a4.gradients import CONVOLUTION
from sanity.core.case import Case
from sanity.core.values import NOT_A_TENSOR, Unsupported

# oneDNN compiles a kernel for every new size, which takes longer than our small cases do.
torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
# What torch says of every right convolution with kernel 2.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")


def vocab_of(code: Any, case: Case) -> Any:
    """Make a Vocab of the case's sizes whose padding tokens have the case's indices."""

    def entry(size: int, pad: int) -> Any:
        others = iter(["<s>", "</s>", "<unk>", *(f"w{i}" for i in range(size))])
        return code.vocab.VocabEntry({"<pad>" if i == pad else next(others): i for i in range(size)})

    return code.vocab.Vocab(entry(case.v_src, case.pad_src), entry(case.v_tgt, case.pad_tgt))


def sizes_of(case: Case) -> tuple[Any, ...]:
    """Return the sizes and the dtype that a model is made for."""
    return (case.e, case.h, case.v_src, case.v_tgt, case.pad_src, case.pad_tgt, case.Ybar_t.dtype)


def new(code: Any, case: Case, **options: Any) -> Any:
    """Make a new model of the student's, of the case's sizes."""
    return code.nmt_model.NMT(embed_size=case.e, hidden_size=case.h, vocab=vocab_of(code, case), **options)


def make(code: Any, case: Case) -> Any:
    """Return the student's model of the case's sizes.

    One of the same sizes is used again, as in training, where a model sees batch after batch.
    """
    sizes = sizes_of(case)
    if sizes not in code.cache:
        model = new(code, case, dropout_rate=0.5)
        code.cache[sizes] = model.double() if case.Ybar_t.dtype == "float64" else model
    model = code.cache[sizes]
    vars(model).pop("step", None)  # a stand-in
    return model


def build(code: Any, case: Case, used: tuple[str, ...]) -> Any:
    """Give the student's model the case's weights; other weights are zero, so that they do no harm.

    Only the layers used have to be there and to fit: a mistake in another one is for the questions that run on it.
    """
    model = make(code, case)
    if (id(model), used) not in code.cache:
        require_layers(parameters_of(code, model), case, used)
        code.cache[id(model), used] = True
    given = (sizes_of(case), case.attention_first, b"".join(weight.tobytes() for weight in case.weights.values()))
    if code.cache.get(id(model)) != given:  # else the model has them still
        fill(parameters_of(code, model), case)
        code.cache[id(model)] = given
    if case.training:
        seed(case.seed)  # of dropout
    if (id(model), "modules") not in code.cache:
        code.cache[id(model), "modules"] = tuple(model.modules())
    training = case.training
    for module in code.cache[id(model), "modules"]:
        vars(module)["training"] = training  # as model.train(), which takes a tenth of the time of a grading
    return model


def parameters_of(code: Any, model: Any) -> dict[str, Tensor]:
    """Return the model's parameters by name, collected once."""
    if (id(model), "parameters") not in code.cache:
        code.cache[id(model), "parameters"] = dict(model.named_parameters())
    parameters: dict[str, Tensor] = code.cache[id(model), "parameters"]
    return parameters


def seed(number: int) -> None:
    """Seed the generator of dropout; `torch.manual_seed` would also seed every kind of device."""
    torch.default_generator.manual_seed(number)


def require_layers(own: dict[str, Tensor], case: Case, used: tuple[str, ...]) -> None:
    """Raise AttributeError or ValueError unless the layers used have the case's weights, in their shapes."""
    weights = of_layers(case.weights, used)
    missing = weights.keys() - own.keys() - set(CONVOLUTION)
    if missing:
        raise AttributeError(f"the model has no {min(missing)}")
    for name in weights.keys() & own.keys():
        if own[name].shape != weights[name].shape:
            raise ValueError(f"{name} has shape {tuple(own[name].shape)}, expected {weights[name].shape}")


def fill(own: dict[str, Tensor], case: Case) -> None:
    """Give parameters, by name, the values that the case has for them; zeros to those without, or of other shapes."""
    with torch.no_grad():
        for name, parameter in own.items():
            fits = name in case.weights and case.weights[name].shape == parameter.shape
            parameter.copy_(turned(case, name, tensor(case.weights[name])) if fits else torch.zeros_like(parameter))


def turned(case: Case, name: str, columns: Tensor, way: int = 1) -> Tensor:
    """Turn the columns of a weight for a model that joins U_t as [h_dec ; a_t], or with way = -1 those back."""
    if name == "combined_output_projection.weight" and not case.attention_first:
        return columns.roll(way * case.h, dims=1)
    return columns


def tensor(array: Any) -> Tensor:
    """Copy an array into a tensor, so that the submission cannot change the case."""
    return torch.from_numpy(np.array(array))  # in a third of the time of torch.tensor


@contextlib.contextmanager
def default_dtype(like: Any) -> Iterator[None]:
    """Make new tensors have the dtype of like, so that `torch.zeros(…)` in an answer fits a float64 case."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(tensor(like).dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def inputs_of(case: Case, learn: bool = False) -> dict[str, Tensor]:
    """Return what decode() and step() are given, by name; learn says whether gradients arrive there."""
    h, c = case.dec_init_state
    arrays = {name: case.values[name] for name in ("Ybar_t", "enc_hiddens", "enc_hiddens_proj")}
    arrays |= {"dec_state[0]": h, "dec_state[1]": c}
    return {name: tensor(array).requires_grad_(learn) for name, array in arrays.items()}


def state_of(inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the decoder's state before the call, of `inputs_of`."""
    return inputs["dec_state[0]"], inputs["dec_state[1]"]


def masks_of(case: Case) -> Tensor | None:
    """Return the case's enc_masks, None if it has none."""
    return None if case.enc_masks is None else tensor(case.enc_masks)


def call_decode(model: Any, case: Case, inputs: dict[str, Tensor]) -> Any:
    """Call the model's decode on the inputs."""
    return model.decode(inputs["enc_hiddens"], masks_of(case), state_of(inputs), tensor(case.target_padded))


def call_step(model: Any, case: Case, inputs: dict[str, Tensor]) -> Any:
    """Call the model's step on the inputs."""
    proj = inputs["enc_hiddens_proj"]
    return model.step(inputs["Ybar_t"], state_of(inputs), inputs["enc_hiddens"], proj, masks_of(case))


def only_tensors(answer: Any) -> Any:
    """Mark each numpy array of an answer, which no gradient could pass: it is named then, not taken for a tensor."""
    if isinstance(answer, np.ndarray):
        return Unsupported(NOT_A_TENSOR)
    return [only_tensors(part) for part in answer] if type(answer) in (list, tuple) else answer


def weighted_sum(tensors: list[Tensor]) -> Tensor:
    """Add up all entries, each with another weight: a loss whose gradient is different everywhere."""
    return sum(  # type: ignore[return-value]
        (t * torch.cos(torch.arange(t.numel(), dtype=t.dtype) + i).reshape(t.shape)).sum()
        for i, t in enumerate(tensors)
    )


def gradients(
    code: Any, model: Any, loss: Tensor, case: Case, inputs: dict[str, Tensor], used: tuple[str, ...]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the gradients of the loss, zeros where none arrives, and none where the case asks for the loss alone.

    The first are those by the weights that the model has of the layers used, the second those by the inputs.
    """
    if not case.backward:
        return {}, {}
    parameters = parameters_of(code, model)
    for parameter in parameters.values():
        parameter.grad = None
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    own = {n: p for n, p in of_layers(parameters, used).items() if n in case.weights}
    by_weights = {name: turned(case, name, arrived(p), way=-1) for name, p in own.items()}
    return by_weights, {name: arrived(x) for name, x in inputs.items()}


def arrived(leaf: Tensor) -> Tensor:
    """Return the gradient that arrived at a leaf of the graph."""
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
