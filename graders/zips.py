"""Zip archives that are the same, byte for byte, wherever and whenever they are written."""

from __future__ import annotations

from collections.abc import Mapping
from errno import ENOENT
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from graders.atomic import write_atomically

SUBMISSION = "-submission.zip"
"""How the name of an archive for handing in ends."""


def write_zip(out: Path, files: Mapping[str, bytes]) -> None:
    """Write files, contents by name, to the archive out, whole or not at all.

    Raises OSError if out can't be written or its folder isn't there.
    """
    if not out.parent.is_dir():
        raise FileNotFoundError(ENOENT, f"no folder {out.parent}", str(out))
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, on Windows too
            entry.external_attr = 0o100644 << 16
            entry.compress_type = ZIP_STORED  # what deflate writes differs from one zlib to the next
            archive.writestr(entry, files[name])
    write_atomically(out, buffer.getvalue())
