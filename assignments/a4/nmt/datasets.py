"""Corpora by name: `load_corpus("multi30k")`.

The files of the names, and how they are downloaded, are in `sanity.training.datasets`; here they become text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nmt.corpus import (
    Corpus,
    CorpusError,
    NoSuchText,
    Texts,
    note,
    pluralize,
    read_folder,
    read_lines,
    read_texts,
    read_unpacked,
)
from sanity.training.datasets import DatasetError, fetch_all


def load_corpus(name: str, seed: int = 0) -> Corpus:
    """Return a corpus by name (toy, multi30k, tatoeba) or by path.

    Args:
        name: a name, the path of a folder with train, dev and test (`read_folder`), or the path of a file of
            tab-separated pairs (`read_pairs`).
        seed: of the toy languages; other corpora don't depend on it.

    Raises:
        CorpusError: there is no such corpus, or it can't be downloaded or read.
    """
    if name == "toy":
        return toy_corpus(seed)
    if name in READERS:
        try:
            paths = fetch_all(name, read_unpacked)
        except DatasetError as error:
            raise CorpusError(str(error)) from None
        return replace(READERS[name](*paths), name=name)
    if Path(name).is_dir():
        return read_folder(name)
    if Path(name).is_file():
        return read_pairs(Path(name))
    known = ", ".join(["toy", *READERS])
    raise NoSuchText(f"{name}: no such corpus; expected {known}, or a folder with train.src, train.tgt and so on")


def toy_corpus(seed: int = 0, **sizes: int) -> Corpus:
    """Return a corpus of artificial languages that are learnt in minutes; sizes: train, dev and test, in pairs."""
    from sanity.nmt.toy import toy_texts

    return Corpus("toy", "source", "target", *(Texts(*part) for part in toy_texts(seed, **sizes)))


def read_multi30k(*paths: Path) -> Corpus:
    """Return Multi30k (image captions, German to English) with the test set of 2016. Raises CorpusError."""
    train, dev, test = (read_texts(*paths[i : i + 2]) for i in (0, 2, 4))
    return Corpus("multi30k", src="de", tgt="en", train=train, dev=dev, test=test)


def read_pairs(path: Path) -> Corpus:
    """Split a file of pairs, an English sentence, a tab and its translation on each line; English is the target.

    An English sentence has several translations, and many sentences differ only by a comma. So the hash of the
    English sentence, letters and digits only, decides the part: 1 % go to dev, 1 % to test. The source must be unseen
    as well: a pair whose source sentence occurs in dev or test is removed from the other parts. Raises CorpusError.
    """
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "dev": [], "test": []}
    for number, line in enumerate(read_lines(path), start=1):
        target, source, *_ = [*line.split("\t"), ""]
        if not (source.strip() and target.strip()):
            raise CorpusError(f"{path}, line {number}: expected an English sentence, a tab and its translation")
        parts[_part_of(target)].append((source, target))

    pairs = sum(map(len, parts.values()))
    known: set[str] = set()
    for part in ("test", "dev", "train"):
        parts[part] = [pair for pair in parts[part] if _letters(pair[0]) not in known]
        if not parts[part]:
            raise CorpusError(
                f"{path}: {pluralize(pairs, 'pair')}, and none of them for {part}; expected some hundreds"
            )
        known |= {_letters(source) for source, _ in parts[part]}
    left_out = pairs - sum(map(len, parts.values()))
    if left_out:
        note(f"{path.name}: left out {left_out} of {pluralize(pairs, 'pair')}: their source stands in another part too")
    texts = {part: Texts([pair[0] for pair in kept], [pair[1] for pair in kept]) for part, kept in parts.items()}
    language = path.name.partition(".")[0]
    return Corpus(language, src=language, tgt="eng", **texts)


def _part_of(sentence: str) -> str:
    """Return the part of a sentence; it doesn't depend on the rest of the corpus."""
    digest = hashlib.sha256(_letters(sentence).encode()).digest()
    return {0: "test", 1: "dev"}.get(int.from_bytes(digest[:8], "big") % 100, "train")


def _letters(sentence: str) -> str:
    """Return a sentence without case and punctuation, for comparison."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", sentence).casefold()).strip()


READERS: dict[str, Callable[..., Corpus]] = {"multi30k": read_multi30k, "tatoeba": read_pairs}
"""What makes a corpus of the files of a name, called with their paths."""
