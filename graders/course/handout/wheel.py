"""Builds the wheel of the course, which students install: the packages and the handouts, no answer.

From a clone only. An installed copy has no pyproject.toml and may lack files, so a wheel put together from it would be
a guess. Who builds handouts has the solutions, and so a clone.
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from graders.course.assignment import tracked_files
from graders.course.handout.error import HandoutError
from graders.zips import zip_bytes
from sanity.core.selection import files_in

ROOT = Path(__file__).resolve().parents[3]
"""The top folder of the clone that this code runs from."""
PACKAGED = ("sanity", "graders", "assignments")
NEEDED = ("pyproject.toml", "README.md", "LICENSE")


def build_wheel() -> tuple[str, bytes]:
    """Return the wheel's name and its content; the same files give the same bytes on every machine.

    It is built from a copy of the files that git tracks, so that nothing else that lies in the clone is handed out; in
    a folder that is no clone, from all. Raises HandoutError where there is no pyproject.toml.
    """
    from hatchling.builders.wheel import WheelBuilder

    if absent := [name for name in NEEDED if not (ROOT / name).is_file()]:
        raise HandoutError(f"{ROOT}: no {absent[0]}: the wheel for students is built in a clone of the course only")
    with TemporaryDirectory() as folder:
        copy = Path(folder, "course")
        for name in (*NEEDED, *_sources()):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
        [built] = WheelBuilder(str(copy)).build(directory=str(Path(folder, "dist")), versions=["standard"])
        return Path(built).name, _same_everywhere(Path(built))


def _sources() -> list[str]:
    """Return the files that the wheel may be built of, relative to ROOT."""
    if tracked := tracked_files(ROOT):
        return sorted(name for name in tracked if name.split("/")[0] in PACKAGED and (ROOT / name).is_file())
    return [f"{folder}/{name}" for folder in PACKAGED for name in files_in(ROOT / folder)]


def _same_everywhere(wheel: Path) -> bytes:
    """Return a wheel with its files stored: how small they would become depends on the version of zlib."""
    with ZipFile(wheel) as archive:
        return zip_bytes({name: archive.read(name) for name in archive.namelist()})


def require_assignment(name: str, wheel: bytes) -> None:
    """Raise HandoutError if the wheel lacks what the checks of an assignment need, such as files not in git yet."""
    needed = f"sanity/{name}/__init__.py", f"sanity/recorded/{name}.npz"
    with ZipFile(BytesIO(wheel)) as archive:
        if absent := sorted({*needed} - {*archive.namelist()}):
            raise HandoutError(f"{ROOT / absent[0]}: not in the wheel that students install: git add it first")
