"""Finds the submissions of a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graders.intake.path_policy import LIMITS, IntakeError
from graders.intake.sources import is_archive
from sanity.core.file_names import is_junk, shown
from sanity.core.manifest import WRITTEN, Manifest

GRADEBOOK = "gradebook.sqlite"
"""A folder with this file is our own output."""
NOT_A_STUDENT = ("__macosx",)


def find_submissions(paths: Sequence[Path], manifest: Manifest) -> list[Path]:
    """Return the submissions at paths, each once.

    A path is a submission if it is a file, or a folder with a file to submit; one of several paths also if the files
    lie inside folders that contain nothing else, as with `submissions/*`. Any other folder is a class, even of one: its
    folders and archives are the submissions, whatever their names and content, except hidden ones and our own output.

    Raises IntakeError for a path that does not exist or has no submission.
    """
    if not paths:
        raise IntakeError("no path was given: expected a submission, or a folder of submissions")
    found: dict[Path, Path] = {}
    wrapped = len(paths) > 1 and all(not p.is_dir() or _is_submission(p, manifest, LIMITS.depth) for p in paths)
    for path in paths:
        try:
            for submission in _submissions_at(path, manifest, depth=LIMITS.depth if wrapped else 0):
                found.setdefault(submission.absolute(), submission)
        except OSError as error:
            raise IntakeError(f"{_shown_path(path)}: cannot be read: {error.strerror}") from None
    return list(found.values())


def _submissions_at(path: Path, manifest: Manifest, depth: int) -> list[Path]:
    if not path.is_dir():
        path.lstat()  # raises FileNotFoundError if it does not exist
        return [path]
    if _is_submission(path, manifest, depth):
        return [path]
    submissions = [child for child in sorted(path.iterdir()) if _may_be_submission(child)]
    if not submissions:
        raise IntakeError(
            f"{_shown_path(path)}: no submission found; expected {' or '.join(manifest.submit)} in it, "
            "or a folder or zip archive for each student"
        )
    return submissions


def _is_submission(folder: Path, manifest: Manifest, depth: int) -> bool:
    """Return whether folder holds a file to submit, directly or inside folders that are alone in theirs."""
    if any((folder / name).exists() for name in _handed_in(manifest)):
        return True
    inside = [child for child in folder.iterdir() if not is_junk(child.name)] if depth else []
    return len(inside) == 1 and inside[0].is_dir() and _is_submission(inside[0], manifest, depth - 1)


def _handed_in(manifest: Manifest) -> tuple[str, ...]:
    return (*manifest.accepted, WRITTEN) if manifest.written else manifest.accepted


def _may_be_submission(child: Path) -> bool:
    """Return whether an entry of a class's folder is a student's: a folder or an archive that nobody hides."""
    if child.name.startswith(".") or child.name.lower() in NOT_A_STUDENT:
        return False
    if child.is_dir():
        return not (child / GRADEBOOK).exists()
    return is_archive(child)


def _shown_path(path: Path) -> str:
    return shown(path.as_posix(), most=1000)
