"""The 36 features of partial parses, for all of a minibatch at once: 18 words and their tags.

Letters: S sentences, W = n + 2 for the longest of n words, B partial parses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parsing.transitions import Step, class_of, steps_of
from parsing.treebank import Sentence, is_projective
from parsing.vocabulary import Encoded, Vocabulary

Indices = NDArray[np.int64]

PLACES = 18
N_FEATURES = 2 * PLACES
CHUNK = 1000
"""Sentences whose tables are in memory at a time."""
LEFT, RIGHT, SECOND_LEFT, SECOND_RIGHT = range(4)
"""The outermost dependents of a word on each side, and those next to them: columns of `FeatureTables.children`."""


class FeatureTables:
    """The words and tags of some sentences, and the outermost dependents of each word as far as they are parsed.

    A word's place is its number in the sentence: 0 is ROOT, W - 1 a word that is not there; its cell is that in all
    sentences, W to each. What a new arc changes is written down when it is made, so that no feature is ever searched
    for among arcs.

    Attributes:
        numbers: (2 S W,), those of the words by their cells, then those of the tags.
        children: (S W, 4), cells of dependents by the cell of their head.
    """

    def __init__(self, sentences: Sequence[Encoded], nulls: tuple[int, int]) -> None:
        """Lay out sentences; nulls are the word and the tag that stand for what is not there."""
        self.width = 1 + max(len(sentence.words) for sentence in sentences)
        self.nowhere = self.width - 1
        shape = (len(sentences), self.width)
        tables = [np.full(shape, null) for null in nulls]
        for row, sentence in enumerate(sentences):
            for table, numbers in zip(tables, sentence, strict=True):
                table[row, : len(numbers)] = numbers
        self.numbers = np.concatenate([table.ravel() for table in tables])
        self.children = np.repeat(np.arange(len(sentences)) * self.width + self.nowhere, self.width * 4).reshape(-1, 4)

    def forget(self, row: int) -> None:
        """Remove all arcs of a sentence."""
        start = row * self.width
        self.children[start : start + self.width] = start + self.nowhere

    def add_arcs(self, rows: Indices, heads: Indices, dependents: Indices) -> None:
        """Add an arc to each of some sentences, none of them twice."""
        starts, children = rows * self.width, self.children
        for first, second, outwards in ((LEFT, SECOND_LEFT, -1), (RIGHT, SECOND_RIGHT, 1)):
            here = np.flatnonzero((dependents - heads) * outwards > 0)
            start = starts[here]
            word, new, nowhere = start + heads[here], start + dependents[here], start + self.nowhere
            old, older = children[word, first], children[word, second]
            farthest = (old == nowhere) | ((new - old) * outwards > 0)
            next_one = (older == nowhere) | ((new - older) * outwards > 0)
            children[word, second] = np.where(farthest, old, np.where(next_one, new, older))
            children[word, first] = np.where(farthest, new, old)

    def features(self, rows: Indices, places: Indices) -> Indices:
        """Return the features (B, 36) of partial parses.

        Args:
            rows: (B,), the sentence of each.
            places: (B, 6), the three words on top of the stack, the topmost first, and the first three of the buffer;
                `nowhere` for one that is not there.
        """
        cells = np.empty((len(rows), 2, PLACES), np.int64)  # in `numbers`
        words = cells[:, 0]
        words[:, :6] = places + rows[:, None] * self.width
        for place, first in ((0, 6), (1, 12)):
            outer = self.children.take(words[:, place], axis=0)
            words[:, first : first + 4] = outer
            words[:, first + 4 : first + 6] = self.children.ravel().take(outer[:, :2] * 4 + (LEFT, RIGHT))
        cells[:, 1] = words + len(self.children)
        return self.numbers.take(cells.reshape(-1, N_FEATURES))


class Instances(NamedTuple):
    """What a network learns from: partial parses and their next transitions."""

    features: Indices  # (N, 36)
    classes: Indices  # (N,)
    left_out: int  # sentences whose tree no transitions make


def instances_of(sentences: Sequence[Sentence], vocabulary: Vocabulary) -> Instances:
    """Return the steps of all sentences with a projective tree, sentence by sentence."""
    usable = [sentence for sentence in sentences if is_projective(sentence.heads)]
    chunks = [usable[start : start + CHUNK] for start in range(0, len(usable), CHUNK)]
    parts = [instances_of_chunk(chunk, vocabulary) for chunk in chunks]
    features = np.concatenate([np.empty((0, N_FEATURES), np.int64), *(features for features, _ in parts)])
    classes = np.concatenate([np.empty(0, np.int64), *(classes for _, classes in parts)])
    return Instances(features, classes, len(sentences) - len(usable))


def instances_of_chunk(sentences: Sequence[Sentence], vocabulary: Vocabulary) -> tuple[Indices, Indices]:
    """Return features and classes of sentences with projective trees."""
    numbers = {relation: number for number, relation in enumerate(vocabulary.relations)}
    steps = [list(steps_of(sentence.heads)) for sentence in sentences]
    features = features_of_steps([vocabulary.encode(sentence) for sentence in sentences], steps, vocabulary.nulls)
    classes = [
        class_of(step.kind, numbers.get(sentence.relations[step.arc[1] - 1], 0) if step.arc else 0, len(numbers))
        for sentence, own in zip(sentences, steps, strict=True)
        for step in own
    ]
    return features, np.array(classes)


def features_of_steps(sentences: Sequence[Encoded], steps: Sequence[list[Step]], nulls: tuple[int, int]) -> Indices:
    """Return the features of all steps, sentence by sentence; the k-th steps of all sentences are taken at once."""
    tables = FeatureTables(sentences, nulls)
    features = [np.empty((len(own), N_FEATURES), np.int64) for own in steps]
    for k in range(max(map(len, steps))):
        active = [row for row, own in enumerate(steps) if k < len(own)]
        taken = [steps[row][k] for row in active]
        places = places_of([(step.top, step.front) for step in taken], tables.nowhere)
        for row, line in zip(active, tables.features(np.array(active), places), strict=True):
            features[row][k] = line
        arcs = [(row, *step.arc) for row, step in zip(active, taken, strict=True) if step.arc]
        if arcs:
            tables.add_arcs(*np.array(arcs).T)
    return np.concatenate(features)


def places_of(states: Iterable[tuple[list[int], list[int]]], nowhere: int) -> Indices:
    """Return the places (B, 6) of up to three words of the stack, the topmost first, and of the buffer."""
    padding, places = [nowhere] * 3, list[int]()
    for top, front in states:
        places += top if len(top) == 3 else (top + padding)[:3]
        places += front if len(front) == 3 else (front + padding)[:3]
    return np.fromiter(places, np.int64, len(places)).reshape(-1, 6)
