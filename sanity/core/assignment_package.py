"""Loading an assignment's package, sanity/aN: every module in it that holds checks or probes, and its known errors.

Modules are found, not listed: whatever lies in the package's folder belongs to it. A module that cannot be loaded, or
that names what is not there, is an error of one line, with file and line number.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import TypeVar

from sanity.core.case import Cases
from sanity.core.check import Check, Checks
from sanity.core.errors import UserError
from sanity.core.known_errors import Known
from sanity.core.libraries import how_to_install
from sanity.core.manifest import Manifest, Question
from sanity.core.probe import Probe, probe

PACKAGE = Path(__file__).parents[1]
OPTIONS: dict[str, Callable[..., object]] = {
    "probe": probe,
    "Cases.__init__": Cases.__init__,
    "Checks.__call__": Checks.__call__,
    "Checks.compares": Checks.compares,
    "Checks.hint": Checks.hint,
}
"""What a module of an assignment calls, with options that may be misspelt."""

T = TypeVar("T")


class ChecksError(UserError):
    """The modules with the checks of an assignment cannot be loaded, or name what is not there."""


class MissingLibrary(UserError):
    """A library that a question needs is not installed."""


def load_checks(assignment: str) -> list[Check]:
    """Return the checks of an assignment, sorted by question; raise ChecksError if they cannot be loaded."""
    modules = _modules(assignment)
    of_questions = {checks: module for module in modules for checks in _of_type([module], Checks)}
    seen: dict[str, str] = {}
    for checks, module in of_questions.items():
        place = f"{_shown(str(module.__file__))}:{checks.line}"
        if checks.question in seen:
            raise ChecksError(f"{place}: {seen[checks.question]} checks question {checks.question} already")
        seen[checks.question] = place
    all_checks = [check for checks in sorted(of_questions, key=lambda one: one.question) for check in checks.all]
    _require_unique(assignment, "check", (check.name for check in all_checks))
    _require_unique(assignment, "probe", (probe.name for probe in _of_type(modules, Probe)))
    return all_checks


def checks_of(manifest: Manifest) -> list[Check]:
    """Return the checks of an assignment, in the order of its questions.

    Raise ChecksError, too, for a check of a question that is not in the manifest, and for a question without checks.
    """
    name, known = manifest.name, [question.id for question in manifest.questions]
    for module in _modules(name):
        for checks in _of_type([module], Checks):
            if checks.question not in known:
                where, choice = f"{_shown(str(module.__file__))}:{checks.line}", ", ".join(known)
                raise ChecksError(f"{where}: {name} has no question {checks.question!r}: choose from {choice}")
    found = load_checks(name)
    if unchecked := [id for id in known if all(check.question != id for check in found)]:
        raise ChecksError(f'sanity/{name}: no module checks question {unchecked[0]}, with Checks("{unchecked[0]}")')
    return sorted(found, key=lambda check: known.index(check.question))


def load_probes(assignment: str) -> dict[str, Probe]:
    """Return the probes of an assignment by name; raise ChecksError if they cannot be loaded."""
    return {probe.name: probe for probe in _of_type(_modules(assignment), Probe)}


def load_known_errors(assignment: str) -> Known:
    """Return the known errors of an assignment beyond those of any code; none if it has no such module."""
    name = f"sanity.{assignment}.known_errors"
    known: Known = import_module(name).KNOWN if find_spec(name) else ()
    return known


def load_warm_up(assignment: str) -> Callable[[], None] | None:
    """Return what runs once before submissions do, so that they start warm; None if the assignment has nothing."""
    name = f"sanity.{assignment}.warm_up"
    warm_up: Callable[[], None] | None = import_module(name).warm_up if find_spec(name) else None
    return warm_up


def accept_legacy(assignment: str) -> None:
    """Let what an earlier year's files rely on work in this process; raise ChecksError if the assignment knows none."""
    name = f"sanity.{assignment}.legacy"
    if not find_spec(name):
        raise ChecksError(f"assignments/{assignment}/assignment.toml: legacy = true: there is no {name} to accept it")
    import_module(name).accept_legacy()


def require_libraries(assignment: str, questions: Iterable[Question]) -> None:
    """Raise MissingLibrary if a library is not installed that the probes of these questions import."""
    modules = _modules(assignment)
    for question in questions:
        for library in _libraries(modules, question.id):
            if find_spec(library) is None:
                said = f"question {question.id} needs {library}, which is not installed"
                raise MissingLibrary(f"{said}: {how_to_install(library)}")


def libraries_of(assignment: str, question: str | None = None) -> list[str]:
    """Return the libraries that the probes of a question import, or those of all questions: what its modules name."""
    return _libraries(_modules(assignment), question)


def _libraries(modules: list[ModuleType], question: str | None) -> list[str]:
    own = [module for module in modules if question is None or _checks_question(module, question)]
    return sorted({library for probe in _of_type(own, Probe) for library in probe.needs})


def _checks_question(module: ModuleType, question: str) -> bool:
    return any(checks.question == question for checks in _of_type([module], Checks))


def _of_type(modules: Iterable[ModuleType], kind: type[T]) -> list[T]:
    """Return the objects of a kind that modules define or import, each once."""
    return list(
        dict.fromkeys(value for module in modules for value in vars(module).values() if isinstance(value, kind))
    )


def _require_unique(assignment: str, what: str, names: Iterable[str]) -> None:
    for name, count in (found for found in Counter(names).items() if found[1] > 1):
        raise ChecksError(f"sanity/{assignment}: {count} {what}s are called {name}; each needs a name of its own")


def _modules(assignment: str) -> list[ModuleType]:
    """Import every module in an assignment's folder; those in folders below, such as beside/, are for probes alone."""
    folder = PACKAGE / assignment
    if find_spec(f"sanity.{assignment}") is None:
        raise ChecksError(f"sanity/{assignment}: not found; expected a package with the checks of {assignment}")
    return [_import(f"sanity.{assignment}.{path.stem}") for path in sorted(folder.glob("[!_]*.py"))]


def _import(name: str) -> ModuleType:
    """Import a module of ours; raise ChecksError, which names file and line, if it or one that it imports is broken."""
    try:
        return import_module(name)
    except SyntaxError as error:
        raise ChecksError(f"{_shown(error.filename or name)}:{error.lineno}: not valid Python: {error.msg}") from None
    except Exception as error:
        frames = [f for f in extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(PACKAGE)]
        own = [frame for frame in frames if Path(frame.filename).parent != Path(__file__).parent]
        where = f"{_shown(own[-1].filename)}:{own[-1].lineno}" if own else name
        raise ChecksError(f"{where}: {_in_words(error)}") from None


def _in_words(error: Exception) -> str:
    """Say what is wrong with a module that raises this when it is imported."""
    if isinstance(error, ModuleNotFoundError):
        return f"this import fails: there is no module {error.name}"
    if isinstance(error, ImportError):
        return f"this import fails: {error.msg.removesuffix(f' ({error.path})')}"
    if found := re.search(r"(\w+)(?:\.(\w+))?\(\) got an unexpected keyword argument '(\w+)'", str(error)):
        called = OPTIONS.get(f"{found[1]}.{found[2]}" if found[2] else found[1])
        known = [name for name in inspect.signature(called).parameters if name != "self"] if called else []
        return f"there is no option {found[3]!r}" + (f": choose from {', '.join(known)}" if known else "")
    return f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)


def _shown(file: str) -> str:
    """Return a file's path from our package on."""
    path = Path(file)
    return path.relative_to(PACKAGE.parent).as_posix() if path.is_relative_to(PACKAGE) else path.name
