"""Which files of a submission are laid over the handout: decided by name, before any is read."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from graders.course.assignment import assignment_names, handout_folder
from graders.intake.path_policy import IntakeError, listed, same_name, shown
from sanity.core.manifest import WRITTEN, Manifest, spelling

# A helper of one of these names would be imported in place of a module that Python, the handout or the worker needs.
_NEEDED_MODULES = sys.stdlib_module_names | {
    *("sitecustomize", "usercustomize", "conftest", "setuptools", "pkg_resources", "pip", "pytest"),
    *("sanity", "graders", "assignments", "solutions", "trivium"),
    *("numpy", "torch", "hypothesis", "msgspec", "sandlock", "scipy", "sklearn", "gensim", "nltk", "sacrebleu"),
    *("typing_extensions", "sympy", "networkx", "filelock", "fsspec", "jinja2", "tqdm", "docopt", "matplotlib"),
}
# How alike two names must be, 0 to 1, for a hint: "Copy of utils.py" is (0.67), "tests.py" is not (0.63).
_ALIKE = 0.66


def wrapping_folders(names: Sequence[str], submit: Collection[str]) -> str:
    """Return the folders, ending in a slash, that hold all files and nothing else, or ""."""
    wrapper = ""
    while names and not set(names) & set(submit):
        tops = {name.partition("/")[0] for name in names}
        if len(tops) != 1 or "/" not in names[0]:
            break
        wrapper += f"{tops.pop()}/"
        names = [name.partition("/")[2] for name in names]
    return wrapper


def select_files(names: Sequence[str], manifest: Manifest) -> tuple[list[str], list[str]]:
    """Return which of the unwrapped names to take, and notes on the rest; raise IntakeError if ambiguous."""
    scaffold = _given_names(manifest)
    given = [name for name in names if same_name(name) in scaffold]
    known = {*manifest.accepted, *given}
    words = [name for name in names if name == WRITTEN and manifest.written]
    others = [name for name in names if name not in known and name not in words]
    handed_in = {file: spelling(file, names) for file in manifest.submit}
    taken = [name for name in handed_in.values() if name is not None]
    notes = [_missing(file, others) for file, name in handed_in.items() if name is None]
    if not taken and not words:
        found = f"found only {listed(names)}" if names else "it holds no files"
        return [], [*notes, f"nothing to grade: {found}"]
    doubles = [name for name in manifest.accepted if name in names and name not in taken]
    if doubles:
        notes.append(f"ignored: {listed(doubles)}: the notebook counts")
    if given:
        notes.append(f"ignored: {listed(given)} {'is' if len(given) == 1 else 'are'} given")
    helpers, notes_on_rest = _helpers(others, manifest)
    return [*taken, *words, *helpers], [*notes, *notes_on_rest]


def _helpers(others: Sequence[str], manifest: Manifest) -> tuple[list[str], list[str]]:
    """Return the modules of the student's own to take, and notes on what is left out."""
    submit = {same_name(name) for name in manifest.accepted}
    last_names = {_last(name) for name in manifest.accepted}
    modules = [
        name
        for name in others
        if "/" not in name and name.endswith(".py") and name[:-3].isidentifier() and same_name(name) not in submit
    ]
    hiding = [name for name in modules if name[:-3] in _NEEDED_MODULES]
    helpers = [name for name in modules if name not in hiding]
    copies = [name for name in others if name not in modules and _last(name) in last_names]
    rest = sorted(set(others) - {*modules, *copies})
    notes = []
    if hiding:
        notes.append(f"left out: {listed(hiding)} would hide a module of that name")
    if copies:
        notes.append(f"left out: {listed(copies)}: only the top folder counts")
    if rest:
        notes.append(f"left out: {len(rest)} other file{'s' * (len(rest) > 1)}: {listed(rest)}")
    return helpers, notes


def _given_names(manifest: Manifest) -> set[str]:
    """Return the handout's files that a submission cannot replace, as `same_name` sees them."""
    names = set(manifest.given)
    if manifest.name in assignment_names():
        names.update(path.name for path in handout_folder(manifest.name).iterdir())
    return {same_name(name) for name in names.difference(manifest.accepted, [WRITTEN])}


def _missing(wanted: str, others: Sequence[str]) -> str:
    """Return the note on a file that is not there, with a hint; raise IntakeError if two folders hold one."""
    copies = [name for name in others if _last(name) == _last(wanted)]
    if len(copies) > 1:
        raise IntakeError(f"which {wanted} counts? Found {listed(copies)}; hand in one")
    last_names = [_last(name).casefold() for name in others]
    alike = difflib.get_close_matches(_last(wanted).casefold(), last_names, n=1, cutoff=_ALIKE)
    hints = copies or [name for name in others if _last(name).casefold() in alike]
    return f"missing: {wanted}" + (f" (did you mean {shown(hints[0])}?)" if hints else "")


def _last(name: str) -> str:
    return PurePosixPath(name).name
