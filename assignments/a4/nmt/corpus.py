"""Parallel text: sentences in one language and their translations in another, one a line.

A sentence here is a string, as it stands in the file. `vocab.py` turns it into words, and words into indices.
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
    """Text that can't be used. The message is one line: what, where, what was expected, what to do."""


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
    """What a model learns from (train), is chosen by (dev) and is judged by, once, at the end (test)."""

    name: str
    src: str  # the language translated from
    tgt: str  # the language translated to
    train: Texts
    dev: Texts
    test: Texts


def note(line: str) -> None:
    """Tell the reader something they should know: one line on standard error."""
    print(line, file=sys.stderr)


def read_texts(source_path: str | Path, target_path: str | Path) -> Texts:
    """Read a pair of UTF-8 files, packed with gzip or not, whose lines translate each other.

    Raises CorpusError for a file that is missing, empty, not UTF-8 or damaged, for an empty line, and for files
    that differ in their number of lines.
    """
    source, target = read_lines(source_path), read_lines(target_path)
    if len(source) != len(target):
        raise CorpusError(
            f"{target_path}: {counted(len(target), 'line')}, but {source_path} has {len(source)};"
            f" expected one translation for each line: look for a line that was lost or split in two"
        )
    for path, lines in ((source_path, source), (target_path, target)):
        blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
        if blank:
            more = f" (and {len(blank) - 1} more)" if len(blank) > 1 else ""
            raise CorpusError(
                f"{path}, line {blank[0]}{more}: empty; expected a sentence on each line: remove that line from"
                f" both files"
            )
    return Texts(source, target)


def read_folder(folder: str | Path, src: str = "src", tgt: str = "tgt") -> Corpus:
    """Read the six files train, dev and test `.src` and `.tgt` of a folder (or the same with `.gz` after that).

    If there is no train.src, and there are just two files `train.*`, their endings name the languages: the model
    translates to `en` if it is one of them, else from the first to the second in the order of the alphabet.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; expected one with {', '.join(f'{part}.{src}' for part in PARTS)}")
    if not (folder / f"train.{src}").exists():
        found = {path.name.removesuffix(".gz").removeprefix("train.") for path in folder.glob("train.*")}
        if len(found) == 2 and src not in found:
            src, tgt = sorted(found, key=lambda language: (language == "en", language))
            note(f"{folder}: translating from {src} to {tgt}")
    parts = {part: read_texts(_plain_or_gz(folder, part, src), _plain_or_gz(folder, part, tgt)) for part in PARTS}
    return Corpus(name=folder.resolve().name, src=src, tgt=tgt, **parts)


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a UTF-8 file, packed or not, without their ends; raise CorpusError if that fails."""
    content = read_unpacked(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}, line {line}: not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8"
        ) from None
    # Not splitlines(): it also cuts at rarer characters, which can stand within a sentence, and the files would
    # no longer match line by line.
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if lines == [""]:
        raise CorpusError(f"{path}: empty; expected text, one sentence a line")
    return lines


def read_unpacked(path: str | Path) -> bytes:
    """Return what is in a file, or in the gzip or zip archive that it is (of a zip, the largest file)."""
    try:
        content = Path(path).read_bytes()
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content)
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return archive.read(max(archive.infolist(), key=lambda member: member.file_size))
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; expected text, one sentence a line") from None
    except (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile):
        raise CorpusError(f"{path}: damaged; expected a whole archive: copy or download it again") from None
    except OSError as error:
        raise CorpusError(f"{path}: can't be read: {error.strerror}") from None
    return content


def counted(number: int, what: str, plural: str | None = None) -> str:
    """Return "1 line" or "2 lines"."""
    return f"{number} {what if number == 1 else plural or what + 's'}"


def _plain_or_gz(folder: Path, part: str, language: str) -> Path:
    plain, packed = folder / f"{part}.{language}", folder / f"{part}.{language}.gz"
    return packed if packed.exists() and not plain.exists() else plain
