"""Questions with answers, as numbers.

A question and its answer are one text: the question, MASK, the answer, MASK, and padding up to the block size, as in
span corruption: a masked text, and then what was masked. Only the answer and the mask after it are predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

PAD, MASK = "\u25a1", "\u2047"
"""Padding, character 0 of every vocabulary, and the mask, character 1: □ and ⁇."""


class DataError(ValueError):
    """The data can't be used; the message is one line."""


class Batch(NamedTuple):
    """Texts to learn from: what the model reads, (B, T), and the next characters, 0 where nothing is predicted."""

    inputs: Tensor
    targets: Tensor


def characters(texts: Sequence[str]) -> list[str]:
    """Return the vocabulary of some texts: PAD, MASK, and all their characters in order.

    >>> characters(["ba", "c"])[2:]
    ['a', 'b', 'c']
    """
    return [PAD, MASK, *sorted(set("".join(texts)) - {PAD, MASK})]


def encode(text: str, vocabulary: Sequence[str]) -> list[int]:
    """Return the numbers of a text's characters. Raises DataError for a character that has none."""
    numbers = {character: number for number, character in enumerate(vocabulary)}
    if unknown := [character for character in text if character not in numbers]:
        raise DataError(f"{text!r}: the vocabulary lacks {unknown[0]!r}")
    return [numbers[character] for character in text]


def answered(questions: Sequence[str], answers: Sequence[str], vocabulary: Sequence[str], length: int) -> Batch:
    """Return questions with their answers, as texts of `length` characters.

    Args:
        questions: n texts.
        answers: the answer to each.
        vocabulary: characters by number.
        length: of a text, at least that of the longest question and answer with two masks.

    Returns:
        Inputs and targets, both (n, length - 1), int64.
    """
    inputs = torch.zeros((len(questions), length), dtype=torch.int64)
    targets = torch.zeros_like(inputs)
    for row, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        text = encode(f"{question}{MASK}{answer}{MASK}", vocabulary)
        if len(text) > length:
            raise DataError(f"{question!r} with its answer is longer than {length} characters")
        inputs[row, : len(text)] = torch.tensor(text)
        targets[row, len(question) + 1 : len(text)] = inputs[row, len(question) + 1 : len(text)]
    return Batch(inputs[:, :-1], targets[:, 1:])


def batches(of: Batch, size: int, generator: torch.Generator) -> Iterator[Batch]:
    """Yield all texts once, in random order, `size` at a time."""
    for rows in torch.randperm(len(of.inputs), generator=generator).split(size):
        yield Batch(of.inputs[rows], of.targets[rows])
