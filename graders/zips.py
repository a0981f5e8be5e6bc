"""Writes reproducible zip archives: the same files give the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from errno import ENOENT
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from graders.atomic import write_atomically


def write_zip(out: Path, files: Mapping[str, bytes], executable: Collection[str] = ()) -> None:
    """Write files, contents by name, to the archive `out`, atomically; some may be executable.

    Raises OSError if `out` cannot be written or its folder does not exist.
    """
    if not out.parent.is_dir():
        raise FileNotFoundError(ENOENT, f"no folder {out.parent}", str(out))
    write_atomically(out, zip_bytes(files, executable))


def zip_bytes(files: Mapping[str, bytes], executable: Collection[str] = ()) -> bytes:
    """Return an archive of files, contents by name; some may be executable."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, even on Windows
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            entry.compress_type = ZIP_STORED  # the output of deflate depends on the version of zlib
            archive.writestr(entry, files[name])
    return buffer.getvalue()
