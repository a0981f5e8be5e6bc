"""Builds the handout: the zip archive of an assignment that students download."""

from __future__ import annotations

import re
from pathlib import Path

from graders.course.assignment import Assignment
from graders.course.stubs import stale_stubs
from graders.zips import write_zip
from sanity.core.errors import UserError

MARKER = re.compile(rb"#+ *(BEGIN|END)\s+SOLUTION\b", re.IGNORECASE)
"""In solutions only; students must never receive it."""


class HandoutError(UserError):
    """The handout can't be built or written."""


def build_handout(assignment: Assignment, out: Path) -> Path:
    """Write the handout of an assignment and return its path. The same files give the same bytes.

    It contains only the files that assignment.toml names.

    Args:
        assignment: its name becomes the archive's top folder.
        out: the archive, replaced if it exists; or a folder, to hold a4.zip.

    Raises HandoutError if `out` cannot be written, or if a file may contain an answer: a stale stub, or a file with a
    solution's markers. Raises StubError or CourseError as `stale_stubs` does.
    """
    name, folder = assignment.name, assignment.folder
    for stale in stale_stubs(assignment):
        raise HandoutError(f"{stale}: not the stub of its solution; run: trivium stubs {name}")
    if out.is_dir():
        out /= f"{name}.zip"
    try:
        files = {file: (folder / file).read_bytes() for file in assignment.handout_files()}
        for file, content in files.items():
            if MARKER.search(content):
                raise HandoutError(f"{folder / file}: holds a solution's markers; students must not receive it")
        write_zip(out, {f"{name}/{file}": content for file, content in files.items()})
    except OSError as error:
        raise HandoutError(f"{out}: cannot write the handout: {error.strerror}") from None
    return out
