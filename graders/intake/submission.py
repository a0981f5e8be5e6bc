"""How a submission enters: finds the submissions of a class and takes in, of each, the files that were asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.intake.path_policy import LIMITS, IntakeError, IntakeLimits
from graders.intake.sources import Tree, open_tree
from sanity.core.file_names import shown
from sanity.core.manifest import Manifest
from sanity.core.selection import Selection, SelectionError, select_files


@dataclass(frozen=True)
class Submission:
    """One student's work: what will be laid over the handout."""

    name: str
    """The folder or archive as found, escaped; at most 100 characters."""
    files: Mapping[str, bytes]
    """Relative path to content, sorted; empty if there was nothing to grade."""
    digest: str
    """sha256 over paths and contents, hex."""
    notes: tuple[str, ...]
    """One line each: what was unwrapped, is missing, was left out or looks wrong."""
    source: Path
    """Where it was read from."""


def read_submission(path: Path, manifest: Manifest, limits: IntakeLimits = LIMITS) -> Submission:
    """Read the folder or zip archive at path; raise IntakeError, one line, if it cannot be read or is ambiguous.

    Takes the files to submit and other modules beside them. A file that is missing is a note, not an error.
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
    unwrapped = [f"unwrapped the folder {shown(wrapper)}"] if wrapper else []
    return Submission(name, files, _digest(files), (*unwrapped, *selection.notes, *unread, *_doubts(files)), path)


def wrapping_folders(names: Sequence[str], submit: Collection[str]) -> str:
    """Return the folders, ending in a slash, that hold all files and nothing else, or ""."""
    wrapper = ""
    while names and not set(names) & set(submit):
        tops = {name.partition("/")[0] for name in names}
        if len(tops) != 1 or "/" not in names[0]:
            break
        wrapper += f"{tops.pop()}/"
        names = [name.partition("/")[2] for name in names]
    return wrapper


def submission_name(path: Path) -> str:
    """Return the name of the submission at path, fit to show."""
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
                f"its modules come to more than {limits.total_bytes:,} bytes; hand in only the files asked for"
            )
    return files, notes


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        # Lengths first, so that no two sets of files run together to the same bytes.
        path = name.encode()
        digest.update(b"%d %d " % (len(path), len(content)) + path + content)
    return digest.hexdigest()


def _doubts(files: Mapping[str, bytes]) -> list[str]:
    """Return notes on contents that Python will not read as source."""
    notes = []
    for name, content in files.items():
        if not content and not name.endswith("__init__.py"):
            notes.append(f"{name} is empty")
        elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
            notes.append(f"{name} is UTF-16: save it as UTF-8")
        elif b"\0" in content:
            notes.append(f"{name} holds NUL bytes: save it as plain text, UTF-8")
    return notes
