"""Corpora by name: `load_corpus("multi30k")`.

A file is downloaded once, verified by the sha256 below, and cached. Without access to the public sites, set the
environment variable TRIVIUM_DATA to a folder with the files, or to the URL of a mirror; `File.name` is the path of a
file there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

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

MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/"


class File(NamedTuple):
    """A downloadable file."""

    name: str  # relative path in the cache, in the folder of TRIVIUM_DATA, and on a mirror
    url: str
    sha256: str  # of the decompressed text: different compressors give different archives of the same text


class Dataset(NamedTuple):
    """A downloadable corpus."""

    licence: str
    files: tuple[File, ...]
    read: Callable[..., Corpus]  # called with the paths of the files, in their order
    advice: str = "try again, or ask the owner of the copy"  # for a text with another sha256


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
    if name in DATASETS:
        dataset = DATASETS[name]
        paths = [fetch(file, dataset.advice) for file in dataset.files]
        note(f"{name}: licence: {dataset.licence}")
        return replace(dataset.read(*paths), name=name)
    if Path(name).is_dir():
        return read_folder(name)
    if Path(name).is_file():
        return read_pairs(Path(name))
    known = ", ".join(["toy", *DATASETS])
    raise NoSuchText(f"{name}: no such corpus; expected {known}, or a folder with train.src, train.tgt and so on")


def toy_corpus(seed: int = 0, **sizes: int) -> Corpus:
    """Return a corpus of artificial languages that are learnt in minutes; sizes: train, dev and test, in pairs."""
    from sanity.nmt.toy import toy_texts

    return Corpus("toy", "source", "target", *(Texts(*part) for part in toy_texts(seed, **sizes)))


def fetch(file: File, advice: str) -> Path:
    """Return the path of a local copy with the right sha256, downloaded if necessary. Raises CorpusError."""
    place = os.environ.get("TRIVIUM_DATA", "")
    local = bool(place) and not place.startswith(("http://", "https://"))
    if local:
        path = Path(place).expanduser() / file.name
        if not path.is_file():
            raise CorpusError(f"{path}: no such file; TRIVIUM_DATA must name a folder that has {file.name}")
    else:
        path = _download(file, url=f"{place.rstrip('/')}/{file.name}" if place else file.url)
    try:
        sha256 = hashlib.sha256(read_unpacked(path)).hexdigest()
        if sha256 != file.sha256:
            raise CorpusError(f"{path}: another text than expected (sha256 {sha256}, not {file.sha256}); {advice}")
    except CorpusError:
        if not local:
            path.unlink(missing_ok=True)  # or each later call would find it in the cache
        raise
    return path


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


def _download(file: File, url: str) -> Path:
    """Return the path of the file in the cache; download it if it isn't there. Raises CorpusError."""
    try:
        import pooch
        import requests
    except ModuleNotFoundError as error:
        raise CorpusError(f"downloads need the package {error.name}: python -m pip install pooch") from None

    path = Path(pooch.os_cache("trivium"), file.name)
    instead = f"or set TRIVIUM_DATA to a folder or mirror that has {file.name}"
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=30)
        pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=downloader)
    except requests.HTTPError as error:
        raise CorpusError(f"{url}: the server says {error.response.status_code}; try later, {instead}") from None
    except requests.RequestException as error:
        raise CorpusError(f"{url}: no download ({type(error).__name__}); go online, {instead}") from None
    except OSError as error:
        raise CorpusError(f"{path}: can't be written: {error.strerror}") from None
    return path


DATASETS = {
    "multi30k": Dataset(
        licence="none stated; for research: download it for yourself, don't pass it on",
        files=tuple(
            File(f"multi30k/{name}", MULTI30K + name, sha256)
            for name, sha256 in (
                ("train.de.gz", "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72"),
                ("train.en.gz", "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6"),
                ("val.de.gz", "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660"),
                ("val.en.gz", "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227"),
                ("test_2016_flickr.de.gz", "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16"),
                ("test_2016_flickr.en.gz", "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182"),
            )
        ),
        read=read_multi30k,
    ),
    "tatoeba": Dataset(
        licence="CC BY 2.0 FR; Tatoeba's authors, named on each line of the file, by way of manythings.org",
        files=(
            File(
                "tatoeba-fra-eng/fra.txt.gz",
                "https://www.manythings.org/anki/fra-eng.zip",
                "c7aed0010d2caf1065cb58f64776a7b95540bc445fa5d76177de8fba2d51d282",
            ),
        ),
        read=read_pairs,
        advice="the edition known here is that of 2020-08-23; to use another, download it and give its path instead",
    ),
}
