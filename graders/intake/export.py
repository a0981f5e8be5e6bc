"""The export of a class by a platform, packed or unpacked. Its names are listed first; files are read one by one."""

from __future__ import annotations

import os
import zipfile
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from graders.intake.path_policy import IntakeError, IntakeLimits
from graders.intake.platforms import canvas, gradescope, moodle
from graders.intake.platforms.part import Part
from graders.intake.sources import Archive, Folder, Tree, damage_in_one_line, read_regular
from sanity.core.file_names import is_junk, shown

_DEPTH = 3
"""Folders around an export, such as those that an unpacker makes, that are looked into."""
_ENTRY = b"PK\x01\x02"
_ENTRIES = 200_000
"""In the directory of a packed export: each takes about a kilobyte of memory."""
_METADATA_BYTES = 100_000_000
"""Of Gradescope's metadata, which also has the results of earlier gradings."""


class Export(Protocol):
    """The names at the top of an export, and what lies behind them."""

    path: Path
    tops: tuple[str, ...]
    """Files and folders, sorted. That of a folder ends in a slash."""

    def content(self, top: str, most: int) -> bytes:
        """Return the content of a file at the top; raise IntakeError if it has more than `most` bytes."""

    def tree(self, pieces: Mapping[str, str], limits: IntakeLimits) -> Tree:
        """List one submission: its names at the top, each with the path that it has in the submission."""

    def inside(self, top: str) -> Export:
        """Return the export that is a folder of this one."""


class Unpacked:
    """An export that is a folder; only the names in `chosen`, if any."""

    def __init__(self, path: Path, chosen: Collection[str] | None = None) -> None:
        self.path = path
        with os.scandir(path) as entries:
            self.tops: tuple[str, ...] = tuple(
                sorted(
                    entry.name + "/" * entry.is_dir(follow_symlinks=False)
                    for entry in entries
                    if chosen is None or entry.name in chosen
                )
            )

    def content(self, top: str, most: int) -> bytes:
        """Return the content of a file at the top."""
        return read_regular(self.path / top, most, top)

    def tree(self, pieces: Mapping[str, str], limits: IntakeLimits) -> Tree:
        """List one submission."""
        return Folder([(inside, self.path / top) for top, inside in pieces.items()], limits)

    def inside(self, top: str) -> Unpacked:
        """Return the export that is a folder of this one."""
        return Unpacked(self.path / top)


class Packed:
    """An export that is a zip archive, or a folder in one. Raises IntakeError if the archive is damaged."""

    def __init__(self, path: Path, file: zipfile.ZipFile | None = None, prefix: str = "") -> None:
        self.path = path / shown(prefix)
        with damage_in_one_line():
            self._file = file or _opened(path)
        self._archive, self._prefix = path, prefix
        self._members: dict[str, list[tuple[str, zipfile.ZipInfo]]] = defaultdict(list)
        for info in self._file.infolist():
            name = info.orig_filename.replace("\\", "/")
            if name.startswith(prefix) and name != prefix:
                top, slash, rest = name.removeprefix(prefix).partition("/")
                self._members[top + slash].append((rest, info))
        self.tops = tuple(sorted(self._members))

    def content(self, top: str, most: int) -> bytes:
        """Return the content of a file at the top."""
        info = self._members[top][-1][1]
        return Archive(self._file, [(top, info)], info.compress_size, IntakeLimits()).read(top, most)

    def tree(self, pieces: Mapping[str, str], limits: IntakeLimits) -> Tree:
        """List one submission."""
        members = [
            ("/".join(part for part in (inside, rest) if part), info)
            for top, inside in pieces.items()
            for rest, info in self._members[top]
            if inside or rest
        ]
        return Archive(self._file, members, sum(info.compress_size for _, info in members), limits)

    def inside(self, top: str) -> Packed:
        """Return the export that is a folder of this one."""
        return Packed(self._archive, self._file, self._prefix + top)


def _opened(path: Path) -> zipfile.ZipFile:
    """Open an archive; raise IntakeError if it has more entries than fit into memory, whatever its header says."""
    with path.open("rb") as stream:
        entries, end = 0, b""
        while chunk := stream.read(1 << 20):
            entries += (end + chunk).count(_ENTRY)
            end = chunk[-len(_ENTRY) + 1 :]
    if entries > _ENTRIES:
        raise IntakeError(f"contains more than {_ENTRIES:,} entries")
    return zipfile.ZipFile(path)


class Recognised(NamedTuple):
    """An export, and what its names tell."""

    platform: str
    export: Export
    parts: list[Part]

    @property
    def rest(self) -> list[str]:
        """The names at the top that belong to no submission, without junk."""
        claimed = {top for part in self.parts for top in part.pieces} | {gradescope.METADATA}
        return [top for top in _visible(self.export) if top not in claimed]


def recognise(export: Export, depth: int = _DEPTH) -> Recognised | None:
    """Return the submissions of an export, which may lie inside some folders; None if it is of no known platform."""
    tops = _visible(export)
    if gradescope.METADATA in tops:
        return Recognised(
            "Gradescope", export, gradescope.parts(tops, export.content(gradescope.METADATA, _METADATA_BYTES))
        )
    if parts := moodle.parts(tops):
        return Recognised("Moodle", export, parts)
    # Other files may by chance be called as Canvas does, but not most of them.
    parts = canvas.parts(tops)
    if parts and 2 * sum(len(part.pieces) for part in parts) >= len(tops):
        return Recognised("Canvas", export, parts)
    if depth and len(tops) == 1 and tops[0].endswith("/"):
        return recognise(export.inside(tops[0]), depth - 1)
    return None


def _visible(export: Export) -> list[str]:
    """Return the names at the top without hidden ones and junk; a folder may be called like junk, as a student may."""
    return [
        top
        for top in export.tops
        if not top.startswith(".") and (not is_junk(top) if not top.endswith("/") else top.lower() != "__macosx/")
    ]
