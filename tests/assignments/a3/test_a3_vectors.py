"""Pretrained vectors: GloVe's and word2vec's text files, and what can be wrong in one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

Import = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def vectors(a3: Import) -> ModuleType:
    return a3("parsing.vectors")


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["", "4 2\n"])
def test_vectors_of_known_words_are_read(vectors: ModuleType, tmp_path: Path, header: str) -> None:
    path = written(tmp_path / "v.txt", f"{header}the 1 -0.5\nThe 3 4 \n. . 5 6\nof 1e-1 2\n")
    found = vectors.read_vectors(path, {"the", "of", "dog", ". ."})
    assert {word: vector.tolist() for word, vector in found.items()} == {
        "the": [1, -0.5],
        ". .": [5, 6],
        "of": [np.float32(0.1), 2],
    }
    assert found["the"].dtype == np.float32


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the 1 2\nof 3\n", "line 2: expected a word and 2 numbers"),
        ("the\n", "line 1: expected a word and its numbers"),
        ("of 1 2\nthe 1 nan\n", "line 2: expected a word and 2 finite numbers"),
        ("of 1 2\nthe 1 x\n", "line 2: expected a word and 2 finite numbers"),
    ],
)
def test_a_line_that_is_wrong(vectors: ModuleType, tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path / "v.txt", text)
    with pytest.raises(vectors.VectorsError) as caught:
        vectors.read_vectors(path, {"the"})
    assert str(caught.value) == f"{path}, {message}"


def test_files_that_are_no_vectors(vectors: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(vectors.NoSuchVectors, match=r"no such file; expected word vectors as text$"):
        vectors.read_vectors(tmp_path / "none.txt", {"the"})
    with pytest.raises(vectors.VectorsError, match=r"can't be read: Is a directory$"):
        vectors.read_vectors(tmp_path, {"the"})
    (tmp_path / "v.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(vectors.VectorsError, match="not UTF-8 text; "):
        vectors.read_vectors(tmp_path / "v.bin", {"the"})
    with pytest.raises(vectors.VectorsError, match="has none of the words of the training text; "):
        vectors.read_vectors(written(tmp_path / "v.txt", "la 1 2\n"), {"the"})
