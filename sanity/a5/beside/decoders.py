"""The student's parts of a transformer: made with a case's sizes, with its weights, or with simple parts in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from sanity.a5.beside.decoder_stand_ins import ExactGELU, StandInAttention, StandInBlock, StandInMLP, waves
from sanity.core.case import Case


def config_of(code: Any, case: Case) -> Any:
    """Return the sizes as the student's ModelConfig, or as another object with the same attributes if that has none."""
    sizes = {
        "d_model": case.C,
        "n_heads": case.heads,
        "n_layers": case.layers,
        "context_length": case.T_max,
        "vocab_size": case.V,
    }
    try:
        return code.model_solution.ModelConfig(**sizes)
    except (AttributeError, ImportError, TypeError):  # TypeError: it has more fields, or others
        return SimpleNamespace(**sizes)


@contextlib.contextmanager
def replaced(code: Any, **classes: type) -> Iterator[None]:
    """Let names of model_solution.py mean other classes for as long as the student's object is made."""
    names = vars(code.model_solution)
    before = {name: names[name] for name in classes if name in names}
    names.update(classes)
    try:
        yield
    finally:
        for name in classes:
            del names[name]
        names.update(before)


def activation_of(case: Case) -> dict[str, type]:
    """Return the class in the place of GELU, by name, if the case has the exact one."""
    return {"GELU": ExactGELU} if case.exact else {}


def mlp_of(code: Any, case: Case) -> Any:
    """Make the student's MLP with the first block's weights; the reference's has the exact GELU if the case says so."""
    with replaced(code, **activation_of(case)):
        mlp = code.model_solution.MLP(config_of(code, case))
    return filled(mlp, case, "backbone.0.mlp.")


def attention_of(code: Any, case: Case) -> Any:
    """Make the student's CausalAttention with the first block's weights."""
    return filled(code.model_solution.CausalAttention(config_of(code, case)), case, "backbone.0.attention.")


def block_of(code: Any, case: Case) -> Any:
    """Make the student's DecoderBlock with the first block's weights, and with stand-ins in it if the case says so."""
    if not case.stand_ins:
        with replaced(code, **activation_of(case)):
            block = code.model_solution.DecoderBlock(config_of(code, case))
        return filled(block, case, "backbone.0.")
    with replaced(code, CausalAttention=StandInAttention, MLP=StandInMLP):
        block = code.model_solution.DecoderBlock(config_of(code, case))
    for name, part in (("attention", StandInAttention()), ("mlp", StandInMLP())):
        if not isinstance(getattr(block, name, None), nn.Module):
            raise AttributeError(f"the model has no part {name}")
        setattr(block, name, part)
    return filled(block, case, "backbone.0.", without=("attention.", "mlp."))


def model_of(code: Any, case: Case) -> Any:
    """Make the student's Transformer with the case's weights, and with simple blocks in it if the case says so."""
    if not case.stand_ins:
        with replaced(code, **activation_of(case)):
            model = code.model_solution.Transformer(config_of(code, case))
        return filled(model, case, "")
    with replaced(code, DecoderBlock=StandInBlock):
        model = code.model_solution.Transformer(config_of(code, case))
    if not isinstance(getattr(model, "backbone", None), nn.ModuleList | nn.Sequential):
        raise AttributeError("the model has no part backbone")
    if len(model.backbone) != case.layers:
        raise ValueError("the backbone has another number of blocks")
    for i in range(case.layers):
        model.backbone[i] = StandInBlock(place=i)
    return filled(model, case, "", without=("backbone.",))


def with_forward(code: Any, case: Case, forward: Any) -> Any:
    """Return the student's Transformer with another forward(), in evaluation; even if it cannot be made otherwise."""
    kind, config = code.model_solution.Transformer, config_of(code, case)
    try:
        with replaced(code, DecoderBlock=StandInBlock):
            model = kind(config)
    except Exception:  # what keeps it from being made is for question 4d to say
        model = kind.__new__(kind)
        nn.Module.__init__(model)
        model.config = config
    model.forward = forward
    return model.eval()


def filled(module: Any, case: Case, prefix: str, without: tuple[str, ...] = ()) -> Any:
    """Give a module the case's weights whose names begin with prefix, and return it, in evaluation.

    Parameters for which the case has none become zero, so that they do no harm. Parts named in without are left alone.

    Raises:
        AttributeError: the module has no weight of a name.
        ValueError: it has another shape.
    """
    own = dict(module.named_parameters(remove_duplicate=False))
    given = {name.removeprefix(prefix): value for name, value in case.weights.items() if name.startswith(prefix)}
    for name, value in given.items():
        if name.startswith(without):
            continue
        if name not in own:
            if name.endswith(".bias"):
                continue  # a layer that is made without one gives another answer
            raise AttributeError(f"the model has no {name}")
        if tuple(own[name].shape) != value.shape:
            raise ValueError(f"{name} has shape {tuple(own[name].shape)}, expected {value.shape}")
    with torch.set_grad_enabled(False):
        for name, parameter in own.items():
            if not name.startswith(without) and not (case.tied and name == "lm_head.weight"):
                parameter.copy_(torch.tensor(given[name]) if name in given else torch.zeros_like(parameter))
        if case.tied:  # one weight in two places, which the reference has twice
            own["lm_head.weight"].copy_(own["embeddings.weight"])
    return module.eval()


def shapes_of(module: Any, without: tuple[str, ...] = ()) -> tuple[dict[str, list[int]], list[str]]:
    """Return the shape of each parameter by name, and the names of what else is in the state dict."""
    own = {name: list(p.shape) for name, p in module.named_parameters(remove_duplicate=False)}
    mine = {name: shape for name, shape in own.items() if not name.startswith(without)}
    return mine, [name for name in module.state_dict() if name not in own and not name.startswith(without)]


def told(output: Any, case: Case) -> Any:
    """Return an output, or two numbers for each position that follow from it if the case wants it brief."""
    right = isinstance(output, Tensor) and output.ndim == 3 and output.is_floating_point()
    return output @ waves(output.size(-1), 2, 0) if case.brief and right else output


def weighted_sum(output: Tensor) -> Tensor:
    """Add up all numbers, each with another weight: a loss whose gradient is different everywhere."""
    return (output * torch.cos(torch.arange(output.numel(), dtype=output.dtype)).reshape(output.shape)).sum()


def gradients(module: Any, loss: Any, case: Case, without: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """Return the gradients of a loss by the module's parameters, zeros where none arrives."""
    module.zero_grad()
    if loss.requires_grad:
        loss.backward()
    found = {
        name: torch.zeros_like(p) if p.grad is None else p.grad
        for name, p in module.named_parameters(remove_duplicate=False)
        if not name.startswith(without)
    }
    if case.tied and module.lm_head.weight is not module.embeddings.weight:  # the reference
        found["embeddings.weight"] = found["lm_head.weight"] = found["embeddings.weight"] + found["lm_head.weight"]
    if case.brief:
        return {"the weights": torch.stack([weighted_sum(found[name]) for name in sorted(found)])}
    return found
