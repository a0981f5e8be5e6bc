"""The hyper-parameters of model, training and translating, with the course's defaults.

Each is an option of `python run.py train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sanity.training.recipe import Hyperparameters, hyperparameter

if TYPE_CHECKING:  # torch takes seconds to import, and `run.py --help` needs this module
    from torch import nn

    from vocab import Vocab


@dataclass(frozen=True)
class Recipe(Hyperparameters):
    """The hyper-parameters. An update is one step of the optimizer, on one batch. Raises RecipeError."""

    # The vocabulary
    freq_cutoff: int = hyperparameter(2, "drop words that occur less often in the training text", minimum=1)
    subwords: int = hyperparameter(0, "SentencePiece vocabulary size per language; 0 for whole words", minimum=0)

    # The model
    embed_size: int = hyperparameter(256, "embedding size", minimum=1)
    hidden_size: int = hyperparameter(256, "hidden state size", minimum=1)
    dropout: float = hyperparameter(0.3, "dropout rate of the combined output", minimum=0, maximum=1)
    uniform_init: float = hyperparameter(
        0.1, "initialise weights uniformly in [-x, x]; 0 for PyTorch's own initialisation", minimum=0
    )

    # Optimization
    lr: float = hyperparameter(5e-4, "learning rate of Adam", minimum=0)
    batch_size: int = hyperparameter(32, "sentences per batch", minimum=1)
    clip_grad: float = hyperparameter(5.0, "clip the gradient norm to this", minimum=0)
    label_smoothing: float = hyperparameter(0.0, "label smoothing", minimum=0, maximum=1)
    schedule: str = hyperparameter(
        "plateau",
        "learning rate schedule: plateau lowers it when dev does not improve; linear lowers it evenly to 0",
        choices=("plateau", "linear"),
    )
    warmup: int = hyperparameter(0, "updates of linear warm-up of the learning rate", minimum=0)
    max_epoch: int = hyperparameter(30, "stop after this many epochs", minimum=1)
    max_updates: int | None = hyperparameter(None, "stop after this many updates", minimum=1)
    mixed_precision: str = hyperparameter(
        "off", "bf16 for 16-bit mixed precision, on a GPU only", choices=("off", "bf16")
    )
    seed: int = hyperparameter(
        0,
        "random seed of initial weights, batch order and dropout, and of the toy languages",
        minimum=0,
        maximum=2**63 - 1,
    )

    # Validation. After `patience` validations in a row without improvement, training returns to the best weights and
    # multiplies the learning rate by lr_decay; the max_num_trial-th time it stops instead.
    valid_niter: int = hyperparameter(200, "updates between validations on dev", minimum=1)
    patience: int = hyperparameter(1, "validations without improvement before the learning rate is lowered", minimum=1)
    max_num_trial: int = hyperparameter(5, "stop instead of lowering the learning rate this many times", minimum=1)
    lr_decay: float = hyperparameter(0.5, "factor by which the learning rate is lowered", minimum=0, maximum=1)
    log_every: int = hyperparameter(10, "updates between lines of the log", minimum=1)

    # Translating
    beam_size: int = hyperparameter(5, "beam size", minimum=1)
    max_decoding_time_step: int = hyperparameter(70, "maximum length of a translation, in words", minimum=1)


RAW = Recipe(subwords=8000)
"""For ordinary text, in which punctuation and endings make many different words."""

TOY = Recipe(
    freq_cutoff=1,
    embed_size=64,
    hidden_size=64,
    dropout=0.1,
    uniform_init=0.0,  # PyTorch's embeddings are larger; from small ones attention takes three times as long to learn
    lr=5e-3,
    batch_size=64,
    schedule="linear",
    warmup=100,
    max_updates=3000,
    valid_niter=300,
    log_every=50,
)
"""For the toy language pair: one or two minutes on one core."""


PRESETS: dict[str, dict[str, Any]] = {
    "debug": {"embed_size": 32, "hidden_size": 32, "max_updates": 20, "valid_niter": 10, "log_every": 5},
    "large": {"embed_size": 1024, "hidden_size": 768, "lr": 5e-5, "mixed_precision": "bf16"},
}
"""Changes to a recipe, by name: debug to see the whole of a training in seconds, large for a GPU."""


def recipe_for(data: str) -> Recipe:
    """Return the recipe of a corpus by its name; the course's defaults for any other text."""
    return {"toy": TOY, "multi30k": RAW, "tatoeba": RAW}.get(data, Recipe())


def vocabulary(source: Sequence[str], target: Sequence[str], recipe: Recipe) -> Vocab:
    """Return the vocabulary of the training text, of words or of subwords. Raises VocabError."""
    from vocab import Vocab

    return Vocab.from_texts(source, target, recipe.subwords or None, recipe.freq_cutoff, subwords=recipe.subwords > 0)


def initialise(model: nn.Module, recipe: Recipe) -> None:
    """Draw all weights uniformly from [-uniform_init, uniform_init], or leave them if that is 0.

    The rows of padding stay zero: the convolution reads them, and a sentence would otherwise be encoded differently
    in a batch with longer ones.
    """
    import torch
    from torch import nn

    if recipe.uniform_init == 0:
        return
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-recipe.uniform_init, recipe.uniform_init)
        for layer in model.modules():
            if isinstance(layer, nn.Embedding) and layer.padding_idx is not None:
                layer.weight[layer.padding_idx].zero_()
