"""Sentences parsed per CPU-second: the scaffold against extracting the features of one partial parse at a time.

Both parse the same sentences of the toy treebank by the reference's `minibatch_parse`, with the same network and in
batches of the same size; first their heads are compared. The baseline is a plain loop: for each partial parse, the
dependents of the two words on top of the stack are searched for among the arcs, and features are looked up one by one,
as the course's `extract_features` does.
The baseline asks the network's own forward(). Ours does so, too, in one line for each of three networks; in another it
computes the logits of the two real ones with precomputed products, as run.py does.
"""

from __future__ import annotations

import statistics
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
from parsing.recipe import TOY, Recipe, new_model
from parsing.treebank import Parse, Sentence, load_treebank
from parsing.vocabulary import Vocabulary

TARGET = "≥ 2.5; goal 5"
PASSES = 3
"""How often the sentences are parsed for one measurement: CPU time is counted in steps of 10 ms."""


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
        of_words = [null] * (3 - len(stack)) + [words[place] for place in stack[-3:]]
        of_words = of_words[::-1] + [words[place] for place in buffer[:3]] + [null] * (3 - len(buffer))
        of_tags = [null_tag] * (3 - len(stack)) + [tags[place] for place in stack[-3:]]
        of_tags = of_tags[::-1] + [tags[place] for place in buffer[:3]] + [null_tag] * (3 - len(buffer))
        for i in range(2):
            if i >= len(stack):
                of_words += [null] * 6
                of_tags += [null_tag] * 6
                continue
            lc, rc = left(stack[-i - 1]), right(stack[-i - 1])
            llc = left(lc[0]) if lc else []
            rrc = right(rc[0]) if rc else []
            of_words.append(words[lc[0]] if lc else null)
            of_words.append(words[rc[0]] if rc else null)
            of_words.append(words[lc[1]] if len(lc) > 1 else null)
            of_words.append(words[rc[1]] if len(rc) > 1 else null)
            of_words.append(words[llc[0]] if llc else null)
            of_words.append(words[rrc[0]] if rrc else null)
            of_tags.append(tags[lc[0]] if lc else null_tag)
            of_tags.append(tags[rc[0]] if rc else null_tag)
            of_tags.append(tags[lc[1]] if len(lc) > 1 else null_tag)
            of_tags.append(tags[rc[1]] if len(rc) > 1 else null_tag)
            of_tags.append(tags[llc[0]] if llc else null_tag)
            of_tags.append(tags[rrc[0]] if rrc else null_tag)
        return of_words + of_tags

    def legal(self, stack: list[int], buffer: list[int]) -> list[bool]:
        """Return whether a left-arc, a right-arc, a shift is possible."""
        return [len(stack) > 2, len(stack) > 2 or (len(stack) == 2 and not buffer), bool(buffer)]

    @torch.no_grad()
    def predict(self, parses: Sequence[Any]) -> list[str]:
        """Return the best possible transition of each partial parse."""
        features, legal = [], []
        for parse in parses:
            parse.stack[0] = 0
            words, tags = self.encoded[id(parse.sentence)]
            features.append(self.features(parse.stack, parse.buffer, parse.dependencies, words, tags))
            legal.append(self.legal(parse.stack, parse.buffer))
        logits = self.model(torch.from_numpy(np.array(features))).numpy()
        kinds = np.repeat([0, 1, 2], [self.count, self.count, 1])
        best = np.where(np.array(legal)[:, kinds], logits, -np.inf).argmax(axis=1)
        return [("LA", "RA", "S")[kind] for kind in kinds[best]]


def heads_one_by_one(model: Any, vocabulary: Vocabulary, sentences: Sequence[Sentence]) -> list[list[int]]:
    """Return the heads of all words, by the baseline."""
    places = [list(range(1, len(sentence.forms) + 1)) for sentence in sentences]
    arcs = minibatch_parse(places, OneByOne(model, vocabulary, places, sentences), BATCH_SIZE)
    return [[head for _, head in sorted((dependent, head) for head, dependent in found)] for found in arcs]


class TopAndNext(torch.nn.Module):
    """A network that costs next to nothing: its logits depend on the top of the stack and on the next word."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.tables = torch.nn.Parameter(torch.randn(2, len(vocabulary), vocabulary.n_classes))

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.tables[0, w[:, 0]] + self.tables[1, w[:, 3]]


def rows(repeats: int = 5) -> list[Row]:
    """Compare the two on the toy treebank's test and dev, with networks of three sizes."""
    torch.set_num_threads(1)
    treebank = load_treebank("toy")
    vocabulary, sentences = Vocabulary.of(treebank.train), [*treebank.test, *treebank.dev]
    toy, course = (new_model(ParserModel, vocabulary, recipe) for recipe in (TOY, Recipe()))
    compared = (
        ("hardly any network", TopAndNext(vocabulary), False),
        ("the toy recipe's network", toy, False),
        ("the toy recipe's network, precomputed", toy, True),
        ("the course's network", course, False),
        ("the course's network, precomputed", course, True),
    )
    return [
        line(name, model.eval(), precompute, vocabulary, sentences, repeats) for name, model, precompute in compared
    ]


def line(
    name: str, model: Any, precompute: bool, vocabulary: Vocabulary, sentences: Sequence[Sentence], repeats: int
) -> Row:
    """Compare the two with one network."""

    def all_at_once() -> list[Parse]:
        return predict(model, vocabulary, sentences, minibatch_parse, precompute=precompute)

    ours = [parse.heads for parse in all_at_once()]
    assert ours == heads_one_by_one(model, vocabulary, sentences), "the two must find the same heads"
    slow, fast = interleaved(
        repeats,
        lambda: cost_here(lambda: [heads_one_by_one(model, vocabulary, sentences) for _ in range(PASSES)]),
        lambda: cost_here(lambda: [all_at_once() for _ in range(PASSES)]),
    )
    speed = f"{PASSES * len(sentences) / statistics.median(cost.cpu for cost in fast):.0f} sentences a CPU second"
    return compare(f"features one by one ÷ all at once, {name}", slow, fast, TARGET, speed)
