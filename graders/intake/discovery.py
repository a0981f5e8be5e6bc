"""Finds the submissions of a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graders.intake.path_policy import LIMITS, IntakeError
from graders.intake.sources import is_archive
from sanity.core.file_names import is_junk, shown
from sanity.core.manifest import Manifest


def find_submissions(paths: Sequence[Path], manifest: Manifest) -> list[Path]:
    """Return the submissions at paths, each once.

    A path is a submission if it is a file, or a folder with a file to submit, directly or inside folders that contain
    nothing else. Any other folder is a class: its folders and archives are the submissions, sorted by name. Raises
    IntakeError for a path that does not exist or has no submission.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        try:
            for submission in _submissions_at(path, manifest):
                found.setdefault(submission.absolute(), submission)
        except OSError as error:
            raise IntakeError(f"{_shown_path(path)}: cannot be read: {error.strerror}") from None
    return list(found.values())


def _submissions_at(path: Path, manifest: Manifest) -> list[Path]:
    if not path.is_dir():
        path.lstat()  # raises FileNotFoundError if it does not exist
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
    """Return whether folder has a file to submit, directly or inside folders that contain nothing else."""
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
