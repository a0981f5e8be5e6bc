"""Pretrained word vectors, from a text file: a word and its numbers on each line, as GloVe and word2vec write them."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class VectorsError(ValueError):
    """A file of vectors can't be used; the message is one line: file, line, what was expected."""


class NoSuchVectors(VectorsError):
    """There is no such file."""


def read_vectors(path: Path, words: Container[str]) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of those of the words that the file has, at least one; all have one length.

    Words are compared in lower case, as the vocabulary has them; of words that differ only in case the first counts. A
    first line of two whole numbers, as word2vec writes it, is skipped.

    Raises:
        VectorsError: there is no such file, a line has too few or too many numbers, or none of the words is there.
    """
    vectors: dict[str, NDArray[np.float32]] = {}
    size = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                texts = line.rstrip().split(" ")
                if number == 1 and len(texts) == 2 and texts[0].isdigit():
                    continue
                size = size or len(texts) - 1
                word, numbers = " ".join(texts[:-size]), texts[-size:]  # GloVe has some words with spaces
                if not word or not size:
                    raise VectorsError(f"{path}, line {number}: expected a word and {size or 'its'} numbers")
                if word.lower() in words and word.lower() not in vectors:
                    vectors[word.lower()] = numbers_of(numbers, path, number)
    except FileNotFoundError:
        raise NoSuchVectors(f"{path}: no such file; expected word vectors as text") from None
    except OSError as error:
        raise VectorsError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise VectorsError(f"{path}: not UTF-8 text; expected a word and its numbers on each line") from None
    if not vectors:
        raise VectorsError(f"{path}: has none of the words of the training text; are they of another language?")
    return vectors


def numbers_of(texts: list[str], path: Path, line: int) -> NDArray[np.float32]:
    """Return the numbers of a line. Raises VectorsError: something else stands there, or NaN, or infinity."""
    try:
        vector = np.array(texts, dtype=np.float32)
    except ValueError:
        vector = np.array([np.nan], np.float32)
    if not np.isfinite(vector).all():
        raise VectorsError(f"{path}, line {line}: expected a word and {len(texts)} finite numbers")
    return vector
