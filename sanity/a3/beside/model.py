"""The student's ParserModel: made with a case's sizes, and its parameters found by their role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from sanity.core.case import Case


def new(code: Any, case: Case) -> Any:
    """Make a model of the case's sizes; with a right embedding_lookup() in the place of its own if the case says so.

    What the model never initialises is NaN, the same in every run.
    """
    with empty_is_nan():
        model = code.parser_model.ParserModel(
            case.embeddings.copy(),
            n_features=case.features.shape[1],
            hidden_size=len(case.b),
            n_classes=len(case.c),
            dropout_prob=case.p,
        )
    if case.stand_in:
        model.embedding_lookup = lambda w: roles(model, case)["embeddings"][w].flatten(start_dim=1)
    return model


@contextmanager
def empty_is_nan() -> Iterator[None]:
    """Let torch.empty() and its kind give NaN, as torch can for whoever wants the same in every run."""
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("warn")  # use_deterministic_algorithms() imports for a second
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)


def words_of(case: Case) -> Tensor:
    """Return the case's features, whole numbers (B, F)."""
    return torch.tensor(case.features)


ROLES = ("embeddings", "W", "b", "U", "c")


def located(model: Any, case: Case) -> dict[str, Any]:
    """Return the parameters of a model by role.

    They are found by shape, for names differ from year to year, and so does which way a matrix lies; all sizes of a
    case are different. A plain tensor is taken where there is no parameter: that it is none is for one check to say.

    Raises:
        AttributeError: a role has neither.
        ValueError: a role has two parameters.
    """
    found = in_roles(model.parameters(), case)
    plain = [value for module in model.modules() for value in vars(module).values() if isinstance(value, Tensor)]
    found = {**in_roles([*plain, *model.buffers()], case), **found}
    for role in ROLES:
        if role not in found:
            raise AttributeError(f"the model has no parameter of the shape of {role}")
    return found


def in_roles(tensors: Iterable[Tensor], case: Case) -> dict[str, Any]:
    """Return tensors by role; raise ValueError if a role has two."""
    found: dict[str, Any] = {}
    for tensor in tensors:
        shape = tuple(size for size in tensor.shape if size != 1)
        for role in ROLES:
            if shape not in (case.values[role].shape, case.values[role].shape[::-1]):
                continue
            if role in found:
                raise ValueError(f"the model has two parameters of the shape of {role}")
            found[role] = tensor
    return found


def turned(case: Case, role: str, tensor: Tensor) -> Tensor:
    """Return a view of a parameter, or of its gradient, in the shape of its role."""
    squeezed = tensor.reshape([size for size in tensor.shape if size != 1])
    return squeezed if tuple(squeezed.shape) == case.values[role].shape else squeezed.T


def roles(model: Any, case: Case) -> dict[str, Tensor]:
    """Return views of the parameters by role: W (F E, H), b (H,), U (H, C), c (C,) and embeddings (V, E)."""
    return {role: turned(case, role, parameter) for role, parameter in located(model, case).items()}


def fill(model: Any, case: Case, *names: str) -> Any:
    """Give parameters, by role, the case's values, or only those named; return the model."""
    with torch.no_grad():
        for name, view in roles(model, case).items():
            if not names or name in names:
                view.copy_(torch.tensor(case.values[name]))
    return model


def gradients(model: Any, case: Case, logits: Tensor) -> dict[str, Tensor]:
    """Return the gradients of a weighted sum of the logits by role, zeros where none arrives."""
    model.zero_grad()
    weights = torch.cos(torch.arange(logits.numel(), dtype=logits.dtype)).reshape(logits.shape)
    loss = (logits * weights).sum()
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    arrived = {}
    for role, parameter in located(model, case).items():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        arrived[role] = turned(case, role, gradient)
    return arrived
