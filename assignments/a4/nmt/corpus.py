"""Parallel text: sentences in one language and their translations in another, one per line.

A sentence here is a string as in the file. `vocab.py` splits it into words, and maps words to indices.
"""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

PARTS = ("train", "dev", "test")


class CorpusError(ValueError):
    """Text that can't be used. The message is one line: file, line, problem, what was expected, what to do."""


class NoSuchText(CorpusError):
    """There is no text of this name: no such file, folder or corpus."""


@dataclass(frozen=True)
class Texts:
    """Sentences and their translations: `target[i]` translates `source[i]`."""

    source: list[str]
    target: list[str]

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise CorpusError(f"{len(self.source)} sentences with {len(self.target)} translations; give one for each")

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Corpus:
    """A parallel corpus in three parts: train to learn from, dev to choose the best model, test to score it once."""

    name: str
    src: str  # the source language
    tgt: str  # the target language
    train: Texts
    dev: Texts
    test: Texts


def note(line: str) -> None:
    """Print a note for the reader, one line, on standard error."""
    print(line, file=sys.stderr)


def read_texts(source_path: str | Path, target_path: str | Path) -> Texts:
    """Read a pair of UTF-8 files, gzipped or not, in which line i of one translates line i of the other.

    Raises:
        CorpusError: a file is missing, empty, damaged or not UTF-8; a line is empty; the numbers of lines differ.
    """
    source, target = read_lines(source_path), read_lines(target_path)
    check_as_many(source_path, len(source), target_path, len(target))
    for path, lines in ((source_path, source), (target_path, target)):
        blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
        if blank:
            more = f" (and {len(blank) - 1} more)" if len(blank) > 1 else ""
            raise CorpusError(
                f"{path}, line {blank[0]}{more}: empty; expected a sentence on each line: remove that line from"
                f" both files"
            )
    return Texts(source, target)


def check_as_many(source_path: str | Path, source_lines: int, target_path: str | Path, target_lines: int) -> None:
    """Raise CorpusError unless the two files have the same number of lines."""
    if source_lines != target_lines:
        raise CorpusError(
            f"{target_path}: {pluralize(target_lines, 'line')}, but {source_path} has {source_lines};"
            f" expected one translation for each line: look for a line that was lost or split in two"
        )


def read_folder(folder: str | Path, src: str = "src", tgt: str = "tgt") -> Corpus:
    """Read the six files train, dev and test, each `.src` and `.tgt`, of a folder; each may end in `.gz` too.

    If there is no train.src but there are exactly two files `train.*`, their suffixes name the languages: the target
    is `en` if it is one of them, else the second in alphabetical order. Raises CorpusError.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NoSuchText(f"{folder}: no such folder; expected one with {', '.join(f'{part}.{src}' for part in PARTS)}")
    if not (folder / f"train.{src}").exists():
        found = {path.name.removesuffix(".gz").removeprefix("train.") for path in folder.glob("train.*")}
        if len(found) == 2 and src not in found:
            src, tgt = sorted(found, key=lambda language: (language == "en", language))
            note(f"{folder}: translating from {src} to {tgt}")
    parts = {part: read_texts(_plain_or_gz(folder, part, src), _plain_or_gz(folder, part, tgt)) for part in PARTS}
    return Corpus(name=folder.resolve().name, src=src, tgt=tgt, **parts)


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a UTF-8 file, compressed or not, without line ends. Raises CorpusError."""
    content = read_unpacked(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}, line {line}: not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8"
        ) from None
    # Not splitlines(): it also splits at rarer characters, which may occur within a sentence; then the lines of the
    # two files would no longer correspond.
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if lines == [""]:
        raise CorpusError(f"{path}: empty; expected text, one sentence per line")
    return lines


def read_unpacked(path: str | Path) -> bytes:
    """Return the content of a file, decompressed if gzip or zip (of a zip, the largest member). Raises CorpusError."""
    try:
        content = Path(path).read_bytes()
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content)
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return archive.read(max(archive.infolist(), key=lambda member: member.file_size))
    except FileNotFoundError:
        raise NoSuchText(f"{path}: no such file; expected text, one sentence per line") from None
    except (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile):
        raise CorpusError(f"{path}: damaged; expected a whole archive: copy or download it again") from None
    except OSError as error:
        raise CorpusError(f"{path}: can't be read: {error.strerror}") from None
    return content


def pluralize(number: int, noun: str) -> str:
    """Return "1 line" or "2 lines"."""
    return f"{number} {noun if number == 1 else noun + 's'}"


def _plain_or_gz(folder: Path, part: str, language: str) -> Path:
    """Return the path of a part's file in one language, which may be gzipped."""
    plain, packed = folder / f"{part}.{language}", folder / f"{part}.{language}.gz"
    return packed if packed.exists() and not plain.exists() else plain
