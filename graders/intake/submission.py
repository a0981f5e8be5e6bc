"""Reads one submission: the files that count, their digest, and notes on the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graders.intake.path_policy import LIMITS, IntakeError, IntakeLimits
from graders.intake.sources import Tree, open_tree
from sanity.core.file_names import shown
from sanity.core.manifest import Manifest
from sanity.core.selection import Selection, SelectionError, select_files


@dataclass(frozen=True)
class Submission:
    """One student's work: the files that are laid over the handout."""

    name: str
    """The name of its folder or archive, escaped; at most 100 characters."""
    files: Mapping[str, bytes]
    """Contents by relative path, sorted; empty if there is nothing to grade."""
    digest: str
    """SHA-256 of paths and contents, in hex."""
    notes: tuple[str, ...]
    """One line each: an unwrapped folder, a missing file, a file left out, a doubtful content."""
    source: Path
    """The path that it was read from."""


def read_submission(path: Path, manifest: Manifest, limits: IntakeLimits = LIMITS) -> Submission:
    """Read the folder or zip archive at path; raise IntakeError, one line, if it cannot be read or is ambiguous.

    Takes the files to submit and the other modules in their folder. A missing file is a note, not an error.
    """
    name = submission_name(path)
    try:
        tree = open_tree(path, limits)
        wrapper = wrapping_folders(tree.names, manifest.accepted)
        selection = select_files([found.removeprefix(wrapper) for found in tree.names], manifest)
        files, unread = _read(tree, wrapper, selection, limits)
    except (IntakeError, SelectionError) as error:
        raise IntakeError(f"{name}: {error}") from None
    except OSError as error:
        raise IntakeError(f"{name}: cannot be read: {error.strerror}") from None
    except Exception as error:  # whatever these bytes do to a parser is this submission's problem alone
        raise IntakeError(f"{name}: cannot be read: {type(error).__name__}; pack it and hand it in again") from None
    unwrapped = [f"unwrapped the folder {shown(wrapper)}"] if wrapper else []
    return Submission(name, files, _digest(files), (*unwrapped, *selection.notes, *unread, *_doubts(files)), path)


def wrapping_folders(names: Sequence[str], submit: Collection[str]) -> str:
    """Return the path, ending in a slash, of nested folders around all files; "" if there are none.

    >>> wrapping_folders(["hw4/a4/utils.py", "hw4/a4/nmt_model.py"], ["utils.py"])
    'hw4/a4/'
    """
    wrapper = ""
    while names and not set(names) & set(submit):
        tops = {name.partition("/")[0] for name in names}
        if len(tops) != 1 or "/" not in names[0]:
            break
        wrapper += f"{tops.pop()}/"
        names = [name.partition("/")[2] for name in names]
    return wrapper


def read_class(paths: Iterable[Path], manifest: Manifest) -> Iterator[tuple[Submission, str]]:
    """Yield each submission, with a unique name, and the reason why it cannot be read, or "".

    The gradebook and the trainings identify submissions by name. One that cannot be read has no files.
    """
    taken: set[str] = set()
    for path in paths:
        name = submission_name(path)
        unique = next(n for n in (name, *(f"{name} ({i})" for i in range(2, len(taken) + 3))) if n not in taken)
        taken.add(unique)
        try:
            yield replace(read_submission(path, manifest), name=unique), ""
        except IntakeError as error:
            digest = hashlib.sha256(str(error).encode()).hexdigest()
            yield Submission(unique, {}, digest, (str(error),), path), f"cannot read this submission: {error}"


def submission_of(name: str, files: Mapping[str, bytes], source: Path) -> Submission:
    """Return a submission of files that are trusted, such as the reference."""
    return Submission(name, dict(sorted(files.items())), _digest(files), (), source)


def submission_name(path: Path) -> str:
    """Return the name of the submission at path, escaped for display."""
    return shown(path.resolve().name if path.name in ("", "..") else path.name, keep="")


def _read(tree: Tree, wrapper: str, selection: Selection, limits: IntakeLimits) -> tuple[dict[str, bytes], list[str]]:
    """Return the contents of the files that count, and notes on helpers that cannot be read: those are left out."""
    files: dict[str, bytes] = {}
    notes = []
    for name in sorted(selection.files):
        try:
            files[name] = tree.read(wrapper + name)
        except IntakeError as error:
            if name not in selection.helpers:
                raise
            notes.append(f"left out: {error}")
        if sum(map(len, files.values())) > limits.total_bytes:
            raise IntakeError(
                f"its modules have more than {limits.total_bytes:,} bytes together; hand in only the files asked for"
            )
    return files, notes


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        # Lengths first, so that two different sets of files never give the same bytes.
        path = name.encode()
        digest.update(b"%d %d " % (len(path), len(content)) + path + content)
    return digest.hexdigest()


def _doubts(files: Mapping[str, bytes]) -> list[str]:
    """Return notes on files that Python cannot read as source code."""
    notes = []
    for name, content in files.items():
        if not content and not name.endswith("__init__.py"):
            notes.append(f"{name} is empty")
        elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
            notes.append(f"{name} is UTF-16: save it as UTF-8")
        elif b"\0" in content:
            notes.append(f"{name} contains NUL bytes: save it as plain text, UTF-8")
    return notes
