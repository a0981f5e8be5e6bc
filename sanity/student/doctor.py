"""`python sanity_check.py --doctor`: what is installed, and what is missing for which question."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sanity.core.assignment_package import libraries_of
from sanity.core.libraries import distribution, how_to_install, is_installed
from sanity.core.manifest import Manifest
from sanity.core.selection import files_in, select_in
from sanity.student.console import row
from sanity.student.imports import imports_in

LIGHT = ("trivium", "numpy", "hypothesis", "msgspec", "watchfiles", "platformdirs", "tqdm")
"""What every student's install has."""


def installed(package: str) -> str:
    """Return the version of an installed package, or ""."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def print_report(manifest: Manifest, folder: Path) -> int:
    """Print what works; return 1 if a library or a file is missing."""
    missing = dict(_missing_libraries(manifest))
    print(f"{platform.system()} {platform.release()}, Python {platform.python_version()}")
    for package in (*LIGHT, *map(distribution, libraries_of(manifest.name))):
        print(f"  {package:<13} {installed(package) or ('found' if is_installed(package) else 'not installed')}")
    for library, questions in missing.items():
        print(row("missing", f"{library}, for {', '.join(questions)}: {how_to_install(library)}"))
    there = files_in(folder)
    absent = [name for name in manifest.given if name not in there]
    absent += [file for file in manifest.submit if manifest.spelling(file, there) is None]
    for name in absent:
        print(row("missing", f"{folder / name}"))
    selection = select_in(folder, manifest)
    for file in selection.files:
        for library in sorted(imports_in(folder / file)):
            if library not in missing and not is_installed(library) and not _is_own(library, there):
                print(row("note", f"{file} imports {library}, which is not installed: {how_to_install(library)}"))
    for note in selection.notes:
        if ".py" in note and not note.startswith("missing") and not note.endswith("given"):
            print(row("note", note))
    print(f"{manifest.name}: " + ("something is missing, see above" if missing or absent else "ready"))
    return 1 if missing or absent else 0


def _is_own(module: str, there: Sequence[str]) -> bool:
    """Return whether a module is in the folder."""
    return any(name == f"{module}.py" or name.startswith(f"{module}/") for name in there)


def _missing_libraries(manifest: Manifest) -> Iterator[tuple[str, list[str]]]:
    """Yield each library that questions need and that is not installed, with these questions."""
    for library in libraries_of(manifest.name):
        if not is_installed(library):
            yield (
                library,
                [q.id for q in manifest.questions if library in libraries_of(manifest.name, q.id)],
            )
