"""What makes features of a PartialParse and a parser of a ParserModel, under the names that files of the course import.

A sentence is an example: lists `word`, `pos` and `head` with ROOT in front, so that a word's place counts from 1. While
it is parsed its words are these places, and ROOT is 0. The features of a whole minibatch are made at once.

Letters: B partial parses, n words of the longest sentence.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from parser_transitions import minibatch_parse

Example = dict[str, Any]
Indices = NDArray[np.int64]
State = tuple[Sequence[int], Sequence[int], Sequence[tuple[int, int]], Example]
"""A stack, a buffer, arcs and the example that they belong to."""

LEFT_ARC, RIGHT_ARC, SHIFT = range(3)
"""The classes, in the order of the model's logits."""
NAMES = ("LA", "RA", "S")
NULL, UNKNOWN, ROOT = "<NULL>", "<UNK>", "<ROOT>"
NOWHERE = -1
"""The place of a word that is not there, such as the third on a stack of two."""
PLACES = 18
EMBED_SIZE = 50
REDUCED = {"train": 1000, "dev": 500, "test": 500}
"""Sentences of each part for a quick try."""

dev = torch.device("cpu")


def places_of(states: Sequence[State]) -> Indices:
    """Return the places of the words that the features name, (B, 18), NOWHERE for those that are not there.

    Three words on top of the stack and the next three of the buffer; then of each of the two words on top, the two
    outermost dependents on each side, the first dependent of the first, and the last of the last.
    """
    rows = np.arange(len(states))
    places = np.full((len(states), PLACES), NOWHERE)
    for row, (stack, buffer, _, _) in enumerate(states):
        top, front = stack[:-4:-1], buffer[:3]
        places[row, : len(top)] = top
        places[row, 3 : 3 + len(front)] = front
    owners = np.repeat(rows, [len(arcs) for _, _, arcs, _ in states])
    pairs = chain.from_iterable(chain.from_iterable(arcs for _, _, arcs, _ in states))
    heads, dependents = np.fromiter(pairs, np.int64, 2 * len(owners)).reshape(-1, 2).T
    width = 2 + max(len(example["word"]) for *_, example in states)  # the last column is that of NOWHERE
    left, right = dependents < heads, dependents > heads
    first, second = outermost(owners[left], heads[left], dependents[left], (len(states), width))
    last, last_but_one = outermost(owners[right], heads[right], -dependents[right], (len(states), width), sign=-1)
    for start, word in ((6, places[:, 0]), (12, places[:, 1])):
        for offset, table in enumerate((first, last, second, last_but_one)):
            places[:, start + offset] = table[rows, word]
        places[:, start + 4] = first[rows, first[rows, word]]
        places[:, start + 5] = last[rows, last[rows, word]]
    return places


def outermost(
    owners: Indices, heads: Indices, keys: Indices, shape: tuple[int, int], sign: int = 1
) -> tuple[Indices, Indices]:
    """Return tables, (B, n + 2), with the dependent of the smallest key and the second smallest of each word."""
    none = np.iinfo(np.int64).max
    smallest, next_one = np.full(shape, none), np.full(shape, none)
    np.minimum.at(smallest, (owners, heads), keys)
    others = keys != smallest[owners, heads]
    np.minimum.at(next_one, (owners[others], heads[others]), keys[others])
    first, second = (np.where(table == none, NOWHERE, sign * table) for table in (smallest, next_one))
    return first, second


class Parser:
    """A parser: a vocabulary, features, an oracle, and a model once `model` is set."""

    def __init__(self, dataset: Iterable[Example]) -> None:
        """Make the vocabulary of some examples: words that are there twice, and all tags."""
        dataset = list(dataset)
        words = Counter(word for example in dataset for word in example["word"][1:])
        tags = Counter(tag for example in dataset for tag in example["pos"][1:])
        names = [NULL, UNKNOWN, ROOT, *(word for word, count in words.most_common() if count > 1)]
        self.word2id = {name: i for i, name in enumerate(names)}
        self.tag2id = {name: len(names) + i for i, name in enumerate([NULL, UNKNOWN, ROOT, *sorted(tags)])}
        self.n_features = 2 * PLACES
        self.n_trans = len(NAMES)
        self.n_tokens = len(self.word2id) + len(self.tag2id)
        self.model: Any = None

    def vectorize(self, examples: Iterable[Example]) -> list[Example]:
        """Replace words and tags by their numbers."""
        return [
            {
                "word": [self.word2id.get(word, self.word2id[UNKNOWN]) for word in example["word"]],
                "pos": [self.tag2id.get(tag, self.tag2id[UNKNOWN]) for tag in example["pos"]],
                "head": list(example["head"]),
            }
            for example in examples
        ]

    def features_of(self, states: Sequence[State]) -> Indices:
        """Return the features of partial parses, (B, 36): 18 words and their 18 tags."""
        places = places_of(states)
        width = 1 + max(len(example["word"]) for *_, example in states)  # the last column is that of NOWHERE
        tables = []
        for name, null in (("word", self.word2id[NULL]), ("pos", self.tag2id[NULL])):
            table = np.full((len(states), width), null)
            for row, (*_, example) in enumerate(states):
                table[row, : len(example[name])] = example[name]
            tables.append(np.take_along_axis(table, places % width, axis=1))
        return np.concatenate(tables, axis=1)

    def extract_features(
        self, stack: Sequence[int], buf: Sequence[int], arcs: Sequence[tuple[int, ...]], ex: Example
    ) -> list[int]:
        """Return the 36 features of one partial parse."""
        features: list[int] = self.features_of([(stack, buf, [(arc[0], arc[1]) for arc in arcs], ex)])[0].tolist()
        return features

    def get_oracle(self, stack: Sequence[int], buf: Sequence[int], ex: Example) -> int | None:
        """Return the class that leads to the example's tree, None if none does."""
        heads = ex["head"]
        if len(stack) > 2 and heads[stack[-2]] == stack[-1]:
            return LEFT_ARC
        if len(stack) > 1 and heads[stack[-1]] == stack[-2] and all(heads[word] != stack[-1] for word in buf):
            return RIGHT_ARC
        return SHIFT if buf else None

    def legal_labels(self, stack: Sequence[int], buf: Sequence[int]) -> list[int]:
        """Return 1 for each class whose transition can be taken, and else 0."""
        return [int(len(stack) > 2), int(len(stack) > 1), int(len(buf) > 0)]

    def create_instances(self, examples: Iterable[Example]) -> list[tuple[list[int], list[int], int]]:
        """Return features, legal classes and the right one for each step; trees whose arcs cross are left out."""
        instances: list[tuple[list[int], list[int], int]] = []
        for example in examples:
            stack, buffer, arcs = [0], list(range(1, len(example["word"]))), list[tuple[int, int]]()
            states: list[State] = []
            labels: list[int] = []
            while buffer or len(stack) > 1:
                label = self.get_oracle(stack, buffer, example)
                if label is None:
                    break
                states.append((list(stack), list(buffer), list(arcs), example))
                labels.append(label)
                if label == SHIFT:
                    stack.append(buffer.pop(0))
                else:
                    dependent = stack.pop(-2 if label == LEFT_ARC else -1)
                    arcs.append((stack[-1], dependent))
            else:
                features = self.features_of(states).tolist() if states else []
                legal = [self.legal_labels(stack, buffer) for stack, buffer, _, _ in states]
                instances += zip(features, legal, labels, strict=True)
        return instances

    def parse(self, dataset: Sequence[Example], eval_batch_size: int = 5000) -> tuple[float, list[Any]]:
        """Parse vectorised examples; return the unlabelled attachment score, from 0 to 1, and the arcs of each."""
        sentences = [list(range(1, len(example["word"]))) for example in dataset]
        by_sentence = {id(sentence): example for sentence, example in zip(sentences, dataset, strict=True)}
        arcs = minibatch_parse(sentences, ModelWrapper(self, by_sentence), eval_batch_size)
        right = total = 0
        for example, found in zip(dataset, arcs, strict=True):
            heads = {dependent: head for head, dependent in found}
            right += sum(heads.get(word) == head for word, head in enumerate(example["head"]) if word)
            total += len(example["head"]) - 1
        return right / max(total, 1), arcs


class ModelWrapper:
    """The model as `minibatch_parse` wants it: partial parses in, transitions out."""

    def __init__(self, parser: Parser, by_sentence: dict[int, Example]) -> None:
        self.parser, self.by_sentence = parser, by_sentence

    def predict(self, partial_parses: Sequence[Any]) -> list[str]:
        """Return the best legal transition of each partial parse, whose ROOT becomes the number 0."""
        for partial_parse in partial_parses:
            partial_parse.stack[0] = 0
        states = [(p.stack, p.buffer, p.dependencies, self.by_sentence[id(p.sentence)]) for p in partial_parses]
        with torch.no_grad():
            logits = self.parser.model(torch.from_numpy(self.parser.features_of(states)).to(dev)).cpu().numpy()
        legal = np.array([self.parser.legal_labels(stack, buffer) for stack, buffer, _, _ in states])
        return [NAMES[best] for best in np.where(legal, logits, -np.inf).argmax(axis=1)]


def minibatches(data: Sequence[tuple[Any, Any, int]], batch_size: int) -> Iterator[tuple[Indices, NDArray[np.float32]]]:
    """Yield features (B, 36) and the right classes, one-hot (B, 3), in a random order."""
    features = np.array([one[0] for one in data])
    classes = np.eye(len(NAMES), dtype=np.float32)[[one[2] for one in data]]
    order = np.random.permutation(len(data))
    for start in range(0, len(data), batch_size):
        some = order[start : start + batch_size]
        yield features[some], classes[some]


def read_conllu(path: Path, limit: int | None = None) -> list[Example]:
    """Read sentences of a CoNLL-U file; ranges of multiword tokens and empty nodes are no words."""
    import conllu

    if not path.is_file():
        sys.exit(f"{path}: not found; put a treebank's files there, as train.conllu, dev.conllu and test.conllu")
    examples: list[Example] = []
    try:
        with path.open(encoding="utf-8") as file:
            for sentence in conllu.parse_incr(file):
                words = [word for word in sentence if isinstance(word["id"], int)]
                example = {
                    "word": [ROOT, *(word["form"].lower() for word in words)],
                    "pos": [ROOT, *(word["upos"] for word in words)],
                    "head": [NOWHERE, *(word["head"] for word in words)],
                }
                examples.append(example)
                if len(examples) == limit:
                    break
    except (conllu.exceptions.ParseException, UnicodeDecodeError) as error:
        sys.exit(f"{path}: not a CoNLL-U file: {error}")
    return examples


def load_and_preprocess_data(
    reduced: bool = True, folder: str = "data"
) -> tuple[Parser, NDArray[np.float32], list[Any], list[Example], list[Example]]:
    """Read a treebank in CoNLL-U; return a parser, random embeddings (n, 50), training instances, dev and test."""
    parts = {
        name: read_conllu(Path(folder) / f"{name}.conllu", limit if reduced else None)
        for name, limit in REDUCED.items()
    }
    parser = Parser(parts["train"])
    embeddings = np.random.normal(0, 0.9, (parser.n_tokens, EMBED_SIZE)).astype(np.float32)
    train = parser.create_instances(parser.vectorize(parts["train"]))
    return parser, embeddings, train, parser.vectorize(parts["dev"]), parser.vectorize(parts["test"])


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
