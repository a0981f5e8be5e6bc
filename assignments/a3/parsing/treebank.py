"""Treebanks: sentences with their trees, read from CoNLL-U files.

A tree is the head of each word: words count from 1, and 0 is ROOT, which has no entry of its own. The word of a
multiword token ("don't") are several words here, and a word that was left out of the sentence (an empty node) is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from conllu import TokenList

PARTS = ("train", "dev", "test")
DOWNLOADED = ("ewt",)
"""Treebanks by name, in sanity/training/datasets.py; each has three files."""


class TreebankError(ValueError):
    """A treebank that can't be used. The message is one line: file, line, problem, what was expected."""


class NoSuchTreebank(TreebankError):
    """There is no treebank of this name: no such file or folder."""


class Sentence(NamedTuple):
    """A sentence of n words: n entries each. `heads` and `relations` are empty where the tree is unknown."""

    forms: tuple[str, ...]
    tags: tuple[str, ...]  # UPOS
    heads: tuple[int, ...] = ()
    relations: tuple[str, ...] = ()


class Parse(NamedTuple):
    """A predicted tree: the head of each word, and its relation; no relations if the parser predicts none."""

    heads: list[int]
    relations: list[str] | None


class Treebank(NamedTuple):
    """Sentences in three parts: train to learn from, dev to choose the best model, test to score it once."""

    name: str
    train: list[Sentence]
    dev: list[Sentence]
    test: list[Sentence]  # may be empty


def load_treebank(name: str, seed: int = 0) -> Treebank:
    """Return a treebank: "toy", drawn by a seed, "ewt", or that of a folder with files such as en-ud-train.conllu.

    Raises:
        TreebankError: there is no such folder, or its files can't be used, or downloaded.
    """
    if name == "toy":
        from sanity.parsing.toy import toy_treebank

        parts = ([Sentence(*tree[:4]) for tree in part] for part in toy_treebank(seed))
        return Treebank(name, *parts)
    if name in DOWNLOADED:
        from sanity.training.datasets import DatasetError, fetch_all

        try:
            return read_treebank(*fetch_all(name), name)
        except DatasetError as error:
            raise TreebankError(str(error)) from None
    folder = Path(name)
    if not folder.is_dir():
        known = ", ".join(("toy", *DOWNLOADED))
        raise NoSuchTreebank(f"{name}: no such folder; expected {known}, or a folder with the files of a treebank")
    train, dev, test = (file_of(folder, part) for part in PARTS)
    if not train or not dev:
        missing = "dev" if train else "train"
        raise NoSuchTreebank(f"{folder}: no file for {missing}; expected one whose name ends in {missing}.conllu")
    return read_treebank(train, dev, test, folder.resolve().name)


def file_of(folder: Path, part: str) -> Path | None:
    """Return the file of a part, such as en_ewt-ud-dev.conllu for dev; None if there is none. Raises TreebankError."""
    found = sorted(folder.glob(f"*{part}.conllu"))
    if len(found) > 1:
        raise TreebankError(f"{folder}: {found[0].name} and {found[1].name}: expected one file for {part}")
    return found[0] if found else None


def read_treebank(train: Path, dev: Path, test: Path | None = None, name: str = "") -> Treebank:
    """Return the treebank of these files. Raises TreebankError."""
    parts = (read_conllu(path) if path else [] for path in (train, dev, test))
    return Treebank(name or train.name, *parts)


def read_conllu(path: Path) -> list[Sentence]:
    """Return the sentences of a file with their trees, at least one. Raises TreebankError."""
    sentences = []
    for tokens in read_tokens(path):
        sentence = sentence_of(tokens)
        if problem := problem_of(sentence):
            raise TreebankError(f"{path}: sentence {shown(tokens, len(sentences) + 1)}: {problem}")
        sentences.append(sentence)
    if not sentences:
        raise TreebankError(f"{path}: no sentence; expected CoNLL-U, a word a line and ten columns")
    return sentences


def read_tokens(path: Path) -> Iterator[TokenList]:
    """Yield the sentences of a CoNLL-U file with all that is in it. Raises TreebankError."""
    import conllu

    try:
        with path.open(encoding="utf-8-sig") as file:
            for tokens in conllu.parse_incr(file):
                if words_of(tokens):
                    yield tokens
    except FileNotFoundError:
        raise NoSuchTreebank(f"{path}: not found") from None
    except OSError as error:
        raise TreebankError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TreebankError(f"{path}: not UTF-8 text; expected CoNLL-U") from None
    except (conllu.exceptions.ParseException, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise TreebankError(f"{path}: not CoNLL-U, a word a line and ten columns: {reason}") from None


def words_of(tokens: Sequence[Any]) -> list[Any]:
    """Return the words: no ranges of multiword tokens (1-2), no empty nodes (1.1)."""
    return [token for token in tokens if isinstance(token["id"], int)]


def sentence_of(tokens: TokenList) -> Sentence:
    """Return words, tags and the tree; a sentence without heads ("_") has no tree."""
    words = words_of(tokens)
    heads = tuple(word["head"] for word in words)
    known = all(isinstance(head, int) for head in heads)
    return Sentence(
        tuple(word["form"] for word in words),
        tuple(word["upos"] or "_" for word in words),
        heads if known else (),
        tuple(word["deprel"] or "_" for word in words) if known else (),
    )


def with_parse(tokens: TokenList, parse: Parse) -> TokenList:
    """Put a predicted tree in the place of that in the file; comments, ranges and other columns stay."""
    for word, head, relation in zip(words_of(tokens), parse.heads, _relations_of(parse), strict=True):
        word["head"], word["deprel"] = head, relation
    for token in tokens:
        token["deps"] = None  # the enhanced graph belonged to the other tree
    return tokens


def to_conllu(sentences: Sequence[Sentence], parses: Sequence[Parse]) -> str:
    """Return sentences with predicted trees in CoNLL-U."""
    texts = []
    for sentence, parse in zip(sentences, parses, strict=True):
        columns = zip(sentence.forms, sentence.tags, parse.heads, _relations_of(parse), strict=True)
        lines = [
            f"{i}\t{form}\t_\t{tag}\t_\t_\t{head}\t{relation}\t_\t_"
            for i, (form, tag, head, relation) in enumerate(columns, 1)
        ]
        texts.append("\n".join(lines) + "\n\n")
    return "".join(texts)


def _relations_of(parse: Parse) -> list[str]:
    """Return the relations of a parse; root and dep if the parser predicts none."""
    return parse.relations or ["root" if head == 0 else "dep" for head in parse.heads]


def problem_of(sentence: Sentence) -> str:
    """Return what keeps the heads from being a tree, or "" if they are one."""
    n, heads = len(sentence.forms), sentence.heads
    if not heads:
        return "a word without a head; expected a tree"
    for word, head in enumerate(heads, 1):
        if not 0 <= head <= n:
            return f"word {word} has the head {head}, of {n} words"
    for word in range(1, n + 1):
        seen = {word}
        while word:
            word = heads[word - 1]
            if word in seen:
                return f"word {word} is above itself; expected a tree"
            seen.add(word)
    return ""


def punctuation_in(sentences: Sequence[Sentence]) -> list[list[bool]]:
    """Return of each word whether it is punctuation, by its tag."""
    return [[tag == "PUNCT" for tag in sentence.tags] for sentence in sentences]


def is_projective(heads: Sequence[int]) -> bool:
    """Return whether no arcs of a tree cross, that from ROOT being one.

    >>> is_projective([2, 0, 2]), is_projective([3, 4, 0, 3])
    (True, False)
    """
    arcs = [(min(word, head), max(word, head)) for word, head in enumerate(heads, 1)]
    return not any(a < c < b < d for a, b in arcs for c, d in arcs)


def shown(tokens: TokenList, number: int) -> str:
    """Return a sentence's id for a message, or else its number."""
    return str(tokens.metadata.get("sent_id", number))
