"""Loading an assignment's package: its checks, probes, scripts and known errors."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from sanity.core.check import Check
from sanity.core.errors import UserError
from sanity.core.known_errors import Known
from sanity.core.manifest import Manifest

PACKAGE = Path(__file__).parents[1]


class ChecksError(UserError):
    """The modules with the checks of an assignment cannot be loaded, or name what is not there."""


def load_checks(assignment: str) -> list[Check]:
    """Return the checks of an assignment, in the order of its questions; raise ChecksError if they cannot be loaded."""
    package = f"sanity.{assignment}"
    listed_in = f"sanity/{assignment}/__init__.py"
    if find_spec(package) is None:
        raise ChecksError(f"{listed_in}: not found; expected CHECKS in it, the modules with the checks of {assignment}")
    names = getattr(_import(package), "CHECKS", None)
    if not isinstance(names, tuple | list):
        found = "there is none" if names is None else f"found {names!r}"
        raise ChecksError(f'{listed_in}: CHECKS: expected a tuple of modules, such as ("encode", "decode"); {found}')
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or find_spec(f"{package}.{name}") is None:
            there = sorted(path.stem for path in PACKAGE.joinpath(assignment).glob("[!_]*.py"))
            raise ChecksError(f"{listed_in}: CHECKS names {name!r}, which is not there: choose from {', '.join(there)}")
    modules = [_import(f"{package}.{name}") for name in names]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Check)]


def checks_of(manifest: Manifest) -> list[Check]:
    """Return what `load_checks` does; raise ChecksError, too, for a check of a question that the manifest lacks."""
    checks, known = load_checks(manifest.name), [question.id for question in manifest.questions]
    for check in checks:
        if check.question not in known:
            code = check.function.__code__
            raise ChecksError(
                f"{_shown(code.co_filename)}:{code.co_firstlineno}: {check.name}() checks question {check.question!r}, "
                f"which {manifest.name} does not have: choose from {', '.join(known)}"
            )
    return checks


def load_probes(assignment: str) -> ModuleType:
    """Return the module with an assignment's probe functions. It imports what they need, such as torch.

    Raises ModuleNotFoundError if that is not installed, and ChecksError if it cannot be loaded for another reason.
    """
    return _import(f"sanity.{assignment}.probes", libraries=True)


def _import(name: str, libraries: bool = False) -> ModuleType:
    """Import a module of ours; raise ChecksError, which names file and line, if it or one that it imports is broken.

    With libraries, one that is not installed is not its author's mistake: that ModuleNotFoundError is passed on.
    """
    try:
        return import_module(name)
    except SyntaxError as error:
        raise ChecksError(f"{_shown(error.filename or name)}:{error.lineno}: not valid Python: {error.msg}") from None
    except ImportError as error:
        lacks = (error.name or "").partition(".")[0]
        if libraries and isinstance(error, ModuleNotFoundError) and lacks != "sanity":
            raise
        frames = [f for f in extract_tb(error.__traceback__) if f.filename != __file__ and _is_ours(f.filename)]
        where = f"{_shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else name
        said = f"there is no module {error.name}" if isinstance(error, ModuleNotFoundError) else error.msg
        raise ChecksError(f"{where}: this import fails: {said.removesuffix(f' ({error.path})')}") from None


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(PACKAGE)


def _shown(file: str) -> str:
    """Return a file's path from our package on."""
    return Path(file).relative_to(PACKAGE.parent).as_posix() if _is_ours(file) else Path(file).name


def load_snippets(assignment: str) -> ModuleType | None:
    """Return the module whose functions, called as probes are, spell a case as a script; None if there is none."""
    name = f"sanity.{assignment}.snippets"
    return import_module(name) if find_spec(name) else None


def load_known_errors(assignment: str) -> Known:
    """Return the known errors of an assignment beyond those of any code; none if it has no such module."""
    name = f"sanity.{assignment}.known_errors"
    known: Known = import_module(name).KNOWN if find_spec(name) else ()
    return known
