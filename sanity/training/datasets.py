"""The data sets that are known by name: their files, where they come from, and under which licence.

A file is downloaded once, verified by its sha256, and cached; after an interruption, only the missing files are
downloaded. Without access to the public sites, set the environment variable TRIVIUM_DATA to a folder with the files, or
to the URL of a mirror; `File.name` is the path of a file there.

How the files are read is the business of the assignment that uses them: nmt/datasets.py and parsing/treebank.py.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sanity.core.errors import UserError

MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/"
EWT = "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.16/"


class DatasetError(UserError):
    """A file that can't be downloaded, or has another content than expected; the message is one line."""

    exit_status = 1


class File(NamedTuple):
    """A downloadable file."""

    name: str  # relative path in the cache, in the folder of TRIVIUM_DATA, and on a mirror
    url: str
    sha256: str  # of the unpacked content: different compressors give different archives of the same text


class Dataset(NamedTuple):
    """A downloadable data set."""

    licence: str
    files: tuple[File, ...]
    advice: str = "try again, or ask the owner of the copy"  # for a file with another sha256


def fetch_all(name: str, unpacked: Callable[[Path], bytes] = Path.read_bytes) -> list[Path]:
    """Return the paths of local copies of a data set's files, in the order of the registry, and note its licence.

    Args:
        name: one of DATASETS.
        unpacked: returns the content of a file that its sha256 is of.

    Raises:
        DatasetError: a file can't be had. What `unpacked` raises passes; the file isn't kept in the cache then.
    """
    dataset = DATASETS[name]
    paths = [fetch(file, dataset.advice, unpacked) for file in dataset.files]
    print(f"{name}: licence: {dataset.licence}", file=sys.stderr)
    return paths


def fetch(file: File, advice: str, unpacked: Callable[[Path], bytes] = Path.read_bytes) -> Path:
    """Return the path of a local copy with the right sha256, downloaded if necessary; see `fetch_all`."""
    place = os.environ.get("TRIVIUM_DATA", "")
    local = bool(place) and not place.startswith(("http://", "https://"))
    if local:
        path = Path(place).expanduser() / file.name
        if not path.is_file():
            raise DatasetError(f"{path}: no such file; TRIVIUM_DATA must name a folder that has {file.name}")
    else:
        path = _download(file, url=f"{place.rstrip('/')}/{file.name}" if place else file.url)
    try:
        sha256 = hashlib.sha256(unpacked(path)).hexdigest()
        if sha256 != file.sha256:
            raise DatasetError(f"{path}: another text than expected (sha256 {sha256}, not {file.sha256}); {advice}")
    except Exception:
        if not local:
            path.unlink(missing_ok=True)  # or each later call would find it in the cache
        raise
    return path


def _download(file: File, url: str) -> Path:
    """Return the path of the file in the cache; download it if it isn't there. Raises DatasetError."""
    try:
        import pooch
        import requests
    except ModuleNotFoundError as error:
        raise DatasetError(f"downloads need the package {error.name}: python -m pip install pooch") from None

    path = Path(pooch.os_cache("trivium"), file.name)
    instead = f"or set TRIVIUM_DATA to a folder or mirror that has {file.name}"
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=30)
        pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=downloader)
    except requests.HTTPError as error:
        assert error.response is not None  # pooch has called raise_for_status
        raise DatasetError(f"{url}: the server says {error.response.status_code}; try later, {instead}") from None
    except requests.RequestException as error:
        raise DatasetError(f"{url}: no download ({type(error).__name__}); go online, {instead}") from None
    except OSError as error:
        raise DatasetError(f"{path}: can't be written: {error.strerror}") from None
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
        advice="the edition known here is that of 2020-08-23; to use another, download it and give its path instead",
    ),
    "ewt": Dataset(
        licence="CC BY-SA 4.0; Universal Dependencies English Web Treebank, release 2.16, and its annotators",
        files=tuple(
            File(f"UD_English-EWT/en_ewt-ud-{part}.conllu", f"{EWT}en_ewt-ud-{part}.conllu", sha256)
            for part, sha256 in (
                ("train", "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b"),
                ("dev", "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6"),
                ("test", "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd"),
            )
        ),
    ),
}
"""The registry, by name."""
