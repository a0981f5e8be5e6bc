"""The handout: the zip archive of an assignment's folder that students download."""

from __future__ import annotations

from pathlib import Path

from graders.course.assignment import handout_folder
from graders.course.stubs import stale_stubs
from graders.zips import SUBMISSION, write_zip


class HandoutError(ValueError):
    """The handout can't be built or written; the message is one line."""


def build_handout(assignment: str, out: Path) -> Path:
    """Write the handout of assignment, the same bytes for the same files, and return its path.

    Args:
        assignment: its name, such as "a4": also the archive's one top folder.
        out: the archive, replaced if it exists; or a folder, to hold a4.zip.

    Raises HandoutError if out can't be written, or if a file is not the stub that the solution gives (it may
    have an answer in); StubError or CourseError as `stale_stubs` does.
    """
    for stale in stale_stubs(assignment):
        raise HandoutError(f"{stale}: not the stub of its solution; run: trivium stubs {assignment}")
    if out.is_dir():
        out /= f"{assignment}.zip"
    folder = handout_folder(assignment)
    try:
        files = {
            f"{assignment}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not is_junk(path.relative_to(folder)) and path.resolve() != out.resolve()
        }
        write_zip(out, files)
    except OSError as error:
        raise HandoutError(f"{out}: cannot write the handout: {error.strerror}") from None
    return out


def is_junk(path: Path) -> bool:
    """Say whether path, relative to the handout's folder, is what working in it left there."""
    hidden = any(part.startswith(".") or part in ("__pycache__", "trained") for part in path.parts)
    return hidden or path.name.endswith(SUBMISSION)
