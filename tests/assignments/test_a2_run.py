"""What assignment 2 gives: the corpus, the gradient check and training, run on the reference's answers."""

from __future__ import annotations

import io
import math
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.course.assignment import handout_folder, load_assignment
from sanity.core.submission_modules import SubmissionModules

TEXT = """\
The cat sat on the mat. A dog sat on the log. Cats and dogs don't like each other!
Does the dog like the cat? The mat is red. The log is old.

The old cat likes the red mat, and the old dog likes the log.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout with the reference's answers in it."""
    path = tmp_path_factory.mktemp("a2") / "a2"
    shutil.copytree(handout_folder("a2"), path, ignore=shutil.ignore_patterns("__pycache__"))
    for answer in load_assignment("a2").solutions.rglob("*.py"):  # the staff's module too
        shutil.copy(answer, path)
    return path.resolve()


@pytest.fixture
def code(folder: Path) -> Iterator[Any]:
    """The modules there."""
    code = SubmissionModules(folder, [(path.relative_to(folder).as_posix(),) for path in folder.rglob("*.py")])
    yield code
    code.forget()


@pytest.fixture
def data(code: Any) -> Any:
    code.utils  # noqa: B018  (imports the package)
    return sys.modules.get("utils.data") or __import__("utils.data").data


@pytest.fixture
def corpus(data: Any) -> Any:
    return data.Dataset(list(data.sentences_of(TEXT)))


def test_sentences_are_cut_and_lowered(data: Any) -> None:
    assert list(data.sentences_of("Don't stop. It's 3.5 km"))[:1] == [["don't", "stop"]]
    assert list(data.sentences_of("One.\n\nTwo words")) == [["two", "words"]]


def test_words_are_numbered_by_frequency(corpus: Any) -> None:
    assert corpus.words[0] == "the"
    assert list(corpus.counts) == sorted(corpus.counts, reverse=True)
    assert corpus.tokens()["the"] == 0


def test_rare_words_are_left_out(data: Any) -> None:
    kept = data.Dataset(list(data.sentences_of(TEXT)), min_count=2)
    assert "sat" in kept.word2Ind
    assert "each" not in kept.word2Ind


def test_a_context_is_what_stands_around_a_word(corpus: Any) -> None:
    sentences = [
        tuple(corpus.words[i] for i in corpus._text[a : a + n])
        for a, n in zip(corpus._starts, corpus._lengths, strict=True)
    ]
    np.random.seed(0)
    for _ in range(50):
        center, around = corpus.getRandomContext(3)
        assert 1 <= len(around) <= 6
        assert any(center in sentence and set(around) <= set(sentence) for sentence in sentences)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), windows=st.integers(1, 8), C=st.integers(1, 6), K=st.integers(1, 12))
def test_many_draws_are_the_same_as_single_ones(seed: int, windows: int, C: int, K: int) -> None:
    data = DATA["module"]
    corpus = data.Dataset(list(data.sentences_of(TEXT)))
    np.random.seed(seed)
    contexts = [corpus.getRandomContext(C) for _ in range(windows)]
    pairs = [(corpus.word2Ind[c], corpus.word2Ind[o]) for c, around in contexts for o in around]
    negatives = []
    for _, outside in pairs:
        accepted: list[int] = []
        while len(accepted) < K:
            word = corpus.sampleTokenIdx()
            accepted += [word] if word != outside else []
        negatives.append(accepted)
    after = np.random.random_sample()
    np.random.seed(seed)
    centers, outsides = corpus.random_pairs(windows, C)
    drawn = corpus.random_negatives(outsides, K)
    assert list(zip(centers.tolist(), outsides.tolist(), strict=True)) == pairs
    assert drawn.tolist() == negatives
    assert np.random.random_sample() == after


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 4),
    windows=st.integers(1, 8),
    C=st.integers(1, 6),
    K=st.integers(1, 12),
)
def test_batches_drawn_at_once_are_windows_with_samples_of_other_words(
    seed: int, count: int, windows: int, C: int, K: int
) -> None:
    data = DATA["module"]
    corpus = data.Dataset(list(data.sentences_of(TEXT)))
    np.random.seed(seed)
    batches = list(corpus.random_batches(count, windows, C, K))
    np.random.seed(seed)
    centers, outsides = corpus.random_pairs(count * windows, C)  # the windows are the same, in one go
    assert len(batches) == count
    assert np.array_equal(np.concatenate([batch[0] for batch in batches]), centers)
    assert np.array_equal(np.concatenate([batch[1] for batch in batches]), outsides)
    for _, outside, negatives in batches:
        assert negatives.shape == (len(outside), K)
        assert (negatives != outside[:, None]).all()


def test_samples_drawn_at_once_are_spread_as_single_ones(data: Any) -> None:
    corpus = data.Dataset(list(data.sentences_of(TEXT)))
    np.random.seed(0)
    drawn = {}
    for outside, negatives in (
        (o, n) for _, *pairs in corpus.random_batches(200, 50) for o, n in zip(*pairs, strict=True)
    ):
        drawn.setdefault(outside, []).append(negatives)
    for outside, samples in drawn.items():
        chances = corpus.counts * (np.arange(len(corpus.words)) != outside)
        seen = np.bincount(np.concatenate(samples), minlength=len(chances))
        # Hoeffding: one of the words is this far off by chance in one of 1e9 runs.
        bound = math.sqrt(math.log(2e9 * len(chances) * len(drawn)) / (2 * seen.sum()))
        assert np.abs(seen / seen.sum() - chances / chances.sum()).max() < bound
    assert len(drawn) == len(corpus.words)


DATA: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def module_for_properties(data: Any) -> None:
    DATA["module"] = data


def test_a_text_that_is_too_short_is_an_error(data: Any) -> None:
    with pytest.raises(data.DataError) as error:
        data.Dataset([])
    assert str(error.value) == "no sentence has two words that are kept: the text is too short"


def test_texts_that_cannot_be_read_are_errors(data: Any, tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes("é".encode("latin-1"))
    (tmp_path / "empty").mkdir()
    for path, said in (
        (tmp_path / "none.txt", f"{tmp_path / 'none.txt'}: cannot be read: No such file or directory"),
        (tmp_path / "empty", f"{tmp_path / 'empty'}: no .txt file in this folder or below it"),
        (latin, f"{latin}: not UTF-8 text: byte 0 is 0xe9"),
    ):
        with pytest.raises(data.DataError) as error:
            data.read_text(path)
        assert str(error.value) == said


def test_a_folder_is_read_as_one_text(data: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("one two")
    (tmp_path / "sub" / "b.txt").write_text("three four")
    assert list(data.sentences_of(data.read_text(tmp_path))) == [["one", "two"], ["three", "four"]]


def train(code: Any, monkeypatch: pytest.MonkeyPatch, text: Path, out: Path, *more: str) -> np.ndarray[Any, Any]:
    """Train, and return the vectors."""
    monkeypatch.setattr(code.run, "similarity", lambda vectors, words: (float("nan"), 0))
    argv = [str(text), "--out", str(out), "--dimension", "4", "--threshold", "1", *more]
    assert code.run.main(argv) == 0
    with np.load(out / "word_vectors.npz") as saved:
        assert len(saved["words"]) == len(saved["vectors"])
        vectors: np.ndarray[Any, Any] = saved["vectors"]
        return vectors


@pytest.fixture
def text(tmp_path: Path) -> Path:
    pytest.importorskip("tqdm")
    pytest.importorskip("matplotlib")
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def test_batches_train_the_same_vectors_as_windows(
    code: Any, monkeypatch: pytest.MonkeyPatch, text: Path, tmp_path: Path
) -> None:
    slow = train(code, monkeypatch, text, tmp_path / "w", "--iterations", "12", "--step", "windows")
    quick = train(code, monkeypatch, text, tmp_path / "b", "--iterations", "12", "--step", "batch")
    assert np.abs(slow).max() > 0.05
    assert np.abs(slow - quick).max() < 1e-12


def test_the_sparse_kernels_train_the_same_vectors(code: Any, corpus: Any) -> None:
    pytest.importorskip("scipy")
    trained = []
    for descent in (code.run.gradient_descent, code.fast.sparse_descent):
        np.random.seed(3)
        start = 30 * code.run.first_vectors(len(corpus.words), 4)  # so that scores are far from zero, too
        losses: list[float] = []
        x = code.run.by_batch(corpus, start, 25, losses.append, code.run.in_blocks, descent)
        trained.append((x, losses))
    (x, losses), (other_x, other_losses) = trained
    assert np.abs(x - start).max() > 0.5
    assert np.abs(x - other_x).max() < 1e-12
    assert np.allclose(losses, other_losses, rtol=1e-12)


@pytest.mark.parametrize("step", ["windows", "batch", "blocks"])
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    step: str, code: Any, monkeypatch: pytest.MonkeyPatch, text: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(code.sgd, "SAVE_PARAMS_EVERY", 4)
    monkeypatch.setattr(code.sgd, "ANNEAL_EVERY", 3)
    whole = train(code, monkeypatch, text, tmp_path / "whole", "--iterations", "9", "--step", step)
    train(code, monkeypatch, text, tmp_path / "parts", "--iterations", "5", "--step", step)
    assert (tmp_path / "parts" / "saved_params_4.npy").is_file()
    assert (tmp_path / "parts" / "saved_state_4.pickle").is_file()
    parts = train(code, monkeypatch, text, tmp_path / "parts", "--iterations", "9", "--step", step, "--resume")
    assert np.array_equal(whole, parts)


def test_the_plot_shows_the_words_that_are_there(
    code: Any, monkeypatch: pytest.MonkeyPatch, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(code, monkeypatch, text, tmp_path / "t", "--iterations", "2", "--words", "cat", "dog", "zebra")
    assert (tmp_path / "t" / "word_vectors.png").read_bytes().startswith(b"\x89PNG")
    assert "not in the text: zebra" in capsys.readouterr().out


def test_a_missing_text_is_one_line(code: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code.run.main([str(tmp_path / "none.txt")]) == 2
    assert capsys.readouterr().err == f"run.py: {tmp_path / 'none.txt'}: cannot be read: No such file or directory\n"


def test_a_question_that_is_not_answered_is_one_line(
    code: Any, monkeypatch: pytest.MonkeyPatch, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def unanswered(z: object, t: float) -> None:
        raise NotImplementedError("2a: not implemented yet")

    monkeypatch.setattr(code.sampling, "keep_probability", unanswered)
    assert code.run.main([str(text)]) == 2
    assert capsys.readouterr().err == "run.py: 2a: not implemented yet\n"


def test_a_number_that_is_none_is_one_line(code: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        code.run.main(["--iterations", "0"])
    assert error.value.code == 2
    assert "argument --iterations: '0' is not a whole number above zero" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-1", "4294967296", "one"])
def test_a_seed_that_numpy_does_not_take_is_one_line(code: Any, seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        code.run.main([f"--seed={seed}"])
    assert error.value.code == 2
    said = f"argument --seed: {seed!r} is not a whole number from 0 to 4294967295\n"
    assert capsys.readouterr().err.endswith(said)


def test_letters_that_the_terminal_lacks_are_question_marks(
    code: Any, monkeypatch: pytest.MonkeyPatch, text: Path, tmp_path: Path
) -> None:
    """As on a Windows console, or with PYTHONIOENCODING=cp1252."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    train(code, monkeypatch, text, tmp_path / "t", "--iterations", "2", "--words", "cat", "猫", "→")
    stream.flush()
    assert "not in the text: ?, ?" in stream.buffer.getvalue().decode("cp1252")  # type: ignore[attr-defined]


def test_similarity_is_one_for_the_order_that_people_give(code: Any) -> None:
    pytest.importorskip("gensim")
    angles = {"love": 0.0, "sex": 0.4, "tiger": 2.0, "cat": 2.1}  # people: tiger cat 7.35, love sex 6.77
    vectors = np.array([[math.cos(a), math.sin(a)] for a in angles.values()])
    score, pairs = code.run.similarity(vectors, {word: i for i, word in enumerate(angles)})
    assert pairs == 3  # tiger tiger is the third
    assert score == pytest.approx(1)


def test_similarity_of_unknown_words_is_nan(code: Any) -> None:
    pytest.importorskip("gensim")
    score, pairs = code.run.similarity(np.ones((1, 2)), {"zzz": 0})
    assert math.isnan(score)
    assert pairs == 0


def test_the_default_text_is_there(data: Any) -> None:
    pytest.importorskip("gensim")
    corpus = data.Dataset(list(data.sentences_of(data.read_text(None))), min_count=2)
    assert len(corpus.words) == 4140


def check(code: Any, f: Any, x: Any) -> bool:
    passed: bool = __import__("utils.gradcheck").gradcheck.gradcheck_naive(f, x, "of f")
    return passed


def test_the_gradient_check_passes_a_right_gradient(code: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def noisy(x: Any) -> tuple[Any, Any]:
        weight = np.random.random_sample()
        return np.array([weight * (x**3).sum()]), weight * 3 * x**2

    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    assert check(code, noisy, x)
    assert np.array_equal(x, before)
    assert capsys.readouterr().out == "Gradient check passed!\n"


def test_the_gradient_check_names_a_wrong_entry(code: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(code, lambda x: ((x**2).sum(), 2 * x * np.array([1, -1])), np.array([1.0, 2.0]))
    said = "Gradient check failed: the gradient of f at (1,) is -4, the slope there is 4\n"
    assert capsys.readouterr().out == said
    assert not check(code, lambda x: (x.sum(), np.ones((1, 2))), np.ones(2))
    assert capsys.readouterr().out == "Gradient check failed: the gradient of f has shape (1, 2), expected (2,)\n"


@pytest.mark.parametrize("loss", ["", "negSamplingLossAndGradient"])
def test_the_tests_of_other_years_check_windows(code: Any, loss: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What templates since 2020 import from utils.gradcheck, and call on a skipgram."""
    given = __import__("utils.gradcheck").gradcheck
    vectors, tokens = np.random.default_rng(1).standard_normal((10, 3)), {word: i for i, word in enumerate("abcde")}
    dataset = type("Dataset", (), {"sampleTokenIdx": lambda self: random.randint(0, 4)})()
    word2vec, more = code.word2vec, ([getattr(code.word2vec, loss)] if loss else [])
    check = given.grad_tests_negsamp if loss else given.grad_tests_softmax
    check(word2vec.skipgram, tokens, vectors, dataset, *more)
    said = capsys.readouterr().out.splitlines()
    assert said[1::2] == [f"The {which} test passed!" for which in ("first", "second", "third")]

    def wrong(*arguments: Any) -> Any:
        loss, by_center, by_outside = word2vec.skipgram(*arguments)
        return loss, -by_center, by_outside

    with pytest.raises(AssertionError, match=r"^The first test failed\.$"):
        check(wrong, tokens, vectors, dataset, *more)


def test_helpers(code: Any) -> None:
    utils = __import__("utils.utils").utils
    assert np.allclose(utils.normalizeRows(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0, 0]])
    assert np.allclose(utils.softmax(np.array([[1001.0, 1002.0], [3.0, 4.0]]))[0], [0.26894142, 0.73105858])
    assert np.allclose(utils.softmax(np.array([0.0, 0.0])), [0.5, 0.5])
