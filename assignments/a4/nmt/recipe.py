"""How a model is made and trained: every number that one may turn, with the course's values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from vocab import Vocab


class RecipeError(ValueError):
    """A number of a recipe makes no sense; the message is one line."""


def knob(
    default: Any, about: str, least: float | None = None, most: float | None = None, choices: Sequence[str] = ()
) -> Any:
    """Return a field: its default, a line of help that `python run.py train --help` shows, and what it may be."""
    limits = {"least": least, "most": most, "choices": choices}
    return field(default=default, metadata={"help": about, **limits})


def option(name: str) -> str:
    """Return what a number of the recipe is called on the command line."""
    return f"--{name.replace('_', '-')}"


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters. An update is one step of the optimizer, on one batch."""

    # The vocabulary
    freq_cutoff: int = knob(2, "leave out words that are rarer in the training text", least=1)
    subwords: int = knob(0, "pieces of words to know of each language, by SentencePiece; 0: whole words", least=0)

    # The model
    embed_size: int = knob(256, "length of a word's vector", least=1)
    hidden_size: int = knob(256, "length of a hidden state", least=1)
    dropout: float = knob(0.3, "share of the combined output that training sets to zero", least=0, most=1)
    uniform_init: float = knob(0.1, "first weights are drawn from -x to x; 0: as PyTorch draws them", least=0)

    # The descent
    lr: float = knob(5e-4, "learning rate of Adam", least=0)
    batch_size: int = knob(32, "sentences in a batch", least=1)
    clip_grad: float = knob(5.0, "longest gradient; a longer one is shortened to that", least=0)
    label_smoothing: float = knob(0.0, "share of the probability that the loss gives to all words", least=0, most=1)
    schedule: str = knob(
        "plateau",
        "plateau: the learning rate falls when dev gets no better; linear: evenly to 0",
        choices=("plateau", "linear"),
    )
    warmup: int = knob(0, "updates during which the learning rate rises from 0", least=0)
    max_epoch: int = knob(30, "end after so many passes over the training pairs", least=1)
    max_updates: int | None = knob(None, "end after so many updates", least=1)
    mixed_precision: str = knob("off", "bf16: multiply in 16 bits, on a GPU only", choices=("off", "bf16"))
    seed: int = knob(
        0, "of first weights, order of sentences and dropout; of the toy languages too", least=0, most=2**63 - 1
    )

    # Looking at dev. When it got no better `patience` times in a row, training goes back to the best weights, with
    # lr_decay times the learning rate; the max_num_trial-th time it ends instead.
    valid_niter: int = knob(200, "updates between two looks at dev", least=1)
    patience: int = knob(1, "looks without progress before the learning rate falls", least=1)
    max_num_trial: int = knob(5, "end instead of letting the learning rate fall for this time", least=1)
    lr_decay: float = knob(0.5, "what the learning rate is multiplied by", least=0, most=1)
    log_every: int = knob(10, "updates between two lines of the log", least=1)

    # Translating
    beam_size: int = knob(5, "translations that beam search pursues at a time", least=1)
    max_decoding_time_step: int = knob(70, "longest translation, in words", least=1)

    def __post_init__(self) -> None:
        for knob in fields(self):
            value, may = getattr(self, knob.name), knob.metadata
            if value is None:
                continue
            if may["choices"] and value not in may["choices"]:
                raise RecipeError(f"{option(knob.name)} is {value!r}; expected {' or '.join(may['choices'])}")
            if may["least"] is not None and not may["least"] <= value <= (may["most"] or float("inf")):
                limits = f"from {may['least']} to {may['most']}" if may["most"] else f"at least {may['least']}"
                raise RecipeError(f"{option(knob.name)} is {value}; expected {limits}")


RAW = Recipe(subwords=8000)
"""For text as people write it, where a comma or another ending makes another word."""

TOY = Recipe(
    freq_cutoff=1,
    embed_size=64,
    hidden_size=64,
    dropout=0.1,
    uniform_init=0.0,  # PyTorch's embeddings are large; from small ones, attention is learnt three times later
    lr=5e-3,
    batch_size=64,
    schedule="linear",
    warmup=100,
    max_updates=3000,
    valid_niter=300,
    log_every=50,
)
"""For the toy language pair: a minute or two on one core."""


def recipe_for(data: str) -> Recipe:
    """Return the recipe for data that has a name, or the course's for text of your own."""
    return {"toy": TOY, "multi30k": RAW, "tatoeba": RAW}.get(data, Recipe())


def vocabulary(source: Sequence[str], target: Sequence[str], recipe: Recipe) -> Vocab:
    """Return the words, or the pieces of words, of the training text."""
    from vocab import Vocab

    return Vocab.from_texts(source, target, recipe.subwords or None, recipe.freq_cutoff, subwords=recipe.subwords > 0)


def initialise(model: nn.Module, recipe: Recipe) -> None:
    """Draw all weights from [-uniform_init, uniform_init], or leave them if that is 0.

    The rows of padding stay zero: the convolution reads them, and so a sentence would otherwise be encoded
    differently next to longer ones.
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
