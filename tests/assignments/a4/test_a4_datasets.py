"""Corpora by name: downloaded and unpacked once, split so that no test sentence is known."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from sanity.training.datasets import DATASETS, File

Import = Callable[[str], ModuleType]

TEXTS = {"train.de": "ja\nnein\n", "train.en": "yes\nno\n"} | {
    f"{part}.{language}": f"{part}\n" for part in ("val", "test_2016_flickr") for language in ("de", "en")
}
PACKED = {f"{name}.gz": gzip.compress(text.encode()) for name, text in TEXTS.items()}


@pytest.fixture(scope="module")
def datasets(a4: Import) -> ModuleType:
    return a4("nmt.datasets")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and no TRIVIUM_DATA."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.delenv("TRIVIUM_DATA", raising=False)
    return tmp_path / "cache" / "trivium"


@pytest.fixture
def small(cache: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A small multi30k on a server; what the registry knows of its files, by name."""
    files = {}
    for name, content in PACKED.items():
        httpserver.expect_request(f"/public/{name}").respond_with_data(content)
        sha256 = hashlib.sha256(gzip.decompress(content)).hexdigest()
        files[name] = File(f"multi30k/{name}", httpserver.url_for(f"/public/{name}"), sha256)
    known = DATASETS["multi30k"]._replace(files=tuple(files.values()))
    monkeypatch.setitem(DATASETS, "multi30k", known)
    return files


def refused(datasets: ModuleType, name: str) -> str:
    with pytest.raises(datasets.CorpusError) as caught:
        datasets.load_corpus(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def serves(httpserver: HTTPServer, name: str, answer: bytes) -> None:
    """Let the server answer a request for a file so from now on."""
    httpserver.clear_all_handlers()
    httpserver.expect_request(re.compile(f".*/{re.escape(name)}")).respond_with_data(answer)


def test_a_corpus_is_downloaded_once(
    datasets: ModuleType, small: Any, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = datasets.load_corpus("multi30k")
    assert (corpus.name, corpus.src, corpus.tgt) == ("multi30k", "de", "en")
    assert (corpus.train.source, corpus.train.target) == (["ja", "nein"], ["yes", "no"])
    assert (corpus.dev.source, corpus.test.target) == (["val"], ["test_2016_flickr"])
    assert capsys.readouterr().err == (
        "multi30k: licence: none stated; for research: download it for yourself, don't pass it on\n"
    )
    assert len(httpserver.log) == len(PACKED)
    assert datasets.load_corpus("multi30k") == corpus
    assert len(httpserver.log) == len(PACKED)


def test_another_text_than_expected_is_refused_and_not_kept(
    datasets: ModuleType, small: Any, cache: Path, httpserver: HTTPServer
) -> None:
    serves(httpserver, "train.de.gz", gzip.compress(b"ja\nja\n"))
    sha256 = hashlib.sha256(b"ja\nja\n").hexdigest()
    assert refused(datasets, "multi30k") == (
        f"{cache}/multi30k/train.de.gz: another text than expected (sha256 {sha256},"
        f" not {small['train.de.gz'].sha256}); try again, or ask the owner of the copy"
    )
    assert not (cache / "multi30k" / "train.de.gz").exists()


def test_a_truncated_file_is_refused_and_not_kept(
    datasets: ModuleType, small: Any, cache: Path, httpserver: HTTPServer
) -> None:
    serves(httpserver, "train.de.gz", PACKED["train.de.gz"][:-5])
    path = cache / "multi30k" / "train.de.gz"
    assert refused(datasets, "multi30k") == f"{path}: damaged; expected a whole archive: copy or download it again"
    assert not path.exists()


def test_names_and_paths(datasets: ModuleType, tmp_path: Path) -> None:
    assert refused(datasets, "multi31k") == (
        "multi31k: no such corpus; expected toy, multi30k, tatoeba, or a folder with train.src, train.tgt and so on"
    )
    for part in ("train", "dev", "test"):
        for side in ("src", "tgt"):
            (tmp_path / f"{part}.{side}").write_text(f"{part}\n")
    assert datasets.load_corpus(str(tmp_path)).dev.source == ["dev"]
    assert datasets.load_corpus("toy", seed=1) == datasets.load_corpus("toy", seed=1)
    assert datasets.load_corpus("toy", seed=1) != datasets.load_corpus("toy", seed=2)


def made_up(number: int) -> list[tuple[str, str]]:
    """Make translations: several for an English sentence, some sentences spelt in two ways, some sources twice."""
    pairs = []
    for i in range(number):
        pairs += [(f"Sentence {i}.", f"phrase {i} !"), (f"sentence {i}", f"phrase {i}, encore")]
        pairs += [(f"Sentence, {i}!", f"la phrase de {i // 2}")]
    return pairs


def write_pairs(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{target}\t{source}\tCC-BY\n" for target, source in pairs), encoding="utf-8")
    return path


def plain(sentence: str) -> str:
    return re.sub(r"\W+", "", sentence).lower()


def test_a_split_by_sentence_leaks_nothing(datasets: ModuleType, tmp_path: Path) -> None:
    corpus = datasets.load_corpus(str(write_pairs(tmp_path / "fra.txt", made_up(2000))))
    assert (corpus.name, corpus.src, corpus.tgt) == ("fra", "fra", "eng")
    parts = (corpus.train, corpus.dev, corpus.test)
    for side in ("source", "target"):
        known: list[set[str]] = [{plain(sentence) for sentence in getattr(part, side)} for part in parts]
        assert not (known[0] & known[1] or known[0] & known[2] or known[1] & known[2])
    assert len(corpus.train) > 5000 and 20 < len(corpus.dev) < 120 and 20 < len(corpus.test) < 120
    assert set(zip(corpus.test.target, corpus.test.source, strict=True)) <= set(made_up(2000))


def test_a_split_tells_what_it_left_out(
    datasets: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = datasets.load_corpus(str(write_pairs(tmp_path / "fra.txt", made_up(2000))))
    left_out = 6000 - len(corpus.train) - len(corpus.dev) - len(corpus.test)
    assert left_out > 0
    assert capsys.readouterr().err == (
        f"fra.txt: left out {left_out} of 6000 pairs: their source stands in another part too\n"
    )


def test_a_sentence_stays_in_its_part_whatever_else_there_is(datasets: ModuleType, tmp_path: Path) -> None:
    few, many = (
        datasets.load_corpus(str(write_pairs(tmp_path / "fra.txt", made_up(number)))) for number in (500, 1000)
    )
    assert set(few.test.target) <= set(many.test.target) and set(few.dev.target) <= set(many.dev.target)


@given(sentence=st.text(), marks=st.text(" .,;:!?'\"-_…«»\u202f"))
def test_case_and_punctuation_change_no_part(datasets: ModuleType, sentence: str, marks: str) -> None:
    assert datasets._part_of(sentence) == datasets._part_of(f"{marks}{sentence}{marks}")
    assert datasets._part_of("I see.") == datasets._part_of("i see") == datasets._part_of("I see!")


def test_lines_that_are_no_pairs(datasets: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "fra.txt"
    for line in ("Go.", "Go.\t", "\tVa !", ""):
        path.write_text(f"Go.\tVa !\n{line}\n", encoding="utf-8")
        assert refused(datasets, str(path)) == (
            f"{path}, line 2: expected an English sentence, a tab and its translation"
        )
    path.write_text("Go.\tVa !\n", encoding="utf-8")
    assert refused(datasets, str(path)) == f"{path}: 1 pair, and none of them for test; expected some hundreds"


def test_tatoeba_is_unpacked_from_the_public_archive(
    datasets: ModuleType, cache: Path, httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = write_pairs(tmp_path / "fra.txt", made_up(500)).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("_about.txt", "Thanks.")
        archive.writestr("fra.txt", text)
    httpserver.expect_request("/fra-eng.zip").respond_with_data(packed.getvalue())
    known = DATASETS["tatoeba"]
    url, sha256 = httpserver.url_for("/fra-eng.zip"), hashlib.sha256(text).hexdigest()
    for expected in (sha256, "0" * 64):
        file = known.files[0]._replace(url=url, sha256=expected)
        monkeypatch.setitem(DATASETS, "tatoeba", known._replace(files=(file,)))
        if expected == sha256:
            corpus = datasets.load_corpus("tatoeba")
            assert (corpus.name, corpus.src, corpus.tgt) == ("tatoeba", "fra", "eng")
        else:
            assert refused(datasets, "tatoeba").endswith(
                "; the edition known here is that of 2020-08-23; to use another, download it and give its path instead"
            )
