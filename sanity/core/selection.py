"""Which files of a submission count: decided by name, before any is read.

The student's check, `trivium pack` and grading all select files here, so that what passes at one passes at the others.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from sanity.core.errors import UserError
from sanity.core.file_names import is_junk, listed, same_name, shown
from sanity.core.manifest import ALWAYS_GIVEN, MADE, WRITTEN, Manifest

# A helper of one of these names would be imported in place of a module that Python, the handout or the worker needs.
_NEEDED_MODULES = sys.stdlib_module_names | {
    *("sitecustomize", "usercustomize", "conftest", "setuptools", "pkg_resources", "pip", "pytest"),
    *("sanity", "graders", "assignments", "solutions", "trivium"),
    *("numpy", "torch", "hypothesis", "msgspec", "sandlock", "scipy", "sklearn", "gensim", "nltk", "sacrebleu"),
    *("typing_extensions", "sympy", "networkx", "filelock", "fsspec", "jinja2", "tqdm", "docopt", "matplotlib"),
}
MAX_SOURCE_BYTES = 1_000_000
"""Of one source file. A long one has 50 kB; compiling a megabyte already takes seconds."""
NOTHING = "nothing to grade"
"""The start of the note on a submission without any file that was asked for."""
# How alike two names must be, 0 to 1, for a hint: "Copy of utils.py" is (0.67), "tests.py" is not (0.63).
_ALIKE = 0.66


class SelectionError(UserError):
    """Two files of a submission could be meant; the message is one line."""


@dataclass(frozen=True)
class Selection:
    """The files of a submission that count."""

    submitted: tuple[str, ...] = ()
    """Files that were asked for, under the names they have, written.md among them."""
    helpers: tuple[str, ...] = ()
    """The student's own modules and packages, which those may import."""
    notes: tuple[str, ...] = ()
    """One line each: what is missing, ignored or left out."""

    @property
    def files(self) -> tuple[str, ...]:
        """All files that count."""
        return (*self.submitted, *self.helpers)


def select_files(names: Sequence[str], manifest: Manifest) -> Selection:
    """Select files by their paths relative to the submission's folder; raise SelectionError if two could be meant."""
    given = [name for name in names if _is_given(name, manifest)]
    words = [name for name in names if name == WRITTEN and manifest.written]
    others = [name for name in names if name not in {*manifest.accepted, *given, *words}]
    found = {file: manifest.spelling(file, names) for file in manifest.submit}
    submitted = [name for name in found.values() if name is not None]
    notes = [_missing(file, others) for file, name in found.items() if name is None]
    if not submitted and not words:
        there = f"found only {listed(names)}" if names else "it holds no files"
        return Selection(notes=(*notes, f"{NOTHING}: {there}"))
    for file, name in found.items():
        others_of_it = [other for other in manifest.spellings(file) if other in names and other != name]
        if others_of_it:
            notes.append(f"ignored: {listed(others_of_it)}: {name} counts")
    if given:
        notes.append(f"ignored: {listed(given)} {'is' if len(given) == 1 else 'are'} given")
    helpers, notes_on_rest = _helpers(others, manifest)
    return Selection((*submitted, *words), tuple(helpers), (*notes, *notes_on_rest))


def _is_given(name: str, manifest: Manifest) -> bool:
    """Return whether a file is the handout's own, which no submission can replace."""
    if name in {*manifest.accepted, *manifest.own, WRITTEN}:
        return False
    patterns = (*manifest.given, *manifest.handout, *ALWAYS_GIVEN, *MADE)
    return any(fnmatchcase(same_name(name), same_name(pattern)) for pattern in patterns)


def _helpers(others: Sequence[str], manifest: Manifest) -> tuple[list[str], list[str]]:
    """Return the student's own modules and packages, and notes on what is left out.

    A folder without an __init__.py is none: it may be anything, such as last week's copy of the work.
    """
    asked_for = {same_name(name) for name in manifest.accepted}
    last_names = {same_name(_last(name)) for name in manifest.accepted}
    packages = {name.partition("/")[0] for name in others if name.count("/") == 1 and _last(name) == "__init__.py"}
    helpers: list[str] = []
    hiding: list[str] = []
    copies: list[str] = []
    loose: list[str] = []
    rest: list[str] = []
    for name in others:
        parts = name.removesuffix(".py").split("/")
        importable = name.endswith(".py") and all(map(str.isidentifier, parts)) and same_name(name) not in asked_for
        if importable and (len(parts) == 1 or parts[0] in packages):
            (hiding if parts[0] in _NEEDED_MODULES else helpers).append(name)
        elif same_name(_last(name)) in last_names:
            copies.append(name)
        else:
            (loose if importable else rest).append(name)
    notes = []
    if hiding:
        notes.append(f"left out: {listed(hiding)} would hide a module of that name: rename it")
    if copies:
        notes.append(f"left out: {listed(copies)}: only the top folder counts")
    if loose:
        notes.append(f"left out: {listed(loose)}: only a folder with an __init__.py is a package")
    if rest:
        notes.append(f"left out: {len(rest)} other file{'s' * (len(rest) > 1)}: {listed(rest)}")
    return helpers, notes


def _missing(wanted: str, others: Collection[str]) -> str:
    """Return the note on a file that is not there, with a hint; raise SelectionError if two folders hold one."""
    copies = [name for name in others if _last(name) == _last(wanted)]
    if len(copies) > 1:
        raise SelectionError(f"which {wanted} counts? Found {listed(copies)}; hand in one")
    last_names = [_last(name).casefold() for name in others]
    alike = difflib.get_close_matches(_last(wanted).casefold(), last_names, n=1, cutoff=_ALIKE)
    hints = copies or [name for name in others if _last(name).casefold() in alike]
    return f"missing: {wanted}" + (f" (did you mean {shown(hints[0])}?)" if hints else "")


def _last(name: str) -> str:
    return PurePosixPath(name).name


def select_in(folder: Path, manifest: Manifest, ignored: str = "") -> Selection:
    """Select the files below a folder, as grading would: a helper that is too large is left out.

    Files whose names end in ignored, if any, are not even noted.
    """
    names = [name for name in files_in(folder) if not (ignored and name.endswith(ignored))]
    selection = select_files(names, manifest)
    large = [name for name in selection.helpers if (folder / name).stat().st_size > MAX_SOURCE_BYTES]
    said = f"is larger than {MAX_SOURCE_BYTES:,} bytes; hand in only the files asked for"
    helpers = tuple(name for name in selection.helpers if name not in large)
    notes = (*selection.notes, *(f"left out: {shown(name)} {said}" for name in large))
    return Selection(selection.submitted, helpers, notes)


def files_in(folder: Path) -> list[str]:
    """Return the files below a folder, relative to it and sorted, without what systems and tools leave behind."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and not is_junk(name)]
        inside = Path(place).relative_to(folder)
        found += [(inside / name).as_posix() for name in files if not is_junk(name)]
    return sorted(found)
