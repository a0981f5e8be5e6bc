"""Reading parallel text: what is good comes through unchanged, what isn't is refused in one line."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

Import = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def corpus(a4: Import) -> ModuleType:
    return a4("nmt.corpus")


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(corpus: ModuleType, source: Path, target: Path) -> str:
    """Return what read_texts says of two files."""
    with pytest.raises(corpus.CorpusError) as caught:
        corpus.read_texts(source, target)
    assert "\n" not in str(caught.value)
    return str(caught.value)


sentences = st.text(st.characters(exclude_characters="\n\r\ufeff", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.strip()
)


@given(lines=st.lists(sentences, min_size=1, max_size=5), ends=st.sampled_from(["\n", "\r\n"]), packed=st.booleans())
def test_each_line_is_a_sentence_as_it_stands(
    corpus: ModuleType, tmp_path_factory: pytest.TempPathFactory, lines: list[str], ends: str, packed: bool
) -> None:
    content = "".join(line + ends for line in lines).encode()
    path = write(tmp_path_factory.getbasetemp() / "lines.src", gzip.compress(content) if packed else content)
    texts = corpus.read_texts(path, path)
    assert texts.source == texts.target == lines
    assert len(texts) == len(lines)


def test_a_byte_order_mark_is_no_part_of_the_text(corpus: ModuleType, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "\ufeffone\ntwo")  # and the last line needs no end
    assert corpus.read_lines(path) == ["one", "two"]


def test_the_largest_file_of_a_zip_is_read(corpus: ModuleType, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("about.txt", "who")
        archive.writestr("text.txt", "one\ntwo\n")
    assert corpus.read_lines(write(tmp_path / "text.zip", packed.getvalue())) == ["one", "two"]


def test_unequal_line_counts(corpus: ModuleType, tmp_path: Path) -> None:
    source, target = write(tmp_path / "a.src", "one\ntwo\n"), write(tmp_path / "a.tgt", "un\n")
    assert refused(corpus, source, target) == (
        f"{target}: 1 line, but {source} has 2; expected one translation for each line: look for a line that was"
        " lost or split in two"
    )
    with pytest.raises(corpus.CorpusError, match=r"^2 sentences with 1 translations; give one for each$"):
        corpus.Texts(["one", "two"], ["un"])


def test_empty_lines(corpus: ModuleType, tmp_path: Path) -> None:
    source, target = write(tmp_path / "a.src", "one\ntwo\nthree\n"), write(tmp_path / "a.tgt", "un\n \n\n")
    assert refused(corpus, source, target) == (
        f"{target}, line 2 (and 1 more): empty; expected a sentence on each line: remove that line from both files"
    )


def test_an_empty_file(corpus: ModuleType, tmp_path: Path) -> None:
    path = write(tmp_path / "a.src", "")
    assert refused(corpus, path, path) == f"{path}: empty; expected text, one sentence per line"


def test_a_missing_file(corpus: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.src"
    assert refused(corpus, path, path) == f"{path}: no such file; expected text, one sentence per line"
    assert refused(corpus, tmp_path, tmp_path) == f"{tmp_path}: can't be read: Is a directory"


def test_another_encoding(corpus: ModuleType, tmp_path: Path) -> None:
    path = write(tmp_path / "a.src", "one\nzwölf\n".encode("latin-1"))
    assert refused(corpus, path, path) == f"{path}, line 2: not UTF-8 (byte 0xf6); save the file as UTF-8"


def test_a_truncated_archive(corpus: ModuleType, tmp_path: Path) -> None:
    whole = gzip.compress(b"one\ntwo\n" * 100)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("text.txt", "one\ntwo\n" * 100)
    for content in (whole[:-9], whole[:-20], whole[:12], whole[:-1] + b"x", zipped.getvalue()[:200]):
        path = write(tmp_path / "a.gz", content)
        assert refused(corpus, path, path) == f"{path}: damaged; expected a whole archive: copy or download it again"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a corpus from German to English."""
    for part, sentence in (("train", "ja"), ("dev", "nein"), ("test", "doch")):
        write(tmp_path / f"{part}.de", f"{sentence}\n")
        write(tmp_path / f"{part}.en", f"{sentence}, in English\n")
    return tmp_path


def test_a_folder_is_read(corpus: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = corpus.read_folder(folder, src="en", tgt="de")
    assert (read.name, read.src, read.tgt) == (folder.name, "en", "de")
    assert read.train == corpus.Texts(["ja, in English"], ["ja"])
    assert read.dev == corpus.Texts(["nein, in English"], ["nein"])
    assert read.test == corpus.Texts(["doch, in English"], ["doch"])
    assert capsys.readouterr().err == ""


def test_two_endings_are_guessed(corpus: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "train.de.gz", gzip.compress((folder / "train.de").read_bytes()))
    (folder / "train.de").unlink()
    read = corpus.read_folder(folder)
    assert (read.src, read.tgt, read.train.source) == ("de", "en", ["ja"])
    assert capsys.readouterr().err == f"{folder}: translating from de to en\n"
    for path in list(folder.glob("*.de*")):
        path.rename(path.with_name(path.name.replace(".de", ".zh")))
    assert corpus.read_folder(folder).tgt == "en"  # whichever comes first in the alphabet


def test_a_folder_that_lacks_a_file(corpus: ModuleType, folder: Path) -> None:
    (folder / "dev.en").unlink()
    with pytest.raises(corpus.CorpusError) as caught:
        corpus.read_folder(folder)
    assert str(caught.value) == f"{folder / 'dev.en'}: no such file; expected text, one sentence per line"
    write(folder / "train.fr", "oui\n")  # three endings: nothing to guess
    with pytest.raises(corpus.CorpusError) as caught:
        corpus.read_folder(folder)
    assert str(caught.value) == f"{folder / 'train.src'}: no such file; expected text, one sentence per line"


def test_a_missing_folder(corpus: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(corpus.CorpusError) as caught:
        corpus.read_folder(tmp_path / "x")
    assert str(caught.value) == f"{tmp_path / 'x'}: no such folder; expected one with train.src, dev.src, test.src"
