"""How a submission enters: finds the submissions of a class and takes in, of each, the files that were asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.choose import choose, wrapping_folders
from graders.members import LIMITS, IntakeError, Limits, is_junk, shown
from graders.unpack import Tree, is_archive, open_tree
from sanity.manifest import Manifest

__all__ = ["IntakeError", "Submission", "find_submissions", "name_of", "take_in"]


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


def find_submissions(paths: Sequence[Path], manifest: Manifest) -> list[Path]:
    """Return the submissions at paths, each once.

    A path is a submission if it is a file, or a folder that holds a file to submit, maybe inside single folders.
    Any other folder is a class, whose folders and archives are the submissions, by name. Raises IntakeError for
    a path that does not exist or holds no submission.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        try:
            for submission in _submissions_at(path, manifest):
                found.setdefault(submission.absolute(), submission)
        except OSError as error:
            raise IntakeError(f"{_shown_path(path)}: cannot be read: {error.strerror}") from None
    return list(found.values())


def take_in(path: Path, manifest: Manifest, limits: Limits = LIMITS) -> Submission:
    """Read the folder or zip archive at path; raise IntakeError, one line, if it cannot be read or is ambiguous.

    Takes the files to submit and other modules beside them. A file that is missing is a note, not an error.
    """
    name = name_of(path)
    try:
        tree = open_tree(path, limits)
        wrapper = wrapping_folders(tree.names, manifest.accepted)
        names, notes = choose([found.removeprefix(wrapper) for found in tree.names], manifest)
        files = _read(tree, wrapper, names, limits)
    except IntakeError as error:
        raise IntakeError(f"{name}: {error}") from None
    except OSError as error:
        raise IntakeError(f"{name}: cannot be read: {error.strerror}") from None
    unwrapped = [f"unwrapped the folder {shown(wrapper)}"] if wrapper else []
    return Submission(name, files, _digest(files), (*unwrapped, *notes, *_doubts(files)), path)


def name_of(path: Path) -> str:
    """Return the name of the submission at path, fit to show."""
    return shown(path.resolve().name if path.name in ("", "..") else path.name, keep="")


def _submissions_at(path: Path, manifest: Manifest) -> list[Path]:
    if not path.is_dir():
        path.lstat()  # raises if there is nothing
        return [path]
    if _is_submission(path, manifest):
        return [path]
    children = [child for child in sorted(path.iterdir()) if not is_junk(child.name)]
    submissions = [child for child in children if child.is_dir() or is_archive(child)]
    if not submissions:
        raise IntakeError(
            f"{_shown_path(path)}: no submission found; expected {' or '.join(manifest.submit)} in it, "
            "or a folder or zip archive for each student"
        )
    return submissions


def _is_submission(folder: Path, manifest: Manifest) -> bool:
    """Return whether folder holds a file to submit, directly or inside folders that are alone in theirs."""
    for _ in range(LIMITS.depth):
        if any((folder / name).exists() for name in manifest.accepted):
            return True
        inside = [child for child in folder.iterdir() if not is_junk(child.name)]
        if len(inside) != 1 or not inside[0].is_dir():
            return False
        folder = inside[0]
    return False


def _shown_path(path: Path) -> str:
    return shown(path.as_posix(), most=1000)


def _read(tree: Tree, wrapper: str, names: Sequence[str], limits: Limits) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in sorted(names):
        files[name] = tree.read(wrapper + name)
        if sum(map(len, files.values())) > limits.total_bytes:
            raise IntakeError(
                f"its modules come to more than {limits.total_bytes:,} bytes; hand in only the files asked for"
            )
    return files


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
        if not content:
            notes.append(f"{name} is empty")
        elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
            notes.append(f"{name} is UTF-16: save it as UTF-8")
        elif b"\0" in content:
            notes.append(f"{name} holds NUL bytes: save it as plain text, UTF-8")
    return notes
