"""The hyper-parameters of model, training and parsing, with defaults for a treebank of ten thousand sentences.

Each is an option of `python run.py train`. The sizes are those of the course, whose learning rate is 0.0005 throughout
and its dropout 0.5: in ten epochs one that is larger and falls to 0 gets further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parsing.features import N_FEATURES
from parsing.vocabulary import Vocabulary
from sanity.training.recipe import Hyperparameters, hyperparameter


@dataclass(frozen=True)
class Recipe(Hyperparameters):
    """The hyper-parameters. An update is one step of the optimizer, on one batch. Raises RecipeError."""

    # The vocabulary and the classes
    min_count: int = hyperparameter(2, "words that are rarer in the training text are unknown words", minimum=1)
    relations: str = hyperparameter(
        "on", "off: learn the three transitions alone, and predict no relations", choices=("on", "off")
    )

    # The model
    embed_size: int = hyperparameter(50, "embedding size", minimum=1)
    embed_scale: float = hyperparameter(0.9, "standard deviation of the first embeddings", minimum=0)
    hidden_size: int = hyperparameter(200, "size of the hidden layer", minimum=1)
    dropout: float = hyperparameter(0.3, "dropout rate of the hidden layer", minimum=0, maximum=1)

    # Optimization
    lr: float = hyperparameter(2e-3, "learning rate of Adam", minimum=0)
    schedule: str = hyperparameter(
        "linear",
        "learning rate schedule: linear lowers it evenly to 0",
        choices=("constant", "linear"),
    )
    batch_size: int = hyperparameter(1024, "partial parses per batch", minimum=1)
    max_epoch: int = hyperparameter(10, "stop after this many epochs", minimum=1)
    max_updates: int | None = hyperparameter(None, "stop after this many updates", minimum=1)
    seed: int = hyperparameter(
        0,
        "random seed of initial weights, batch order and dropout, and of the toy treebank",
        minimum=0,
        maximum=2**63 - 1,
    )

    # Validation
    valid_niter: int | None = hyperparameter(None, "updates between validations on dev (an epoch)", minimum=1)
    patience: int = hyperparameter(5, "stop after this many validations in a row without improvement", minimum=1)
    log_every: int = hyperparameter(50, "updates between lines of the log", minimum=1)


TOY = Recipe(
    min_count=1,
    embed_size=32,
    embed_scale=0.3,
    hidden_size=128,
    dropout=0.2,
    lr=5e-3,
    schedule="linear",
    batch_size=256,
    max_epoch=4,
)
"""For the toy treebank: a quarter of a minute on one core."""

PRESETS: dict[str, dict[str, Any]] = {
    "debug": {"embed_size": 16, "hidden_size": 32, "max_updates": 20, "valid_niter": 10, "log_every": 5},
}
"""Changes to a recipe, by name: debug to see the whole of a training in seconds."""


def recipe_for(data: str) -> Recipe:
    """Return the recipe of a treebank by its name; the defaults for any other."""
    return TOY if data == "toy" else Recipe()


def new_model(
    make_model: Callable[..., Any],
    vocabulary: Vocabulary,
    recipe: Recipe,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
) -> Any:
    """Return a model with its first weights; the recipe's seed draws them.

    Args:
        make_model: the class ParserModel.
        vocabulary: of the training text.
        recipe: sizes, dropout and the seed.
        vectors: pretrained embeddings of some words, of the recipe's size, in the place of drawn ones.
    """
    import torch

    rng = np.random.default_rng(recipe.seed)
    embeddings = rng.normal(0, recipe.embed_scale, (len(vocabulary), recipe.embed_size)).astype(np.float32)
    for word, vector in (vectors or {}).items():
        embeddings[vocabulary.word_numbers[word]] = vector
    torch.manual_seed(recipe.seed)
    return make_model(
        embeddings,
        n_features=N_FEATURES,
        hidden_size=recipe.hidden_size,
        n_classes=vocabulary.n_classes,
        dropout_prob=recipe.dropout,
    )
