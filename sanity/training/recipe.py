"""Hyper-parameters: a frozen dataclass whose fields know their ranges and what the command line says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any


class RecipeError(ValueError):
    """A hyper-parameter is out of range; the message is one line."""


def hyperparameter(
    default: Any,
    about: str,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """Return a dataclass field with its default, its line in `python run.py train --help`, and its range."""
    limits = {"minimum": minimum, "maximum": maximum, "choices": choices}
    return field(default=default, metadata={"help": about, **limits})


def option(name: str) -> str:
    """Return the command-line option of a hyper-parameter: --batch-size for batch_size."""
    return f"--{name.replace('_', '-')}"


@dataclass(frozen=True)
class Hyperparameters:
    """A recipe without any; each field of a recipe is a `hyperparameter`, or None for no limit. Raises RecipeError."""

    def __post_init__(self) -> None:
        for parameter in fields(self):
            value, limits = getattr(self, parameter.name), parameter.metadata
            if value is None:
                continue
            if limits["choices"] and value not in limits["choices"]:
                raise RecipeError(f"{option(parameter.name)} is {value!r}; expected {' or '.join(limits['choices'])}")
            minimum, maximum = limits["minimum"], limits["maximum"]
            if minimum is not None and not minimum <= value <= (maximum or float("inf")):
                expected = f"from {minimum} to {maximum}" if maximum else f"at least {minimum}"
                raise RecipeError(f"{option(parameter.name)} is {value}; expected {expected}")
