"""Checks a student's files and packs them as a zip archive for handing in. Needs only the light install."""

from __future__ import annotations

import re
from pathlib import Path

from graders.intake.debuggers import debuggers
from graders.zips import write_zip
from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import UserError, placeholder
from sanity.core.manifest import WRITTEN, Manifest
from sanity.core.notebook import NotebookError, read_cells
from sanity.core.selection import select_in

SUBMISSION = "-submission.zip"
"""The end of an archive's name."""

HEADING = re.compile(r"(?m)^#+ *(\w+(?:\.\w+)?).*$")
"""A heading in written.md; the first word is the id of a question, such as 1g or 2.7."""


class PackError(UserError):
    """The folder cannot be handed in as it is."""


def pack(folder: Path, out: Path | None = None) -> tuple[Path, list[str]]:
    """Pack the files to hand in; return the path of the archive and warnings. The same files give the same bytes.

    The files are selected as in grading, so that the archive earns the same points as the folder.

    Args:
        folder: an assignment's folder, with assignment.toml and the student's work.
        out: the archive, replaced if it exists; or a folder, for a4-submission.zip; None: the current folder.

    Raises PackError if a file is missing, unreadable, not UTF-8 or not Python, if no question is answered, or if `out`
    cannot be written; ManifestError if folder is not an assignment. Unanswered questions are only a warning if another
    one is answered: part of the work may be handed in.
    """
    manifest = read_manifest(folder)
    out = out or Path()
    if out.is_dir():
        out /= manifest.name + SUBMISSION
    if out.suffix != ".zip":
        raise PackError(f"{out}: the archive's name must end in .zip")
    selection = select_in(folder, manifest, ignored=SUBMISSION)
    found = {file: manifest.spelling(file, selection.submitted) for file in manifest.submit}
    if missing := [file for file, name in found.items() if name is None]:
        raise PackError(f"{folder}: missing {', '.join(missing)}; hand in {', '.join(manifest.submit)}")
    sources = {name: read_source(folder / name) for name in found.values() if name}
    warnings = unanswered(manifest, {file: code_of(folder / name) for file, name in found.items() if name})
    if len(warnings) == len(manifest.questions):
        raise PackError(f"{folder}: no question is answered yet; is this the folder you worked in?")
    warnings += [line for name in selection.files for line in debuggers(folder / name)]
    warnings += [note for note in selection.notes if note.startswith("left out")]
    try:
        files = {name: (folder / name).read_bytes() for name in selection.files}
        warnings += unwritten(manifest, files.get(WRITTEN))
        write_zip(out, files | sources)
    except OSError as error:
        raise PackError(f"{error.filename or out}: cannot write the submission: {error.strerror}") from None
    return out, warnings


def read_source(path: Path) -> bytes:
    """Return the bytes of a valid notebook or Python file; raise PackError, with the place, if it is not valid."""
    try:
        source = path.read_bytes()
        if path.suffix == ".ipynb":
            read_cells(path)
            return source
        source.decode("utf-8")
        compile(source, path, "exec", dont_inherit=True)
    except OSError as error:
        raise PackError(f"{path}: cannot read: {error.strerror}") from None
    except NotebookError as error:
        raise PackError(f"{path.parent}: {error}") from None
    except UnicodeDecodeError as error:
        byte = f"byte 0x{source[error.start]:02x} at offset {error.start}"
        raise PackError(f"{path}: not UTF-8: {byte}; save the file as UTF-8") from None
    except SyntaxError as error:
        where = f"line {error.lineno}, column {error.offset}" if error.lineno else "not Python"
        raise PackError(f"{path}: {where}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise PackError(f"{path}: not Python: nested too deeply") from None
    except ValueError as error:  # a null byte, until Python 3.11.4
        raise PackError(f"{path}: not Python: {error}") from None
    return source


def code_of(path: Path) -> str:
    """Return the code in a Python file or notebook."""
    if path.suffix == ".ipynb":
        return "\n".join(cell.text for cell in read_cells(path))
    return path.read_text(encoding="utf-8")


def unanswered(manifest: Manifest, code: dict[str, str]) -> list[str]:
    """Return a warning for each question whose placeholder is still in the code of its file."""
    lines = {file: [line.strip() for line in text.splitlines()] for file, text in code.items()}
    return [
        f"{question.file}: {question.id} is not answered yet"
        for question in manifest.questions
        if placeholder(question.id) in lines[question.file]
    ]


def unwritten(manifest: Manifest, content: bytes | None) -> list[str]:
    """Return a warning if written.md is missing, or has nothing below the headings of some questions."""
    ids = [written.id for written in manifest.written]
    if content is None:
        return [f"{WRITTEN}: missing; it answers {', '.join(ids)}"] if ids else []
    parts = HEADING.split(content.decode("utf-8", errors="replace"))
    below = list(zip(parts[1::2], parts[2::2], strict=True))
    empty = [id for id in ids if any(found == id and not text.strip() for found, text in below)]
    return [f"{WRITTEN}: nothing below the heading{'s' * (len(empty) > 1)} of {', '.join(empty)}"] if empty else []
