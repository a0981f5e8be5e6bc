"""Finds the submissions of a class: one by one, in a folder, or in the export of a platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path

from graders.intake.arrangement import is_asked_for
from graders.intake.export import Export, Packed, Recognised, Unpacked, recognise
from graders.intake.path_policy import GRADEBOOK, LIMITS, IntakeError
from graders.intake.platforms.gradescope import METADATA
from graders.intake.platforms.part import Part
from graders.intake.roster import Roster, combined
from graders.intake.sources import is_archive
from graders.intake.submission import Found, found_at
from graders.records.student import Student
from sanity.core.file_names import is_junk, listed, shown
from sanity.core.manifest import Manifest

NOT_A_STUDENT = ("__macosx",)


@dataclass(frozen=True)
class Class:
    """The submissions of a class, found but not read."""

    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()
    """One line each: which platform's export was found, what is no submission, who is not in the roster."""


def find_class(paths: Sequence[Path], manifest: Manifest, roster: Roster | None = None) -> Class:
    """Return the submissions at paths, each once and under a name of its own, with what a roster says of its students.

    A path is the export of a platform, packed or unpacked, or a part of an unpacked one; or a submission: a file, or a
    folder with a file to submit; or one of several paths in the same folder, as with `submissions/*`, of which one is a
    submission. Any other folder is a class, even of one: its folders and archives are the submissions, whatever their
    names and content, except hidden ones and our own output. A clone of a repository is one submission unless several
    folders in it are.

    Raises IntakeError for a path that does not exist or has no submission.
    """
    if not paths:
        raise IntakeError("no path was given: expected a submission, or a folder of submissions")
    found, notes = _pieces(paths), list[str]()
    others = [path for path in paths if _place(path) not in found]
    exports = _exports(others, manifest) if not found else {}
    for path, recognised in exports.items():
        of_export, said = _in_export(path, recognised)
        found |= of_export
        notes += said
    for path in others:
        if path not in exports:
            for submission in _submissions_at(path, manifest, _siblings(path, others)):
                found.setdefault(_place(submission), found_at(submission))
    known, strangers = _with_roster(list(dict.fromkeys(found.values())), roster)
    return Class(tuple(distinct(known)), (*notes, *strangers))


def _exports(paths: Sequence[Path], manifest: Manifest) -> dict[Path, Recognised]:
    """Return what is recognised at each path, if all are exports: a submission among others may only look like one."""
    found = {}
    for path in paths:
        export: Export
        with _readable(path):
            if path.is_dir() and not _is_submission(path, manifest, depth=0):
                export = Unpacked(path)
            elif path.suffix.lower() == ".zip" and path.is_file():
                try:
                    export = Packed(path)
                except IntakeError:
                    return {}  # read as a submission, which says what is wrong
            else:
                return {}
            recognised = recognise(export)
        if not recognised:
            return {}
        found[path] = recognised
    return found


def _pieces(paths: Sequence[Path]) -> dict[Path, Found]:
    """Return the submissions of an unpacked export of which a path is a part, by the places of these paths.

    They are called as in the whole class.
    """
    found: dict[Path, Found] = {}
    for parent in dict.fromkeys(_place(path).parent for path in paths):
        names = {_place(path).name for path in paths if _place(path).parent == parent}
        try:
            chosen = recognise(Unpacked(parent, {*names, METADATA}), depth=0)
            whole = recognise(Unpacked(parent), depth=0) if chosen else None
        except (OSError, IntakeError):
            continue
        if chosen:
            if whole is None or whole.platform != chosen.platform:
                whole = chosen
            finds = {_found_in(whole.export, part): part for part in whole.parts}
            numbered = {one.source: one for one in distinct(list(finds))}
            for one, part in finds.items():
                pieces = {top.removesuffix("/") for top in part.pieces}
                found |= {parent / name: numbered[one.source] for name in pieces & names}
    return found


def _in_export(path: Path, recognised: Recognised) -> tuple[dict[Path, Found], list[str]]:
    """Return the submissions of an export by their place, and notes.

    In an unpacked one there may be other folders and archives, such as those that came by e-mail.
    """
    export = recognised.export
    finds = [_found_in(export, part) for part in recognised.parts]
    found = {_place(one.source): one for one in finds}
    rest = recognised.rest
    if isinstance(export, Unpacked):
        others = [place for top in rest if _may_be_submission(place := export.path / top)]
        found |= {_place(place): found_at(place) for place in others}
        rest = [top for top in rest if export.path / top not in others and not _is_output(export.path / top)]
    count = f"{len(finds)} submission{'' if len(finds) == 1 else 's'}"
    notes = [f"{_shown_path(path)}: {count}, as {recognised.platform} exports them"]
    if rest:
        notes.append(f"{_shown_path(path)}: left out: {listed(rest)}: of no student")
    return found, notes


def _found_in(export: Export, part: Part) -> Found:
    first = next(iter(part.pieces), part.name).removesuffix("/")
    return Found(
        shown(part.name, keep=""), export.path / first, partial(export.tree, part.pieces), part.students, part.notes
    )


def _siblings(path: Path, paths: Sequence[Path]) -> list[Path]:
    """Return the paths that lie in the same folder, as with `submissions/*`; none if that is only this one."""
    beside = [other for other in paths if _place(other).parent == _place(path).parent]
    return beside if len(beside) > 1 else []


def _submissions_at(path: Path, manifest: Manifest, siblings: Sequence[Path]) -> list[Path]:
    """Return the submissions at a path: itself, if one of its siblings is one, or what lies in its folder."""
    with _readable(path):
        if not path.is_dir():
            path.lstat()  # raises FileNotFoundError if it does not exist
            return [path] if not siblings or is_archive(path) or path.is_symlink() else []
        if siblings and (_is_output(path) or path.name.startswith(".")):
            return []
        if _is_submission(path, manifest, 0) or any(
            is_archive(one) or _is_submission(one, manifest, LIMITS.depth) for one in siblings
        ):
            return [path]
        submissions = [child for child in sorted(path.iterdir()) if _may_be_submission(child)]
        if (path / ".git").exists() and sum(_is_submission(child, manifest, LIMITS.depth) for child in submissions) < 2:
            return [path]
    if not submissions:
        raise IntakeError(
            f"{_shown_path(path)}: no submission found; expected {' or '.join(manifest.submit)} in it, "
            "or a folder or zip archive for each student"
        )
    return submissions


def _is_submission(path: Path, manifest: Manifest, depth: int) -> bool:
    """Return whether a folder holds a file to submit, directly or inside folders that are alone in theirs."""
    if not path.is_dir() or path.is_symlink():
        return False
    inside = [child for child in path.iterdir() if not is_junk(child.name)]
    if any((path / name).exists() for name in manifest.accepted) or any(
        is_asked_for(child.name, manifest) for child in inside
    ):
        return True
    return depth > 0 and len(inside) == 1 and _is_submission(inside[0], manifest, depth - 1)


def _may_be_submission(child: Path) -> bool:
    """Return whether an entry of a class's folder is a student's: a folder or an archive that nobody hides."""
    if child.name.startswith(".") or child.name.lower() in NOT_A_STUDENT:
        return False
    return not _is_output(child) if child.is_dir() else is_archive(child)


def _is_output(folder: Path) -> bool:
    return (folder / GRADEBOOK).exists()


def _with_roster(found: Sequence[Found], roster: Roster | None) -> tuple[list[Found], list[str]]:
    """Return the submissions with what a roster says of their students, and a note on those that it does not know."""
    if roster is None:
        return list(found), []
    joined: list[Found] = []
    strangers: list[str] = []
    present: set[Student | None] = set()
    for one in found:
        known = [roster.find(student) for student in one.students] or [roster.find_label(one.name)]
        present.update(known)
        if None in known:
            strangers.append(one.name)
        students = tuple(combined(row, student) for row, student in zip_longest(known, one.students, fillvalue=None))
        labels = [roster.label(row) for row in known if row]
        name = shown(", ".join(labels), keep="") if len(labels) == len(known) and all(labels) else one.name
        joined.append(replace(one, name=name, students=tuple(s for s in students if s != Student())))
    notes = [f"not in the roster: {listed(strangers)}"] if strangers else []
    if absent := [student.name or student.id or student.email for student in roster.students if student not in present]:
        notes.append(f"no submission: {len(absent)} of {len(roster.students)} in the roster: {listed(absent)}")
    return joined, notes


def distinct(found: Sequence[Found]) -> list[Found]:
    """Return the submissions sorted by name, each name once.

    Of those that share one each gets what tells them apart: a number of its students, or the folder that it lies in.
    What a submission is called does not depend on the order in which they were found.
    """
    reserved = {one.name for one in found}
    for tell_apart in (_with_number, _with_folder):
        uses = Counter(one.name for one in found)
        names = [tell_apart(one) if uses[one.name] > 1 else one.name for one in found]
        found = [one if name in reserved else replace(one, name=name) for one, name in zip(found, names, strict=True)]
    reserved |= {one.name for one in found}
    named: dict[str, Found] = {}
    for one in sorted(found, key=lambda one: (one.name, str(one.source), one.students)):
        name, number = one.name, 2
        while name in named or (name in reserved and name != one.name):
            name, number = f"{one.name} ({number})", number + 1
        named[name] = replace(one, name=name)
    return sorted(named.values(), key=lambda one: one.name)


def _with_number(one: Found) -> str:
    numbers = [s.canvas_id or s.moodle_id or s.id or s.email for s in one.students]
    return f"{one.name} ({shown(', '.join(numbers), keep='')})" if all(numbers) and numbers else one.name


def _with_folder(one: Found) -> str:
    return f"{one.name} ({shown(_place(one.source).parent.name, keep='')})"


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IntakeError(f"{_shown_path(path)}: cannot be read: {error.strerror}") from None


def _place(path: Path) -> Path:
    """Return a path as one that can be compared: absolute, without `..`; itself it may be a link."""
    return path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name


def _shown_path(path: Path) -> str:
    return shown(path.as_posix(), most=1000)
