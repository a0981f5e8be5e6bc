"""Given: texts and word vectors to work with. Nothing here needs a network unless you ask for vectors by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

LEE = "lee_background.cor"
"""300 short news texts that come with gensim."""


class VectorsError(Exception):
    """There are no such texts or vectors; the message says what to do."""


def read_documents(path: str | Path | None = None) -> list[list[str]]:
    """Return documents, each a list of words in lower case.

    Args:
        path: a text file in UTF-8 with one document a line; None for gensim's Lee news texts.
    """
    from gensim.test.utils import datapath
    from gensim.utils import simple_preprocess

    path = Path(path or datapath(LEE))
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise VectorsError(f"{path}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise VectorsError(f"{path}: not UTF-8, at byte {error.start}; save it as UTF-8") from None
    return [simple_preprocess(line) for line in lines if line.strip()]


def load_vectors(source: str | Path = "lee") -> KeyedVectors:
    """Return word vectors.

    Args:
        source: "lee" for small ones, trained on the Lee texts in seconds and then kept in a cache; a file in
            word2vec's format, text or binary, maybe ending in .gz; or a name that gensim.downloader knows, such as
            "glove-wiki-gigaword-50", which needs a network the first time.
    """
    if source == "lee":
        return _lee_vectors()
    if Path(source).is_file():
        return _read_vectors(Path(source))
    if len(Path(source).parts) > 1 or Path(source).suffix in (".bin", ".txt", ".vec", ".gz"):
        raise VectorsError(f"{source}: no such file")
    return _download(str(source))


def _lee_vectors() -> KeyedVectors:
    """Train on the Lee texts, or read what an earlier call has trained."""
    import gensim
    from gensim.models import KeyedVectors, Word2Vec

    kept = cache_folder() / f"lee-gensim-{gensim.__version__}.bin"
    if kept.is_file():
        return KeyedVectors.load_word2vec_format(kept, binary=True)
    # One thread and a seed: everybody gets the same vectors.
    model = Word2Vec(read_documents(), vector_size=50, min_count=3, sg=1, epochs=20, workers=1, seed=1)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_name(f"{kept.name}.{os.getpid()}")
        model.wv.save_word2vec_format(half, binary=True)
        half.replace(kept)
    except OSError:  # no room, or not ours to write: train again next time
        pass
    return model.wv


def cache_folder() -> Path:
    """Return where trained vectors are kept. For a user without a home it is a folder that nobody can make."""
    import platformdirs

    try:
        return platformdirs.user_cache_path("trivium")
    except RuntimeError:
        return Path(os.devnull) / "trivium"


def _read_vectors(path: Path) -> KeyedVectors:
    """Read a file in word2vec's format, binary or text, with or without the first line that gives its sizes."""
    from gensim.models import KeyedVectors
    from smart_open import open as open_any

    try:
        with open_any(path, "rb") as file:
            first, second = file.readline(2**16), file.readline(2**16)
        if not first.strip():
            raise ValueError("its first line is empty")
        no_header = len(first.split()) != 2
        binary = not no_header and not _is_text(second, int(first.split()[1]))
        vectors = KeyedVectors.load_word2vec_format(path, binary=binary, no_header=no_header)
        if not vectors.vector_size:
            raise ValueError("the first line holds no numbers")
        return vectors
    except (OSError, EOFError, ValueError) as error:
        raise VectorsError(f"{path}: cannot be read as word vectors: {error}") from None


def _is_text(line: bytes, size: int) -> bool:
    """Return whether line is a word and size numbers, written out."""
    try:
        return len([float(number) for number in line.decode().rstrip().split(" ")[1:]]) == size
    except ValueError:  # not numbers, or not UTF-8
        return False


def _download(name: str) -> KeyedVectors:
    """Fetch vectors by name, or read those that gensim has fetched before."""
    import gensim.downloader

    try:
        known = gensim.downloader.info(name_only=True)["models"]
        if name not in known:
            raise VectorsError(f"{name}: neither a file nor vectors that gensim.downloader has; choose from {known}")
        return gensim.downloader.load(name)
    except (OSError, ValueError):
        raise VectorsError(
            f"{name}: there is no file of this name, and no network to fetch it; load_vectors() needs none, "
            "and load_vectors('FILE') reads any file in word2vec's format"
        ) from None
