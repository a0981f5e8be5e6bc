"""Where the files of a submission lie, and which of them were renamed on the way: undone before files are selected.

What is unambiguous is taken, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from graders.intake.path_policy import IntakeError
from graders.intake.sources import ARCHIVE_SUFFIXES
from sanity.core.file_names import listed, same_name, shown
from sanity.core.manifest import WRITTEN, Manifest

# What browsers, Canvas, Google Drive, Windows, macOS and text editors make of `utils.py`.
_COPY = re.compile(
    r"""
    (?: copy\ of\ )?
    (?P<stem> .+? )
    (?: [ _]?\(\d+\) | -\d+ | [ ](?:-[ ])?copy (?:[ ]\(?\d+\)?)? ){0,3}
    (?P<suffix> \.(?:py|ipynb|md) )
    (?: \.txt )?
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


_SUFFIXES = (".py", ".ipynb", ".md", ".txt")
_LONGEST = 100
"""Characters in the name of a copy: thousands of long names, made for it, would keep the pattern busy for a minute."""


def original(name: str) -> str:
    """Return the name that a file had before it was downloaded, copied or handed in again; in lower case.

    >>> original("utils (1).py"), original("nmt_model-2.py"), original("Copy of Utils.py.txt"), original("a-1/b.py")
    ('utils.py', 'nmt_model.py', 'utils.py', 'a-1/b.py')
    """
    folder, slash, last = name.rpartition("/")
    match = _COPY.fullmatch(last) if len(last) <= _LONGEST and last.lower().endswith(_SUFFIXES) else None
    return same_name(f"{folder}{slash}{match['stem']}{match['suffix']}" if match else name)


def arrange(names: Sequence[str], manifest: Manifest) -> tuple[dict[str, str], list[str]]:
    """Return the names of a submission's files by the paths under which they count, and a note for each change.

    The folder around the files to submit is unwrapped, and what else lies beside it is left out. A file to submit that
    is not there, but once in a folder or under the name of a copy, is taken from there. Raises IntakeError if it could
    be one of several.
    """
    root = _root(names, manifest)
    files = {name.removeprefix(root): name for name in names if name.startswith(root)}
    notes = [f"unwrapped the folder {shown(root)}"] if root else []
    for file in asked_for(manifest):
        if any(spelling in files for spelling in _spellings(file, manifest)):
            continue
        if found := _elsewhere(file, names, files, manifest):
            spelling, name = found
            inside = name.removeprefix(root)
            if f"{inside.partition('/')[0]}/__init__.py" not in files:  # else it is also a module of that package
                files.pop(inside, None)
            files[spelling] = name
            notes.append(f"took {shown(name)} for {spelling}")
    if outside := {name for name in names if not name.startswith(root)}.difference(files.values()):
        notes.append(f"left out: {listed(outside)}: only {shown(root)} counts")
    return dict(sorted(files.items())), notes


def asked_for(manifest: Manifest) -> tuple[str, ...]:
    """Return the files to hand in, that with the written answers among them."""
    return (*manifest.submit, WRITTEN) if manifest.written else manifest.submit


def is_asked_for(name: str, manifest: Manifest) -> bool:
    """Return whether a file is one to hand in, under any name that it may have, or a copy of one."""
    return original(name) in {
        same_name(spelling) for file in asked_for(manifest) for spelling in _spellings(file, manifest)
    }


def archive_inside(names: Sequence[str], manifest: Manifest) -> str:
    """Return the archive that holds the submission, if none of its files lies here; "" if there is none.

    Raises IntakeError if it could be one of several.
    """
    last_names = [PurePosixPath(name).name for name in names]
    if any(is_asked_for(name, manifest) for name in (*names, *last_names)):
        return ""
    archives = [name for name in names if PurePosixPath(name).suffix.lower() in ARCHIVE_SUFFIXES]
    if len(archives) > 1:
        raise IntakeError(f"which archive counts? Found {listed(archives)}; hand in one")
    return archives[0] if archives else ""


def _spellings(file: str, manifest: Manifest) -> tuple[str, ...]:
    return (WRITTEN,) if file == WRITTEN else manifest.spellings(file)


def _root(names: Sequence[str], manifest: Manifest) -> str:
    """Return the folder that counts, ending in a slash, or "".

    It is the one above all others with a file to submit, or the only one that has them all.
    """
    wanted = [spelling for file in asked_for(manifest) for spelling in _spellings(file, manifest)]
    roots: set[str] = set()
    for form in (str, original):
        for name in names:
            formed = f"/{form(name)}"
            folder = name[: name.rfind("/") + 1]
            roots |= {
                folder.removesuffix(spelling[: spelling.rfind("/") + 1])
                for spelling in wanted
                if formed.endswith(f"/{form(spelling)}")
            }
        if roots:
            break
    for root in roots:
        if all(other.startswith(root) for other in roots):
            return root
    there = set(names)
    whole = [r for r in roots if all(any(r + s in there for s in manifest.spellings(f)) for f in manifest.submit)]
    return whole[0] if len(whole) == 1 else ""


def _elsewhere(file: str, names: Sequence[str], files: Mapping[str, str], manifest: Manifest) -> tuple[str, str] | None:
    """Return the spelling and the name of the only file that can be meant by `file`; None if there is no such file."""
    used = {files.get(spelling) for other in asked_for(manifest) for spelling in _spellings(other, manifest)}
    last_names = {name: PurePosixPath(name).name for name in names if name not in used}
    for form in (str, original):
        spellings = {form(PurePosixPath(spelling).name): spelling for spelling in _spellings(file, manifest)}
        found = {name: spellings[form(last)] for name, last in last_names.items() if form(last) in spellings}
        if len(found) > 1:
            raise IntakeError(f"which {file} counts? Found {listed(found)}; hand in one")
        for name, spelling in found.items():
            return spelling, name
    return None
