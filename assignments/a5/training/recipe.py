"""Recipes: sizes of the model, and how long and how fast it learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Stage:
    """How the weights are updated in one stage of training."""

    epochs: int
    """In one round."""
    batch_size: int
    lr: float
    warmup: int = 1
    """Updates in which the learning rate rises linearly to `lr`; it falls linearly to 0 over all updates."""
    clip: float = 1.0
    """The gradient is scaled down to this norm."""
    weight_decay: float = 0.01


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of one task."""

    d_model: int
    n_heads: int
    n_layers: int
    context_length: int
    """Of the model in characters; also the block size of the documents."""
    rounds: int
    """Dev is answered after each."""
    main: Stage
    """Learning from questions, or from documents: pretraining."""
    finetuning: Stage | None = None
    """Learning to answer, after each round, by a copy of the model; None: the model answers as it is."""
    log_every: int = 20
    """Updates."""
    seed: int = 0


RECIPES = {
    "strings": Recipe(
        d_model=64,
        n_heads=4,
        n_layers=2,
        context_length=24,
        rounds=16,
        main=Stage(epochs=1, batch_size=64, lr=3e-3, warmup=50),
    ),
    "world": Recipe(
        d_model=64,
        n_heads=4,
        n_layers=2,
        context_length=96,
        rounds=8,
        main=Stage(epochs=13, batch_size=8, lr=3e-3, warmup=100),
        finetuning=Stage(epochs=20, batch_size=32, lr=1e-3),
        log_every=100,
    ),
}


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return the recipe with some values changed; those of a stage are a mapping.

    >>> changed(RECIPES["world"], {"rounds": 2, "main": {"epochs": 1}}).main.epochs
    1
    """
    stages = {
        name: replace(getattr(recipe, name), **value) for name, value in changes.items() if isinstance(value, dict)
    }
    return replace(recipe, **{**changes, **stages})


def recipe_from_plain(plain: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `dataclasses.asdict` made plain, as a checkpoint has it."""
    stages = {name: Stage(**value) for name, value in plain.items() if isinstance(value, dict)}
    return Recipe(**{**plain, **stages})
