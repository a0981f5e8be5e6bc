"""Sentences parsed per CPU-second: the scaffold against extracting the features of one partial parse at a time.

Both parse the same sentences of the toy treebank by the reference's `minibatch_parse` and with the same network, of the
course's sizes, in batches of the same size; first their parses are compared. The baseline is written as the course has it: for each partial
parse, the children of the two words on top of the stack are searched for among the arcs, and features are looked up one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.measuring import Row, compare, cost_here, folders_of, interleaved

sys.path.extend(folders_of("a3"))
from parser_model import ParserModel
from parser_transitions import minibatch_parse
from parsing.decoding import BATCH_SIZE, predict
from parsing.features import instances_of
from parsing.recipe import Recipe, new_model
from parsing.treebank import Sentence, load_treebank
from parsing.vocabulary import Vocabulary

TARGET = "≥ 2.5; goal 5"


class OneByOne:
    """The model as `minibatch_parse` wants it, with the features of one partial parse at a time, in Python."""

    def __init__(self, model: Any, vocabulary: Vocabulary, places: Sequence[list[int]], sentences: Any) -> None:
        self.model, self.nulls, self.count = model, vocabulary.nulls, len(vocabulary.relations)
        self.encoded = {id(place): vocabulary.encode(one) for place, one in zip(places, sentences, strict=True)}

    def features(self, stack: list[int], buffer: list[int], arcs: Any, words: list[int], tags: list[int]) -> list[int]:
        """Return the 36 features of one partial parse."""

        def left(word: int) -> list[int]:
            return sorted(arc[1] for arc in arcs if arc[0] == word and arc[1] < word)

        def right(word: int) -> list[int]:
            return sorted((arc[1] for arc in arcs if arc[0] == word and arc[1] > word), reverse=True)

        null, null_tag = self.nulls
        places: list[int | None] = [None] * (3 - len(stack)) + list(stack[-3:])
        places = [*places[::-1], *buffer[:3], *[None] * (3 - len(buffer))]
        for i in range(2):
            if i < len(stack):
                word = stack[-i - 1]
                lc, rc = left(word), right(word)
                llc = left(lc[0]) if lc else []
                rrc = right(rc[0]) if rc else []
                places.append(lc[0] if lc else None)
                places.append(rc[0] if rc else None)
                places.append(lc[1] if len(lc) > 1 else None)
                places.append(rc[1] if len(rc) > 1 else None)
                places.append(llc[0] if llc else None)
                places.append(rrc[0] if rrc else None)
            else:
                places += [None] * 6
        return [null if p is None else words[p] for p in places] + [null_tag if p is None else tags[p] for p in places]

    def legal(self, stack: list[int], buffer: list[int]) -> list[bool]:
        """Return whether a left-arc, a right-arc, a shift is possible."""
        return [len(stack) > 2, len(stack) > 2 or (len(stack) == 2 and not buffer), bool(buffer)]

    @torch.no_grad()
    def predict(self, parses: Sequence[Any]) -> list[str]:
        """Return the best possible transition of each partial parse."""
        features, legal = [], []
        for parse in parses:
            parse.stack[0] = 0
            features.append(self.features(parse.stack, parse.buffer, parse.dependencies, *self.encoded[id(parse.sentence)]))
            legal.append(self.legal(parse.stack, parse.buffer))
        logits = self.model(torch.tensor(features)).numpy()
        kinds = np.repeat([0, 1, 2], [self.count, self.count, 1])
        best = np.where(np.array(legal)[:, kinds], logits, -np.inf).argmax(axis=1)
        return [("LA", "RA", "S")[kind] for kind in kinds[best]]


def heads_one_by_one(model: Any, vocabulary: Vocabulary, sentences: Sequence[Sentence]) -> list[list[int]]:
    """Return the heads of all words, by the baseline."""
    places = [list(range(1, len(sentence.forms) + 1)) for sentence in sentences]
    arcs = minibatch_parse(places, OneByOne(model, vocabulary, places, sentences), BATCH_SIZE)
    return [[head for _, head in sorted((dependent, head) for head, dependent in found)] for found in arcs]


def trained(vocabulary: Vocabulary, sentences: Sequence[Sentence]) -> Any:
    """Return a network of the course's sizes after a few updates: enough for trees as they are."""
    model, instances = new_model(ParserModel, vocabulary, Recipe()), instances_of(sentences, vocabulary)
    adam = torch.optim.Adam(model.parameters(), lr=5e-3)
    for start in range(0, 256 * 60, 256):
        batch = slice(start, start + 256)
        adam.zero_grad()
        logits = model(torch.from_numpy(instances.features[batch]))
        torch.nn.functional.cross_entropy(logits, torch.from_numpy(instances.classes[batch])).backward()
        adam.step()
    return model.eval()


def rows(repeats: int = 5) -> list[Row]:
    """Compare the two on the toy treebank's test and dev."""
    torch.set_num_threads(1)
    treebank = load_treebank("toy")
    lines = []
    for relations in (False, True):
        vocabulary = Vocabulary.of(treebank.train, labelled=relations)
        sentences = [*treebank.test, *treebank.dev]
        model = trained(vocabulary, treebank.train[:1000])
        ours = [parse.heads for parse in predict(model, vocabulary, sentences, minibatch_parse)]
        assert ours == heads_one_by_one(model, vocabulary, sentences), "the two must find the same heads"
        slow, fast = interleaved(
            repeats,
            lambda model=model, vocabulary=vocabulary, sentences=sentences: cost_here(
                lambda: heads_one_by_one(model, vocabulary, sentences)
            ),
            lambda model=model, vocabulary=vocabulary, sentences=sentences: cost_here(
                lambda: predict(model, vocabulary, sentences, minibatch_parse)
            ),
        )
        what = f"parsing, features one by one ÷ all at once, {'with' if relations else 'without'} relations"
        speed = f"{len(sentences) / min(cost.cpu for cost in fast):.0f} sentences a CPU second"
        lines.append(compare(what, slow, fast, TARGET, speed))
    return lines
