"""A treebank of our own, sentences drawn from a grammar: `python -m sanity.parsing.toy` shows some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sanity.parsing.grammar import Node, Speaker
from sanity.parsing.lexicon import Lexicon
from sanity.training.dice import Dice

MAX_WORDS = 24
TRAIN, DEV, TEST = 4000, 300, 600
"""Sentences of each part."""


class Tree(NamedTuple):
    """A sentence of n words: n entries each; heads count words from 1, and 0 is ROOT."""

    forms: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    joined: tuple[bool, ...]
    """Whether a word is written in one with the word before it: does + n't."""


def tree_of(root: Node) -> Tree:
    """Return a sentence as plain data."""
    words = list(root.words())
    places = {id(word): place for place, word in enumerate(words, 1)}
    heads = [0] * len(words)
    for word in words:
        for child in (*word.left, *word.right):
            heads[places[id(child)] - 1] = places[id(word)]
    columns = zip(*((word.form, word.tag, word.relation, word.joined) for word in words), strict=True)
    forms, tags, relations, joined = columns
    return Tree(forms, tags, tuple(heads), relations, joined)


def trees(seed: int) -> Iterator[Tree]:
    """Draw a language; yield sentences of it, endlessly and with repetitions."""
    dice = Dice(seed)
    speaker = Speaker(dice, Lexicon(dice))
    while True:
        tree = tree_of(speaker.sentence())
        if len(tree.forms) <= MAX_WORDS:
            yield tree


def toy_treebank(seed: int = 0, train: int = TRAIN, dev: int = DEV, test: int = TEST) -> tuple[list[Tree], ...]:
    """Draw a language, and sentences of it for train, dev and test, all different.

    The same seed gives the same sentences; test doesn't depend on the numbers of dev and train.
    """
    found: dict[tuple[str, ...], Tree] = {}
    drawn = trees(seed)
    while len(found) < test + dev + train:
        tree = next(drawn)
        found.setdefault(tree.forms, tree)
    every = list(found.values())
    return every[test + dev :], every[test : test + dev], every[:test]


def to_conllu(sentences: Sequence[Tree]) -> str:
    """Return sentences in CoNLL-U, with words that are written in one as multiword tokens."""
    return "".join(f"{as_conllu(tree, number)}\n" for number, tree in enumerate(sentences, 1))


def as_conllu(tree: Tree, number: int) -> str:
    """Return the lines of one sentence."""
    texts: list[str] = []
    rows: list[str] = []
    for i, (form, tag, head, relation, joined) in enumerate(zip(*tree, strict=True), 1):
        if joined:
            texts[-1] += form
        else:
            texts.append(form)
        if i < len(tree.forms) and tree.joined[i]:
            rows.append(f"{i}-{i + 1}\t{form}{tree.forms[i]}" + 8 * "\t_")
        rows.append(f"{i}\t{form}\t_\t{tag}\t_\t_\t{head}\t{relation}\t_\t_")
    return "\n".join([f"# sent_id = {number}", f"# text = {' '.join(texts)}", *rows, ""])


if __name__ == "__main__":
    print(to_conllu(toy_treebank(train=8, dev=0, test=0)[0]), end="")
