"""Parsing with a trained network, by the `minibatch_parse` that you write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from parsing.features import FeatureTables, Indices, places_of
from parsing.precomputed import own, quickest
from parsing.transitions import LEFT_ARC, NAMES, RIGHT_ARC, SHIFT
from parsing.treebank import Parse, Sentence
from parsing.vocabulary import Encoded, Vocabulary

MinibatchParse = Callable[[Sequence[list[int]], Any, int], Sequence[Any]]
BATCH_SIZE = 1024
CHUNK = 4096
"""Sentences that are parsed at a time."""


class ParseError(RuntimeError):
    """The functions of questions 2c and 2d don't parse; the message is one line."""


def predict(
    model: Any,
    vocabulary: Vocabulary,
    sentences: Sequence[Sentence],
    minibatch_parse: MinibatchParse,
    batch_size: int = BATCH_SIZE,
    precompute: bool = False,
) -> list[Parse]:
    """Return the parses of sentences, whose heads are not looked at.

    Args:
        model: a ParserModel, in evaluation mode.
        vocabulary: that of its training.
        sentences: as text.
        minibatch_parse: that of parser_transitions.py.
        batch_size: how many are parsed at a time.
        precompute: compute the network with `precomputed.quickest`, rather than ask the model for all logits.

    Raises:
        ParseError: minibatch_parse leaves words without a head.
    """
    parses = []
    device = next(model.parameters()).device
    for start in range(0, len(sentences), CHUNK):
        encoded = [vocabulary.encode(sentence) for sentence in sentences[start : start + CHUNK]]
        arcs, predictor = parse_encoded(model, vocabulary, encoded, minibatch_parse, batch_size, device, precompute)
        if len(arcs) != len(encoded):
            raise ParseError(f"minibatch_parse() returns {len(arcs)} parses for {len(encoded)} sentences: see 2d")
        for row, (sentence, found) in enumerate(zip(encoded, arcs, strict=True)):
            heads = {dependent: head for head, dependent in found}
            words = range(1, len(sentence.words))
            numbers = predictor.relations[row, 1 : len(sentence.words)].tolist()
            if heads.keys() != set(words):
                raise ParseError("minibatch_parse() leaves a word without a head, or finds one too many: see 2c and 2d")
            relations = [vocabulary.relations[number] for number in numbers]
            parses.append(Parse([heads[word] for word in words], relations if vocabulary.labelled else None))
    return parses


def parse_encoded(
    model: Any,
    vocabulary: Vocabulary,
    sentences: Sequence[Encoded],
    minibatch_parse: MinibatchParse,
    batch_size: int,
    device: torch.device,
    precompute: bool = False,
) -> tuple[Sequence[Any], Predictor]:
    """Return the arcs of each sentence, and the predictor, which knows their relations."""
    places = [list(range(1, len(sentence.words))) for sentence in sentences]
    predictor = Predictor(model, vocabulary, sentences, places, device, precompute)
    return minibatch_parse(places, predictor, batch_size), predictor


class Predictor:
    """The model as `minibatch_parse` wants it: partial parses in, transitions out. It notes relations as it goes.

    The words of a partial parse are places, from 1; it is told from others by its `sentence`, which is one of `places`.
    """

    def __init__(
        self,
        model: Any,
        vocabulary: Vocabulary,
        sentences: Sequence[Encoded],
        places: Sequence[list[int]],
        device: torch.device,
        precompute: bool = False,
    ) -> None:
        self.network = None if precompute else own(model, device)
        self.quickest = partial(quickest, model, device, vocabulary)
        self.rows = {id(place): row for row, place in enumerate(places)}
        self.tables = FeatureTables(sentences, vocabulary.nulls)
        self.seen = [0] * len(sentences)  # arcs that the tables have
        self.relations = np.zeros((len(sentences), self.tables.width), np.int64)
        count = len(vocabulary.relations)
        self.kinds = np.repeat([LEFT_ARC, RIGHT_ARC, SHIFT], [count, count, 1])  # of each class
        self.names = np.array(NAMES, object)[self.kinds]
        self.relation_of = np.concatenate([np.arange(count), np.arange(count), [0]])
        # Rows are numbered by whether there is a third word on the stack, a second one, and a word in the buffer.
        third, second, waiting = np.indices((2, 2, 2)).reshape(3, -1, 1).astype(bool)
        self.possible = np.hstack((third, third | (second & ~waiting), waiting))[:, self.kinds]  # (8, classes)

    @torch.no_grad()
    def predict(self, partial_parses: Sequence[Any]) -> list[str]:
        """Return the best possible transition of each partial parse, whose ROOT becomes the number 0."""
        numbers, arcs = list[int](), list[int]()
        places = places_of(self.states_of(partial_parses, numbers, arcs), self.tables.nowhere)
        rows = np.array(numbers)
        self.tables.add_arcs(*np.array(arcs, np.int64).reshape(-1, 3).T)
        features = self.tables.features(rows, places)
        if self.network is None:
            self.network = self.quickest(self.tables.numbers, features)
        best = np.where(self.possible_for(places), self.network(features), -np.inf).argmax(axis=1)
        kinds = self.kinds[best]
        attached = np.flatnonzero(kinds != SHIFT)
        dependents = places[attached, np.where(kinds[attached] == LEFT_ARC, 1, 0)]
        self.relations[rows[attached], dependents] = self.relation_of[best[attached]]
        return self.names[best].tolist()

    def states_of(
        self, partial_parses: Sequence[Any], numbers: list[int], arcs: list[int]
    ) -> Iterator[tuple[list[int], list[int]]]:
        """Yield the top of the stack and the front of the buffer of each partial parse.

        One pass for all that is to be known of them: between two calls they have left the processor's cache.

        Args:
            partial_parses: as `minibatch_parse` has them.
            numbers: gets the row of each.
            arcs: gets the row, head and dependent of each arc that the tables lack.

        Raises:
            ParseError: the sentence of one is a copy.
        """
        rows, seen = self.rows, self.seen
        for parse in partial_parses:
            stack, found = parse.stack, parse.dependencies
            stack[0] = 0
            row, count = rows.get(id(parse.sentence)), len(found)
            if row is None:
                raise ParseError("PartialParse.sentence is not the sentence that was given, but another: see 2c")
            numbers.append(row)
            if count != seen[row]:
                if count != seen[row] + 1:  # a new parse of the sentence
                    self.tables.forget(row)
                    for head, dependent in found[:-1]:
                        self.tables.add_arcs(*(np.array([number]) for number in (row, head, dependent)))
                if found:
                    arcs += (row, *found[-1])
                seen[row] = count
            yield stack[:-4:-1], parse.buffer[:3]

    def possible_for(self, places: Indices) -> NDArray[np.bool_]:
        """Return (B, classes), whether each transition can be taken and leads to one dependent of ROOT."""
        there = places[:, 1:4] != self.tables.nowhere  # the second and the third word of the stack, the next one
        return self.possible.take(there @ np.array([2, 4, 1]), axis=0)
