"""Reads a folder or a zip archive into memory. Nothing is extracted to disk, and no link is followed."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Protocol

from graders.intake.path_policy import IntakeError, IntakeLimits, is_hidden, validate_paths
from sanity.core.file_names import is_junk, shown

# The first bytes of other archives, which are recognised whatever their name.
_OTHER_ARCHIVES = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"\x1f\x8b": "a gzip archive (.tar.gz)",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
}
ARCHIVE_SUFFIXES = {".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
# Zip archives by content, but not submissions: for example a class list in the same folder.
_DOCUMENT_SUFFIXES = {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".npz", ".pt", ".pth", ".jar", ".whl"}
_ENCRYPTED = 0x2041  # a zip member's flags: encrypted, strongly encrypted, its directory encrypted
_DAMAGED = "is a damaged or truncated zip archive; pack it and hand it in again"


class Tree(Protocol):
    """The files of one submission: listed, but not yet read."""

    names: tuple[str, ...]
    """Validated relative paths of the regular files, sorted, without junk."""
    left_out: Mapping[str, str]
    """Files that cannot be taken, each with a sentence that says why."""

    def read(self, name: str, most: int) -> bytes:
        """Return one file's content; raise IntakeError if it has more than `most` bytes, or is damaged."""


def open_tree(path: Path, limits: IntakeLimits) -> Tree:
    """List the folder or zip archive at path; raise IntakeError if it is neither or breaks a rule."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return Folder([("", path)], limits)
    if stat.S_ISREG(mode):
        return archive(read_regular(path, limits.archive_bytes, "the archive"), limits)
    raise IntakeError(f"is {_kind(mode)}; give the folder or the zip archive itself")


def is_archive(path: Path) -> bool:
    """Return whether path is an archive by its suffix or content, even if it cannot be read."""
    if path.suffix.lower() in ARCHIVE_SUFFIXES:
        return True
    if path.is_symlink() or not path.is_file() or path.suffix.lower() in _DOCUMENT_SUFFIXES:
        return False
    with path.open("rb") as stream:
        start = stream.read(512)
        return start.startswith(b"PK") or _other_archive(start) is not None


class Folder:
    """Files and folders on disk that are one submission."""

    def __init__(self, places: Iterable[tuple[str, Path]], limits: IntakeLimits) -> None:
        """List the places, each with the path that it has in the submission: "" is the submission's own folder."""
        found = chain.from_iterable(_walk(place, inside, limits.depth) for inside, place in places)
        self._places, left_out = validate_paths(found, limits)
        self.names = tuple(self._places)
        self.left_out: Mapping[str, str] = left_out

    def read(self, name: str, most: int) -> bytes:
        """Return the content of the file called name."""
        return read_regular(self._places[name], most, shown(name))


class Archive:
    """Members of a zip archive that are one submission."""

    def __init__(
        self, file: zipfile.ZipFile, members: Iterable[tuple[str, zipfile.ZipInfo]], packed: int, limits: IntakeLimits
    ) -> None:
        """List the members, each with its path in the submission; `packed` is their size in the archive."""
        self._zip, self._limits, self._packed = file, limits, packed
        self._unpacked = 0
        with damage_in_one_line():
            self._infos, left_out = validate_paths(map(_plain, members), limits)
        packing = {name: problem for name, info in self._infos.items() if (problem := _packing(name, info))}
        self.left_out: Mapping[str, str] = left_out | packing
        self.names = tuple(name for name in self._infos if name not in packing)

    def read(self, name: str, most: int) -> bytes:
        """Return the content of a member. Limits apply to the bytes that are unpacked, not to the sizes in headers."""
        with damage_in_one_line(), self._zip.open(self._infos[name]) as stream:
            content = _capped(stream, most, shown(name))
        self._unpacked += len(content)
        if self._unpacked > self._limits.ratio * self._packed:
            raise IntakeError(
                f"unpacks to more than {self._limits.ratio} times its size; pack only the files asked for"
            )
        return content


def archive(data: bytes, limits: IntakeLimits) -> Archive:
    """List a zip archive, given as its bytes; raise IntakeError if it is none or breaks a rule."""
    with damage_in_one_line():
        _refuse_other_formats(data)
    # The count in the archive's header may be wrong. So count the signature that the parser searches for.
    if data.count(b"PK\x01\x02") > limits.members:
        raise IntakeError(f"contains more than {limits.members:,} entries; hand in only the files asked for")
    with damage_in_one_line():
        file = zipfile.ZipFile(io.BytesIO(data))
    # `filename` is cut at a NUL.
    return Archive(file, ((info.orig_filename, info) for info in file.infolist()), len(data), limits)


def read_regular(path: Path, most: int, name: str) -> bytes:
    """Return the content of a regular file; raise IntakeError if it is another kind or larger than `most` bytes.

    Never blocks, even on a named pipe.
    """
    # Windows has only O_BINARY of these flags, and needs no other.
    flags = (getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, os.O_RDONLY | sum(flags))
    with os.fdopen(descriptor, "rb") as stream:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise IntakeError(f"{name} is {_kind(mode)}; hand in plain files and folders")
        return _capped(stream, most, name)


def _capped(stream: IO[bytes], most: int, name: str) -> bytes:
    content = stream.read(most + 1)
    if len(content) > most:
        raise IntakeError(f"{name} is larger than {most:,} bytes; hand in only the files asked for")
    return content


def _walk(place: Path, inside: str, depth: int) -> Iterator[tuple[str, Path]]:
    """Yield what lies at a place: the path in the submission, below `inside`, and the place.

    The path of a folder ends in a slash. Stops `depth` folders down, after the name of the folder there.
    """
    mode = place.lstat().st_mode
    if stat.S_ISREG(mode):
        yield inside, place
    elif not stat.S_ISDIR(mode):
        raise IntakeError(f"{shown(inside or place.name)} is {_kind(mode)}; hand in plain files and folders")
    else:
        if inside:
            yield f"{inside}/", place
        if is_hidden(f"{inside}/"):
            return
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if depth >= 0 and not is_junk(entry.name)]
        for name in names:
            yield from _walk(place / name, f"{inside}/{name}" if inside else name, depth - 1)


def _plain(member: tuple[str, zipfile.ZipInfo]) -> tuple[str, zipfile.ZipInfo]:
    """Return a member; raise IntakeError if it is a link or the like."""
    name, info = member
    mode = info.external_attr >> 16
    plain = {0, stat.S_IFDIR if name.endswith(("/", "\\")) else stat.S_IFREG}
    if stat.S_IFMT(mode) not in plain and not is_hidden(name):
        raise IntakeError(f"{shown(name)} is {_kind(mode)}; hand in plain files and folders")
    return member


def _packing(name: str, info: zipfile.ZipInfo) -> str:
    """Return why a member cannot be unpacked, or ""."""
    if info.flag_bits & _ENCRYPTED:
        return f"{shown(name)} is encrypted; pack it without a password"
    # For lzma and bzip2 a few bytes may need gigabytes of memory.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"{shown(name)} is not packed by the usual method; pack it as a plain zip archive"
    return ""


def _refuse_other_formats(data: bytes) -> None:
    if not data:
        raise IntakeError("is empty (0 bytes); hand it in again")
    if other := _other_archive(data):
        raise IntakeError(f"is {other}; hand in a zip archive")
    if zipfile.is_zipfile(io.BytesIO(data)):
        return
    raise IntakeError(_DAMAGED if data.startswith(b"PK") else "is neither a folder nor a zip archive")


def _other_archive(start: bytes) -> str | None:
    if start[257:262] == b"ustar":
        return "a tar archive"
    return next((kind for magic, kind in _OTHER_ARCHIVES.items() if start.startswith(magic)), None)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    kinds |= {stat.S_IFBLK: "a device", stat.S_IFCHR: "a device", stat.S_IFDIR: "a folder"}
    return kinds.get(stat.S_IFMT(mode), "not a plain file")


@contextmanager
def damage_in_one_line() -> Iterator[None]:
    """Convert what zipfile raises for a damaged archive, which may be anything, to an IntakeError."""
    try:
        yield
    except IntakeError:
        raise
    except Exception:  # BadZipFile, zlib.error, struct.error, OverflowError for an offset of 2**63, and more
        raise IntakeError(_DAMAGED) from None
