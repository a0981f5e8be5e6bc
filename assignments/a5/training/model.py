"""Your Transformer: built, initialised and asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from training.questions import MASK, PAD, DataError, encode
from training.recipe import Recipe


def new_model(recipe: Recipe, vocabulary: Sequence[str]) -> Any:
    """Return your Transformer with initial weights that depend on the recipe's seed alone.

    Matrices are drawn with a standard deviation of 1/sqrt(columns), so that layers keep the size of what they read.
    Biases are 0, and norms 1.
    """
    from model_solution import ModelConfig, Transformer

    config = ModelConfig(
        d_model=recipe.d_model,
        n_heads=recipe.n_heads,
        n_layers=recipe.n_layers,
        context_length=recipe.context_length,
        vocab_size=len(vocabulary),
    )
    model = Transformer(config)
    generator = torch.Generator().manual_seed(recipe.seed)
    with torch.no_grad():
        for name, weights in sorted(model.named_parameters()):
            if weights.dim() > 1:
                weights.copy_(torch.randn(weights.shape, generator=generator) * weights.shape[-1] ** -0.5)
            else:
                nn.init.constant_(weights, 0.0 if name.endswith("bias") else 1.0)
    return model


@torch.no_grad()
def answer(
    model: Any,
    questions: Sequence[str],
    vocabulary: Sequence[str],
    longest: int,
    size: int = 64,
    progress: Callable[[], object] = lambda: None,
) -> list[str]:
    """Answer questions, greedily, a character at a time until a mask or padding.

    Questions of unequal length share a batch: to the right of each is padding, which a causal model doesn't see.

    Args:
        model: has `forward`: numbers of characters (B, T) to logits (B, T, V); in evaluation mode.
        questions: n texts.
        vocabulary: characters by number.
        longest: the most characters of an answer.
        size: questions in a batch.
        progress: called after each character of a batch.

    Returns:
        The n answers.
    """
    answers: list[str] = []
    for start in range(0, len(questions), size):
        asked = [encode(question + MASK, vocabulary) for question in questions[start : start + size]]
        ends = torch.tensor([len(text) for text in asked])
        texts = torch.zeros((len(asked), int(ends.max()) + longest), dtype=torch.int64)
        for row, text in enumerate(asked):
            texts[row, : len(text)] = torch.tensor(text)
        texts, rows = texts.to(device_of(model)), torch.arange(len(asked))
        for step in range(longest):
            logits = model(texts[:, : int(ends.max()) + step])
            texts[rows, ends + step] = logits[rows, ends + step - 1].argmax(-1)
            progress()
        for text, end in zip(texts.tolist(), ends.tolist(), strict=True):
            answers.append(until_the_end("".join(vocabulary[number] for number in text[end : end + longest])))
    return answers


def until_the_end(text: str) -> str:
    """Return an answer up to the first mask or padding.

    >>> until_the_end("Kesh" + MASK + "Ke"), until_the_end(PAD + "a")
    ('Kesh', '')
    """
    return text.partition(MASK)[0].partition(PAD)[0]


def device_of(model: nn.Module) -> torch.device:
    """Return where the model's weights are."""
    return next(iter(model.parameters())).device


def load_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy weights into the model; those that it doesn't have are left out. Raises DataError: they don't fit."""
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name, shape in expected.items():
        found = tuple(weights[name].shape) if name in weights else "missing"
        if found != shape:
            raise DataError(f"made for another model: {name} is {found} there and {shape} here")
    model.load_state_dict({name: weights[name] for name in expected})
