"""Reads one submission: the files that count, their digest, and notes on the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from graders.intake.arrangement import archive_inside, arrange, is_asked_for
from graders.intake.path_policy import LIMITS, IntakeError, IntakeLimits
from graders.intake.sources import Tree, archive, open_tree
from graders.records.student import Student
from sanity.core.file_names import listed, shown
from sanity.core.manifest import Manifest
from sanity.core.selection import NOTHING, Selection, SelectionError, select_files


@dataclass(frozen=True)
class Found:
    """A submission that was found, but is not read yet."""

    name: str
    """Unique in its class, escaped; at most 100 characters."""
    source: Path
    """Where it was found; in an archive of the class, the path of its first file or folder there."""
    open: Callable[[IntakeLimits], Tree]
    """Lists its files; raises IntakeError or OSError."""
    students: tuple[Student, ...] = ()
    """Who handed it in, as far as a platform or a roster says."""
    notes: tuple[str, ...] = ()
    submitted: str = ""
    """When it was handed in, as the platform writes it; "" if that is not told."""


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
    students: tuple[Student, ...] = ()
    """Who handed it in, as far as a platform or a roster says."""
    submitted: str = ""
    """When it was handed in, as the platform writes it; "" if that is not told."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Where its files lie, relative to `source` or in its archive, by the names under which they count."""


def found_at(path: Path) -> Found:
    """Return the submission that is the folder or zip archive at path."""
    return Found(submission_name(path), path, partial(open_tree, path))


def read_submission(path: Path, manifest: Manifest, limits: IntakeLimits = LIMITS) -> Submission:
    """Read the folder or zip archive at path, as `read` does."""
    return read(found_at(path), manifest, limits)


def read(found: Found, manifest: Manifest, limits: IntakeLimits = LIMITS) -> Submission:
    """Read a submission; raise IntakeError, one line, if it cannot be read or is ambiguous.

    Takes the files to submit and the other modules in their folder. A missing file is a note, not an error.
    """
    try:
        tree, opened = _opened(found.open(limits), manifest, limits)
        places, moved = arrange(tree.names, manifest)
        selection = select_files(list(places), manifest)
        missed = _left_out(tree, selection, manifest)
        files, unread = _read(tree, places, selection, limits)
    except (IntakeError, SelectionError) as error:
        raise IntakeError(f"{found.name}: {error}") from None
    except OSError as error:
        raise IntakeError(f"{found.name}: cannot be read: {error.strerror}") from None
    except Exception as error:  # whatever these bytes do to a parser is this submission's problem alone
        said = f"cannot be read: {type(error).__name__}; pack it and hand it in again"
        raise IntakeError(f"{found.name}: {said}") from None
    notes = (*found.notes, *opened, *moved, *selection.notes, *missed, *unread, *_doubts(files))
    paths = {name: places[name] for name in files}
    return Submission(found.name, files, _digest(files), notes, found.source, found.students, found.submitted, paths)


def read_class(found: Iterable[Found], manifest: Manifest) -> Iterator[tuple[Submission, str]]:
    """Yield each submission, and the reason why it cannot be read, or "". One that cannot be read has no files."""
    for one in found:
        try:
            submission, problem = read(one, manifest), ""
        except IntakeError as error:
            submission = Submission(one.name, {}, _digest({}), one.notes, one.source, one.students)
            problem = str(error).removeprefix(f"{one.name}: ")
        if not submission.files:
            problem = problem or next(note for note in submission.notes if note.startswith(NOTHING))
        yield submission, problem


def submission_of(name: str, files: Mapping[str, bytes], source: Path) -> Submission:
    """Return a submission of files that are trusted, such as the reference."""
    return Submission(name, dict(sorted(files.items())), _digest(files), (), source)


def submission_name(path: Path) -> str:
    """Return the name of the submission at path, escaped for display."""
    return shown(place_of(path).name, keep="")


def place_of(path: Path) -> Path:
    """Return a path as one that can be compared: absolute, without `..`; itself it may be a link."""
    return path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name


def _opened(tree: Tree, manifest: Manifest, limits: IntakeLimits) -> tuple[Tree, list[str]]:
    """Return the tree, or that of the one archive in it that holds the submission, and a note on that.

    Archives inside that one stay closed.
    """
    name = archive_inside(tree.names, manifest)
    if not name:
        return tree, []
    try:
        inside = archive(tree.read(name, limits.archive_bytes), limits)
    except IntakeError as error:
        raise IntakeError(_about(shown(name), str(error))) from None
    beside = [other for other in tree.names if other != name]
    left_out = [f"left out: {listed(beside)}: only {shown(name)} counts"] if beside else []
    return inside, [f"opened {shown(name)}", *left_out]


def _about(name: str, problem: str) -> str:
    """Return a problem of an archive or of a file in it, with the archive's name."""
    if problem.startswith(name):
        return problem
    return f"{name} {problem}" if problem.startswith(("is ", "contains ", "unpacks ")) else f"{name}: {problem}"


def _left_out(tree: Tree, selection: Selection, manifest: Manifest) -> list[str]:
    """Return notes on the files that cannot be taken; raise IntakeError if one of them is asked for, and missing."""
    last_names = {name.rpartition("/")[2] for name in selection.submitted}
    for name, problem in tree.left_out.items():
        last = name.rpartition("/")[2]
        if is_asked_for(last, manifest) and last not in last_names:
            raise IntakeError(problem)
    problems = list(dict.fromkeys(tree.left_out.values()))
    more = [f"left out: {len(problems) - 3} more that cannot be taken"] if len(problems) > 3 else []
    return [*(f"left out: {problem}" for problem in problems[:3]), *more]


def _read(
    tree: Tree, places: Mapping[str, str], selection: Selection, limits: IntakeLimits
) -> tuple[dict[str, bytes], list[str]]:
    """Return the contents of the files that count, and notes on helpers that cannot be read: those are left out."""
    files: dict[str, bytes] = {}
    notes = []
    for name in sorted(selection.files):
        try:
            files[name] = tree.read(places[name], limits.bytes_of(name))
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
