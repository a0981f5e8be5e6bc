"""Builds the handout: the zip archive of an assignment that students download.

It has the files that assignment.toml declares, README.html, which is README.md as a page, the pages for students as
help/, and the wheel of the course, so that one line installs all that the checks need.
"""

from __future__ import annotations

import re
from pathlib import Path

from graders.course.assignment import Assignment, assignment_names, load_assignment
from graders.course.handout.error import HandoutError
from graders.course.handout.pages import pages
from graders.course.handout.wheel import build_wheel, require_assignment
from graders.course.stubs import stale_stubs
from graders.zips import write_zip

__all__ = ["HandoutError", "build_handout"]

MARKER = re.compile(rb"#+ *(BEGIN|END)\s+SOLUTION\b", re.IGNORECASE)
"""In solutions only; students must never receive it."""
WHEEL = re.compile(r"[\w.]+-[\w.]+-py3-none-any\.whl")


def build_handout(assignment: Assignment, out: Path) -> Path:
    """Write the handout of an assignment and return its path. The same files give the same bytes.

    Of the assignment's folder it contains only the files that assignment.toml names. The wheel carries the handouts of
    all assignments, so all of them are checked.

    Args:
        assignment: its name becomes the archive's top folder.
        out: the archive, replaced if it exists; or a folder, to hold a4.zip.

    Raises HandoutError if `out` cannot be written, outside a clone of the course, if README.md names another wheel, or
    if a file may contain an answer: a stale stub, or a file with a solution's markers. Raises StubError or CourseError
    as `stale_stubs` does.
    """
    name = assignment.name
    if out.is_dir():
        out /= f"{name}.zip"
    try:
        for other in assignment_names():
            _declared_files(load_assignment(other))
        files = _declared_files(assignment)
        wheel, content = build_wheel()
        require_assignment(name, content)
        _require_named(wheel, assignment.folder / "README.md")
        made = {page: text.encode() for page, text in pages(assignment).items()} | {wheel: content}
        write_zip(out, {f"{name}/{file}": content for file, content in (files | made).items()})
    except OSError as error:
        raise HandoutError(f"{out}: cannot write the handout: {error.strerror}") from None
    return out


def _declared_files(assignment: Assignment) -> dict[str, bytes]:
    """Return the files of an assignment that students receive, by name; raise HandoutError for an answer in them."""
    for stale in stale_stubs(assignment):
        raise HandoutError(f"{stale}: not the stub of its solution; run: trivium stubs {assignment.name}")
    files = {file: (assignment.folder / file).read_bytes() for file in assignment.handout_files()}
    for file, content in files.items():
        if MARKER.search(content):
            raise HandoutError(f"{assignment.folder / file}: holds a solution's markers; students must not receive it")
    return files


def _require_named(wheel: str, readme: Path) -> None:
    """Raise HandoutError if README.md tells students to install another wheel than the one they receive."""
    for number, line in enumerate(readme.read_text(encoding="utf-8").splitlines(), start=1):
        if others := set(WHEEL.findall(line)) - {wheel}:
            raise HandoutError(f"{readme}:{number}: names {others.pop()}, but the handout has {wheel}")
