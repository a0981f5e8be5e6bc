"""Treebanks by name: downloaded, checked, read; and what is said if they can't be had."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from pytest_httpserver import HTTPServer

from sanity.training.datasets import DATASETS, File

Import = Callable[[str], ModuleType]

TREE = "1\t{0}\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n"


@pytest.fixture
def small(tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A treebank of three words on a server, and an empty cache."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.delenv("TRIVIUM_DATA", raising=False)
    files = []
    for file, word in zip(DATASETS["ewt"].files, ("train", "dev", "test"), strict=True):
        text, path = TREE.format(word), f"/{file.name}"
        httpserver.expect_request(path).respond_with_data(text)
        files.append(File(file.name, httpserver.url_for(path), hashlib.sha256(text.encode()).hexdigest()))
    monkeypatch.setitem(DATASETS, "ewt", DATASETS["ewt"]._replace(files=tuple(files)))


def test_a_treebank_is_downloaded_once(a3: Import, small: None, httpserver: HTTPServer) -> None:
    for _ in range(2):
        treebank = a3("parsing.treebank").load_treebank("ewt")
        assert treebank.name == "ewt"
        parts = (treebank.train, treebank.dev, treebank.test)
        assert [sentence.forms for part in parts for sentence in part] == [("train",), ("dev",), ("test",)]
    assert len(httpserver.log) == 3


def test_what_cannot_be_had_is_one_line(
    a3: Import, small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVIUM_DATA", str(tmp_path))
    with pytest.raises(a3("parsing.treebank").TreebankError) as caught:
        a3("parsing.treebank").load_treebank("ewt")
    assert str(caught.value) == (
        f"{tmp_path}/UD_English-EWT/en_ewt-ud-train.conllu: no such file; "
        "TRIVIUM_DATA must name a folder that has UD_English-EWT/en_ewt-ud-train.conllu"
    )


def test_every_name_is_known_to_the_registry(a3: Import) -> None:
    for name in a3("parsing.treebank").DOWNLOADED:
        assert [file.name.rpartition("-")[2] for file in DATASETS[name].files] == [
            "train.conllu",
            "dev.conllu",
            "test.conllu",
        ]
