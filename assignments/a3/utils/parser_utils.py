"""A parser of a ParserModel, under the names that files of the course import. The work is done in `parsing`.

A sentence is an example here: lists `word`, `pos` and `head` with ROOT in front, so that a word's place counts from 1.
While it is parsed its words are these places, and ROOT is 0.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from parsing.decoding import parse_encoded
from parsing.features import N_FEATURES, FeatureTables, Indices, features_of_steps, places_of
from parsing.transitions import NAMES, SHIFT, last_dependents, right_kind, steps_of
from parsing.treebank import PARTS, NoSuchTreebank, Sentence, TreebankError, is_projective, load_treebank, read_conllu
from parsing.vocabulary import ROOT, Encoded, Vocabulary

from parser_transitions import minibatch_parse

Example = dict[str, Any]

NOWHERE = -1
"""The head of ROOT."""
EMBED_SIZE = 50
REDUCED = {"train": 1000, "dev": 500, "test": 500}
"""Sentences of each part for a quick try."""

dev = torch.device("cpu")


class Parser:
    """A parser: a vocabulary, features, an oracle, and a model once `model` is set."""

    def __init__(self, dataset: Iterable[Example]) -> None:
        """Make the vocabulary of some examples: words that are there twice, and all tags."""
        sentences = [Sentence(tuple(example["word"][1:]), tuple(example["pos"][1:])) for example in dataset]
        self.vocabulary = Vocabulary.of(sentences, labelled=False)
        self.word2id, self.tag2id = self.vocabulary.word_numbers, self.vocabulary.tag_numbers
        self.n_features, self.n_trans, self.n_tokens = N_FEATURES, len(NAMES), len(self.vocabulary)
        self.model: Any = None

    def vectorize(self, examples: Iterable[Example]) -> list[Example]:
        """Replace words and tags by their numbers."""
        vectorized = []
        for example in examples:
            words, tags = self.vocabulary.encode(Sentence(tuple(example["word"][1:]), tuple(example["pos"][1:])))
            vectorized.append({"word": words, "pos": tags, "head": list(example["head"])})
        return vectorized

    def extract_features(
        self, stack: Sequence[int], buf: Sequence[int], arcs: Sequence[tuple[int, ...]], ex: Example
    ) -> list[int]:
        """Return the 36 features of one partial parse; arcs begin with a head and its dependent."""
        tables = FeatureTables([encoded(ex)], self.vocabulary.nulls)
        row = np.zeros(1, np.int64)
        for head, dependent, *_ in arcs:
            tables.add_arcs(row, np.array([head]), np.array([dependent]))
        places = places_of([(list(stack[:-4:-1]), list(buf[:3]))], tables.nowhere)
        features: list[int] = tables.features(row, places)[0].tolist()
        return features

    def get_oracle(self, stack: Sequence[int], buf: Sequence[int], ex: Example) -> int | None:
        """Return the class that leads to the example's tree, None if none does."""
        heads = ex["head"][1:]
        following = buf[0] if buf else len(heads) + 1
        kind = right_kind(stack, following, heads, last_dependents(heads))
        return None if kind == SHIFT and not buf else kind

    def legal_labels(self, stack: Sequence[int], buf: Sequence[int]) -> list[int]:
        """Return 1 for each class whose transition can be taken, and else 0."""
        return [int(len(stack) > 2), int(len(stack) > 1), int(len(buf) > 0)]

    def create_instances(self, examples: Iterable[Example]) -> list[tuple[list[int], list[int], int]]:
        """Return features, legal classes and the right one for each step; trees whose arcs cross are left out."""
        usable = [example for example in examples if is_projective(example["head"][1:])]
        if not usable:
            return []
        steps = [list(steps_of(example["head"][1:])) for example in usable]
        features = features_of_steps([encoded(example) for example in usable], steps, self.vocabulary.nulls)
        taken = [step for own in steps for step in own]
        return [
            (row, self.legal_labels(step.top, step.front), step.kind)
            for row, step in zip(features.tolist(), taken, strict=True)
        ]

    def parse(self, dataset: Sequence[Example], eval_batch_size: int = 5000) -> tuple[float, list[Any]]:
        """Parse vectorised examples; return the unlabelled attachment score, from 0 to 1, and the arcs of each."""
        sentences = [encoded(example) for example in dataset]
        arcs, _ = parse_encoded(self.model, self.vocabulary, sentences, minibatch_parse, eval_batch_size, dev)
        right = total = 0
        for example, found in zip(dataset, arcs, strict=True):
            heads = {dependent: head for head, dependent in found}
            right += sum(heads.get(word) == head for word, head in enumerate(example["head"]) if word)
            total += len(example["head"]) - 1
        return right / max(total, 1), list(arcs)


def encoded(example: Example) -> Encoded:
    """Return a vectorised example as `parsing` has it."""
    return Encoded(example["word"], example["pos"])


def minibatches(data: Sequence[tuple[Any, Any, int]], batch_size: int) -> Iterator[tuple[Indices, NDArray[np.float32]]]:
    """Yield features (B, 36) and the right classes, one-hot (B, 3), in a random order."""
    features = np.array([one[0] for one in data])
    classes = np.eye(len(NAMES), dtype=np.float32)[[one[2] for one in data]]
    order = np.random.permutation(len(data))
    for start in range(0, len(data), batch_size):
        some = order[start : start + batch_size]
        yield features[some], classes[some]


def example_of(sentence: Sentence) -> Example:
    """Return a sentence as an example."""
    return {
        "word": [ROOT, *(form.lower() for form in sentence.forms)],
        "pos": [ROOT, *sentence.tags],
        "head": [NOWHERE, *sentence.heads],
    }


def load_and_preprocess_data(
    reduced: bool = True, folder: str = "data"
) -> tuple[Parser, NDArray[np.float32], list[Any], list[Example], list[Example]]:
    """Read a treebank in CoNLL-U; return a parser, random embeddings (n, 50), training instances, dev and test.

    The folder has train.conllu, dev.conllu and test.conllu. If there is no folder, the treebank is the toy one.
    """
    try:
        if Path(folder).is_dir():
            sentences = [read_conllu(Path(folder) / f"{part}.conllu") for part in PARTS]
        else:
            print(f"{folder}: no such folder; the toy treebank is used", file=sys.stderr)
            sentences = list(load_treebank("toy")[1:])
    except NoSuchTreebank as error:
        sys.exit(f"{error}; put a treebank's files there, as train.conllu, dev.conllu and test.conllu")
    except TreebankError as error:
        sys.exit(str(error))
    limits = REDUCED.values() if reduced else (None,) * len(PARTS)
    train, dev_part, test = ([*map(example_of, part[:limit])] for part, limit in zip(sentences, limits, strict=True))
    parser = Parser(train)
    embeddings = np.random.normal(0, 0.9, (parser.n_tokens, EMBED_SIZE)).astype(np.float32)
    instances = parser.create_instances(parser.vectorize(train))
    return parser, embeddings, instances, parser.vectorize(dev_part), parser.vectorize(test)


class AverageMeter:
    """A running mean."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self.val = self.avg = self.sum = 0.0
        self.count = 0

    def update(self, val: float, n: int = 1) -> None:
        """Take a value that is the mean of n."""
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count
