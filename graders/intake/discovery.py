"""Finds the submissions of a class: one by one, in a folder, or in the export of a platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from graders.intake.arrangement import is_asked_for
from graders.intake.export import Export, Packed, Recognised, Unpacked, recognise
from graders.intake.naming import distinct, with_roster
from graders.intake.path_policy import GRADEBOOK, LIMITS, IntakeError
from graders.intake.platforms.gradescope import METADATA
from graders.intake.platforms.part import Part
from graders.intake.roster import Roster
from graders.intake.sources import is_archive
from graders.intake.submission import Found, found_at, place_of
from sanity.core.file_names import is_junk, listed, shown
from sanity.core.manifest import Manifest

CODE = ("*.py", "*.ipynb", "*/*.py", "*/*.ipynb")
"""Files that no output of ours has so far up."""
NOT_A_STUDENT = ("__macosx",)


@dataclass(frozen=True)
class Class:
    """The submissions of a class, found but not read."""

    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()
    """One line each: which platform's export was found, what is no submission, who is not in the roster."""


def find_class(paths: Sequence[Path], manifest: Manifest, roster: Roster | None = None, single: bool = False) -> Class:
    """Return the submissions at paths, each once and under a name of its own, with what a roster says of its students.

    A path is the export of a platform, packed or unpacked, or a part of an unpacked one; or a submission: a file, or a
    folder with a file to submit; or one of several paths in the same folder, as with `submissions/*`, of which one is a
    submission. Any other folder is a class, even of one: its folders and archives are the submissions, whatever their
    names and content, except hidden ones and our own output. A clone of a repository is one submission unless several
    folders in it are. With `single`, each path is one submission, whatever lies in it.

    Raises IntakeError for a path that does not exist or has no submission.
    """
    if not paths:
        raise IntakeError("no path was given: expected a submission, or a folder of submissions")
    found = {place_of(path): found_at(path) for path in paths} if single else _pieces(paths)
    notes = list[str]()
    others = [path for path in paths if place_of(path) not in found]
    exports = _exports(others, manifest) if not found else {}
    for path, recognised in exports.items():
        of_export, said = _in_export(path, recognised)
        found |= of_export
        notes += said
    plain = [path for path in others if path not in exports]
    for beside in _by_folder(plain).values():
        submissions, said = _submissions_beside(beside, manifest)
        for submission in submissions:
            found.setdefault(place_of(submission), found_at(submission))
        notes += said
    known, strangers = with_roster(list(dict.fromkeys(found.values())), roster)
    return Class(tuple(distinct(known)), (*notes, *strangers))


def _by_folder(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return paths by the folder that they lie in."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        found.setdefault(place_of(path).parent, []).append(path)
    return found


def _exports(paths: Sequence[Path], manifest: Manifest) -> dict[Path, Recognised]:
    """Return what is recognised at each path, if all are exports: a submission among others may only look like one."""
    found = {}
    for path in paths:
        export: Export | None = None
        try:
            with _readable(path):
                if path.is_dir() and not _is_submission(path, manifest, depth=0):
                    export = Unpacked(path)
                elif path.suffix.lower() == ".zip" and path.is_file():
                    export = Packed(path)
                else:
                    return {}
                recognised = recognise(export)
        except IntakeError:
            if export and len(paths) == 1:
                raise
            return {}  # read as a submission, it says what is wrong
        if not recognised:
            return {}
        found[path] = recognised
    return found


def _pieces(paths: Sequence[Path]) -> dict[Path, Found]:
    """Return the submissions of an unpacked export of which a path is a part, by the places of these paths.

    They are called as in the whole class.
    """
    found: dict[Path, Found] = {}
    for parent, beside in _by_folder(paths).items():
        names = {place_of(path).name for path in beside}
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
    found = {place_of(one.source): one for one in finds}
    rest = recognised.rest
    if isinstance(export, Unpacked):
        others = [place for top in rest if _may_be_submission(place := export.path / top)]
        found |= {place_of(place): found_at(place) for place in others}
        rest = [top for top in rest if export.path / top not in others and not _is_output(export.path / top)]
    count = f"{len(finds)} submission{'' if len(finds) == 1 else 's'}"
    notes = [f"{_shown_path(path)}: {count}, as {recognised.platform} exports them"]
    if rest:
        notes.append(f"{_shown_path(path)}: left out: {listed(rest)}: of no student")
    return found, notes


def _found_in(export: Export, part: Part) -> Found:
    first = next(iter(part.pieces), part.name).removesuffix("/")
    if not isinstance(export, Unpacked):
        first = shown(first, keep="")  # no path at all: it may hold a NUL
    return Found(
        shown(part.name, keep=""),
        export.path / first,
        partial(export.tree, part.pieces),
        part.students,
        part.notes,
        part.submitted,
    )


def _submissions_beside(paths: Sequence[Path], manifest: Manifest) -> tuple[list[Path], list[str]]:
    """Return the submissions at paths in the same folder, and notes on what is none.

    If there are several, as with `submissions/*`, and one of them is a submission, all folders and archives are.
    """
    for path in paths:
        with _readable(path):
            path.lstat()  # raises FileNotFoundError if it does not exist
    if len(paths) > 1 and any(is_archive(path) or _is_submission(path, manifest, LIMITS.depth) for path in paths):
        return [path for path in paths if _may_be_submission(path)], _left_out(paths, paths[0].parent)
    found, notes = [], []
    for path in paths:
        with _readable(path):
            submissions, more = _submissions_at(path, manifest)
        found += submissions
        notes += more
    return found, notes


def _submissions_at(path: Path, manifest: Manifest) -> tuple[list[Path], list[str]]:
    """Return what is handed in at a path: itself, or what lies in its folder; and notes on what is no submission."""
    if not path.is_dir() or _is_submission(path, manifest, depth=0):
        return [path], []
    inside = sorted(path.iterdir())
    submissions = [child for child in inside if _may_be_submission(child)]
    if (path / ".git").exists() and sum(_is_submission(child, manifest, LIMITS.depth) for child in submissions) < 2:
        return [path], []
    if not submissions:
        raise IntakeError(
            f"{_shown_path(path)}: no submission found; expected {' or '.join(manifest.submit)} in it, "
            "or a folder or zip archive for each student"
        )
    return submissions, _left_out(inside, path)


def _left_out(paths: Sequence[Path], folder: Path) -> list[str]:
    """Return notes on what in a class's folder is no submission: files, and a student's folder that looks like ours."""
    others = [path for path in paths if not _may_be_submission(path) and not _is_hidden(path)]
    notes = {
        "of no student": [path.name for path in others if path.is_file()],
        f"taken for output of ours: is it a student's? Then remove {GRADEBOOK} from it": [
            path.name for path in others if path.is_dir() and any(next(path.glob(code), None) for code in CODE)
        ],
    }
    return [f"{_shown_path(folder)}: left out: {listed(names)}: {why}" for why, names in notes.items() if names]


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
    return not _is_hidden(child) and (not _is_output(child) if child.is_dir() else is_archive(child))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in NOT_A_STUDENT or (path.is_file() and is_junk(path.name))


def _is_output(folder: Path) -> bool:
    return (folder / GRADEBOOK).exists()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IntakeError(f"{_shown_path(path)}: cannot be read: {error.strerror}") from None


def _shown_path(path: Path) -> str:
    return shown(path.as_posix(), most=1000)
