"""The vocabulary: words or pieces of words, kept as plain data."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

Import = Callable[[str], ModuleType]

SOURCE = ["Der Hund bellt .", "Der kleine Hund schläft .", "Die Katze schläft .", "Ein Hund jagt die Katze ."]
TARGET = ["The dog barks .", "The little dog sleeps .", "The cat sleeps .", "A dog chases the cat ."]


@pytest.fixture(scope="module")
def vocab(a4: Import) -> ModuleType:
    return a4("vocab")


@pytest.fixture(scope="module")
def pieces(vocab: ModuleType) -> Any:
    return vocab.SubwordEntry.from_texts(SOURCE, size=30)


@given(words=st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), max_size=9))
def test_words_are_what_stands_between_spaces(vocab: ModuleType, words: list[str]) -> None:
    entry = vocab.VocabEntry()
    known = [word if word not in vocab.SPECIAL_TOKENS else "<unk>" for word in words]
    assert entry.split("  ".join(words)) == known
    assert entry.join(known) == " ".join(known)


def test_a_word_spelt_like_a_special_token_is_unknown(vocab: ModuleType, pieces: Any) -> None:
    entry = vocab.VocabEntry()
    assert entry.words2indices(entry.split("<s> <pad> </s> <unk>")) == [entry["<unk>"]] * 4
    assert not {"<pad>", "<s>", "</s>"} & set(pieces.split("<s> <pad> </s> <unk>"))


@given(words=st.lists(st.text("DHKabdeilnstzä.", min_size=1), max_size=9))
def test_pieces_join_to_the_text_they_were_cut_from(pieces: Any, words: list[str]) -> None:
    text = " ".join(words)
    cut = pieces.split(text)
    assert all(piece in pieces for piece in cut)
    assert pieces.join(pieces.indices2words(pieces.words2indices(cut))) == text


def test_pieces_start_with_the_special_tokens_and_are_as_many_as_asked(vocab: ModuleType, pieces: Any) -> None:
    assert pieces.indices2words(range(4)) == list(vocab.SPECIAL_TOKENS)
    assert len(pieces) <= 30 + 4
    assert len(vocab.SubwordEntry.from_texts(SOURCE, size=26)) == 26 + 4
    assert vocab.SubwordEntry.from_texts(SOURCE, size=30).model == pieces.model  # the same each time


def test_what_sentencepiece_says_of_too_few_pieces_is_one_line(vocab: ModuleType) -> None:
    with pytest.raises(vocab.VocabError) as caught:
        vocab.SubwordEntry.from_texts(SOURCE, size=3)
    advice = "the text has 25 different characters, and each is a piece: give at least as many"
    assert str(caught.value) == f"SentencePiece can't learn 3 pieces: {advice}"
    assert "\n" not in str(caught.value)
    with pytest.raises(vocab.VocabError, match=r"^SentencePiece can't learn 9 pieces: there is no text$"):
        vocab.SubwordEntry.from_texts([], size=9)
    with pytest.raises(vocab.VocabError, match=r"^SentencePiece can't learn 100000000000 pieces: expected at most"):
        vocab.SubwordEntry.from_texts(SOURCE, size=100_000_000_000)


def test_without_sentencepiece_it_says_what_to_install(vocab: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(vocab.VocabError) as caught:
        vocab.Vocab.from_texts(SOURCE, TARGET, subwords=True)
    assert str(caught.value) == "subwords need the package sentencepiece: python -m pip install sentencepiece"


@pytest.mark.parametrize("subwords", [False, True])
def test_a_vocabulary_survives_a_file(vocab: ModuleType, tmp_path: Path, subwords: bool) -> None:
    made = vocab.Vocab.from_texts(SOURCE, TARGET, size=40, freq_cutoff=1, subwords=subwords)
    made.save(tmp_path / "vocab.json")
    read = vocab.Vocab.load(tmp_path / "vocab.json")
    for before, after in ((made.src, read.src), (made.tgt, read.tgt)):
        assert after.word2id == before.word2id
        for text in SOURCE + TARGET:
            assert after.split(text) == before.split(text)
            assert after.join(after.split(text)) == text


def test_a_plain_vocabulary_has_the_form_it_always_had(vocab: ModuleType) -> None:
    plain = vocab.Vocab.from_texts(["a a b"], ["c c d"]).to_plain()
    special = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3}
    assert plain == {"src_word2id": {**special, "a": 4}, "tgt_word2id": {**special, "c": 4}}


def test_size_and_cutoff_are_kept(vocab: ModuleType) -> None:
    made = vocab.Vocab.from_texts(["a a a b b c"], ["d"], size=2, freq_cutoff=1)
    assert list(made.src.word2id)[4:] == ["a", "b"]
    assert list(vocab.Vocab.from_texts(["a a a b b c"], ["d"]).src.word2id)[4:] == ["a", "b"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"src_word2id": {"a": 0}, "tgt_word2id": {}}', "\udcff"])
def test_what_is_no_vocabulary_is_refused_in_one_line(vocab: ModuleType, tmp_path: Path, content: str) -> None:
    path = tmp_path / "vocab.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(vocab.VocabError) as caught:
        vocab.Vocab.load(path)
    assert str(caught.value) == f"{path}: not a vocabulary; `python vocab.py` makes one"


def test_a_missing_vocabulary_is_named(vocab: ModuleType) -> None:
    with pytest.raises(vocab.VocabError) as caught:
        vocab.Vocab.load("nowhere.json")
    assert str(caught.value) == "nowhere.json: can't be read: No such file or directory; `python vocab.py` makes one"


@pytest.mark.parametrize("model", ["", "aGVsbG8=", "aGVsb", 5])
def test_a_damaged_sentencepiece_model_is_one_line(
    vocab: ModuleType, pieces: Any, tmp_path: Path, model: object
) -> None:
    path = tmp_path / "vocab.json"
    plain = vocab.Vocab(pieces, pieces).to_plain()
    path.write_text(json.dumps(plain | {"tgt_sentencepiece": model}), encoding="utf-8")
    damaged = "the SentencePiece model is damaged; `python vocab.py --subwords` makes one"
    with pytest.raises(vocab.VocabError) as caught:
        vocab.Vocab.load(path)
    none = "not a vocabulary; `python vocab.py` makes one"
    assert str(caught.value) == f"{path}: {damaged if model in ('', 'aGVsbG8=') else none}"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the options that name the training text."""
    for name, lines in (("train.de", SOURCE), ("train.en", TARGET)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ["--train-src", str(tmp_path / "train.de"), "--train-tgt", str(tmp_path / "train.en")]


def test_the_command_writes_a_vocabulary(
    vocab: ModuleType, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vocab.json"
    assert vocab.main([*files, str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 9 source words, 9 target words\n"
    assert list(vocab.Vocab.load(path).src.word2id)[4:] == [".", "Hund", "Der", "Katze", "schläft"]

    assert vocab.main([*files, "--size", "3", "--freq-cutoff", "1", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 7 source words, 7 target words\n"

    assert vocab.main([*files, "--subwords", "--size", "30", str(path)]) == 0
    assert capsys.readouterr().out.endswith(" target pieces\n")
    assert "src_sentencepiece" in json.loads(path.read_text(encoding="utf-8"))


def test_the_command_explains_bad_input(
    vocab: ModuleType, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        assert vocab.main([*arguments]) == 2
        return capsys.readouterr().err

    missing = tmp_path / "train.fr"
    assert said("--train-src", str(missing), *files[2:], "v.json") == (
        f"vocab.py: {missing}: no such file; expected text, one sentence per line\n"
    )
    unwritable = tmp_path / "nowhere" / "vocab.json"
    why = "can't be written: No such file or directory; the previous content is intact"
    assert said(*files, str(unwritable)) == f"vocab.py: {unwritable}: {why}\n"
    text = tmp_path / "train.de"
    assert said(*files, str(text)) == (
        f"vocab.py: {text}: would overwrite the input {text}; name another output file\n"
    )
    assert text.read_text(encoding="utf-8").splitlines() == SOURCE
    with pytest.raises(SystemExit, match="2"):
        vocab.main([*files, "--size", "0", "v.json"])
    assert capsys.readouterr().err.endswith("vocab.py: error: --size: expected at least 1\n")
    with pytest.raises(SystemExit, match="2"):
        vocab.main([*files, "--freq-cutoff", "-3", "v.json"])
    assert capsys.readouterr().err.endswith("vocab.py: error: --freq-cutoff: expected at least 1\n")


def test_a_full_disk_leaves_the_vocabulary_that_was_there(
    vocab: ModuleType, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vocab.json"
    assert vocab.main([*files, str(path)]) == 0
    before = path.read_bytes()
    capsys.readouterr()
    path.with_name("vocab.json.part").symlink_to("/dev/full")
    assert vocab.main([*files, "--size", "3", str(path)]) == 2
    why = "can't be written: No space left on device; the previous content is intact"
    assert capsys.readouterr().err == f"vocab.py: {path}: {why}\n"
    assert path.read_bytes() == before


def test_without_torch_the_command_says_what_to_install(a4_folder: Path) -> None:
    program = "import runpy, sys; sys.modules['torch'] = None; runpy.run_path('vocab.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], cwd=a4_folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "vocab.py: torch is not installed: pip install torch\n")


def test_importing_vocab_is_light(a4_folder: Path) -> None:
    program = (
        "import sys, vocab; print([name for name in ('sentencepiece', 'nmt', 'numpy.testing') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=a4_folder, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
