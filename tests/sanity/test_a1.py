"""Assignment 1: its cases are what they should be, its wrong counts are explained, its given module holds."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from graders.course.planted import load_bugs
from graders.course.planted.process_run import run_in_process
from sanity.a1.corpora import DOCUMENTS
from sanity.a1.plotting import POINTS
from sanity.a1.reducing import LOW_RANK, MATRICES
from sanity.core.assignment_package import load_checks
from sanity.core.errors import CheckFailed
from sanity.core.judge import attempt
from sanity.core.recordings import fixed_cases, load, recording_path

CHECKS, MANIFEST = load_checks("a1"), load_assignment("a1").manifest


@given(st.integers(0, 2**31 - 1), st.integers(1, 6), st.integers(1, 5))
def test_matrices_have_their_singular_values_well_apart(seed: int, k: int, more: int) -> None:
    for whole in (0, 1):
        singular = np.linalg.svd(MATRICES.case(seed=seed, k=k, more=more, whole=whole).M, compute_uv=False)
        assert (singular[:-1] > 1.3 * singular[1:]).all()
    assert np.linalg.matrix_rank(LOW_RANK.case(seed=seed, k=k, more=more, low=1).M) == k


@given(st.integers(0, 2**31 - 1), st.integers(1, 8), st.integers(0, 6))
def test_points_are_at_least_half_a_unit_apart(seed: int, asked: int, more: int) -> None:
    case = POINTS.case(seed=seed, asked=asked, more=more)
    apart = np.linalg.norm(case.M_reduced[:, None] - case.M_reduced[None], axis=2)
    assert (apart[~np.eye(len(apart), dtype=bool)] >= 0.5).all()
    assert len(set(case.chosen)) == asked
    assert sorted(case.word2ind.values()) == list(range(asked + more))


def module(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@given(st.data())
def test_the_fast_counts_are_those_of_a_loop(data: st.DataObject) -> None:
    counting = module(load_assignment("a1").solutions / "counting.py")
    numbers = {name: data.draw(st.integers(*limits)) for name, limits in DOCUMENTS.ranges.items()}
    case = DOCUMENTS.case(**numbers, seed=data.draw(st.integers(0, 2**31 - 1)))
    words = sorted({word for document in case.corpus for word in document})
    word2ind = {word: index for index, word in enumerate(words)}
    want = np.zeros((len(words), len(words)), int)
    for document in case.corpus:
        for place, word in enumerate(document):
            for other, neighbour in enumerate(document):
                want[word2ind[word], word2ind[neighbour]] += 0 < abs(place - other) <= case.window_size
    counting.PAIRS_AT_ONCE = data.draw(st.integers(1, 60))
    assert (counting.co_occurrences(case.corpus, word2ind, case.window_size).toarray() == want).all()


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("gensim")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "gensim.downloader", Offline())
    monkeypatch.setattr("gensim.downloader", sys.modules["gensim.downloader"], raising=False)
    return module(handout_folder("a1") / "vectors.py")


class Offline(ModuleType):
    """gensim.downloader without a network."""

    def __init__(self) -> None:
        super().__init__("gensim.downloader")

    def info(self, name_only: bool) -> None:
        raise ValueError("unable to read local cache during fallback, connect to the Internet and retry")


def test_vectors_of_a_file_are_read_in_each_format(vectors: ModuleType, tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    made = KeyedVectors(3)
    made.add_vectors(["a", "b"], np.eye(2, 3, dtype=np.float32))
    made.save_word2vec_format(tmp_path / "binary", binary=True)
    made.save_word2vec_format(tmp_path / "text")
    made.save_word2vec_format(tmp_path / "packed.gz")
    (tmp_path / "without-sizes").write_text((tmp_path / "text").read_text().partition("\n")[2])
    for name in ("binary", "text", "packed.gz", "without-sizes"):
        read = vectors.load_vectors(tmp_path / name)
        assert read.index_to_key == ["a", "b"], name
        assert (read.vectors == made.vectors).all(), name


def test_trained_vectors_are_kept_and_the_same_again(vectors: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vectors.load_vectors()
    assert len(first.index_to_key) > 2000
    monkeypatch.setattr("gensim.models.Word2Vec", None)
    again = vectors.load_vectors()
    assert again.index_to_key == first.index_to_key
    assert np.array_equal(again.vectors, first.vectors)


def test_without_a_home_vectors_are_trained_and_not_kept(
    vectors: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def getpwuid(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", getpwuid)
    monkeypatch.chdir(tmp_path)
    assert len(vectors.load_vectors().index_to_key) > 2000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.bin", "nothing.bin: no such file"),
        (
            "glove-wiki-gigaword-50",
            "glove-wiki-gigaword-50: there is no file of this name, and no network to fetch it; load_vectors() needs "
            "none, and load_vectors('FILE') reads any file in word2vec's format",
        ),
    ],
)
def test_vectors_that_cannot_be_had_are_an_error_of_one_line(vectors: ModuleType, source: str, message: str) -> None:
    with pytest.raises(vectors.VectorsError) as error:
        vectors.load_vectors(source)
    assert str(error.value) == message


@pytest.mark.parametrize("content", [b"", b"hello\nworld\n", b"\xff\xfe\x00", b"3 5\nword 1 2\n"])
def test_a_file_that_holds_no_vectors_is_an_error(vectors: ModuleType, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(vectors.VectorsError, match=r"file: cannot be read as word vectors: "):
        vectors.load_vectors(tmp_path / "file")


def test_documents_are_read_from_a_file_or_from_gensim(vectors: ModuleType, tmp_path: Path) -> None:
    assert len(vectors.read_documents()) == 300
    (tmp_path / "text").write_text("One fish, two FISH.\n\nRed fish\n")
    assert vectors.read_documents(tmp_path / "text") == [["one", "fish", "two", "fish"], ["red", "fish"]]
    (tmp_path / "text").write_bytes(b"caf\xe9")
    with pytest.raises(vectors.VectorsError, match=r"text: not UTF-8, at byte 3; save it as UTF-8$"):
        vectors.read_documents(tmp_path / "text")


def test_written_questions_are_listed() -> None:
    assert [(written.id, written.points) for written in MANIFEST.written] == [("1.5", 2), ("2.7", 2)]
    assert not {written.id for written in MANIFEST.written} & {question.id for question in MANIFEST.questions}


def test_a_wrong_count_is_told_with_its_words_and_corpus() -> None:
    [bug] = [bug for bug in load_bugs(load_assignment("a1")) if bug.id == "same-word-skipped"]
    [check] = [check for check in CHECKS if check.name == "counts_the_neighbours"]
    with run_in_process(load_assignment("a1"), bug.files) as child:
        problem = attempt(check, child, load(recording_path("a1")).expect, fixed_cases(check.cases)[1])
    assert isinstance(problem, CheckFailed)
    assert problem.message.startswith("M has the right shape (word=3, neighbour=3) but ")
    assert re.match(r"(\S+) near \1: got 0, expected \d+, in \[\[", problem.detail)
