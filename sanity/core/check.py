"""Probes and checks: the vocabulary in which an assignment states what every correct answer does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, Protocol

from sanity.core.case import Case, Cases
from sanity.core.errors import UserError
from sanity.core.forms import Form, parse_form
from sanity.core.known_errors import Known
from sanity.core.manifest import Manifest

Answers = Mapping[str, Any]
"""The outputs of one probe, by name: plain values, see `sanity.core.values.plain`."""

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Probe:
    """A few lines that run beside the submission's code and return what one of its functions returned.

    Checks hold this description; the lines themselves are the function called name in the assignment's `probes`
    module, which only the process with the submission imports.
    """

    name: str
    what: str
    """The function that it calls, for messages: "encode()"."""
    form: Form
    """How the answer is nested, and the names of its parts."""


class Run(Protocol):
    """Runs a probe on the submission (`run`) or on the reference (`expect`)."""

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name; raise CheckFailed or CouldNotRun instead of anything else."""
        ...


@dataclass(frozen=True, eq=False)
class Check:
    """A sentence about one question that is true of every correct submission."""

    question: str
    name: str
    sentence: str
    cases: Cases
    function: Callable[..., None]
    is_property: bool
    """True of a property, which needs no reference; a reference check compares with one."""
    weight: float
    outputs: tuple[str, ...]
    """The outputs it proves, for the lines `… Sanity Checks Passed!`."""
    gradients: bool = False
    """True if it is about gradients, and so a part of `sanity_check.py gradients`."""

    def __call__(self, run: Run, expect: Run, case: Case) -> None:
        """Return if the sentence holds for this case; raise CheckFailed or CouldNotRun if not."""
        if self.is_property:
            self.function(run, case)
        else:
            self.function(run, expect, case)


def probe(name: str, what: str, returns: str) -> Probe:
    """Describe a probe.

    Args:
        name: of its function in the assignment's `probes` module.
        what: the submission's function that it calls, for messages.
        returns: the form of the answer, see `parse_form`.

    >>> probe("encode", "encode()", "enc_hiddens, (h_0, c_0)").form
    ('enc_hiddens', ('h_0', 'c_0'))
    """
    return Probe(name, what, parse_form(returns))


def check(
    question: str, cases: Cases, weight: float = 1, outputs: tuple[str, ...] = (), gradients: bool = False
) -> Callable[[Callable[..., None]], Check]:
    """Make a function of (run, expect, case) a reference check, and one of (run, case) a property.

    Args:
        question: whose points it earns.
        cases: the cases that it is called with.
        weight: its share of the question's points, relative to the question's other checks.
        outputs: the outputs that it proves right.
        gradients: whether it is about gradients.

    The function's docstring is the sentence that students read.
    """

    def wrap(function: Callable[..., None]) -> Check:
        is_property = "expect" not in inspect.signature(function).parameters
        sentence = inspect.cleandoc(function.__doc__ or "")
        return Check(question, function.__name__, sentence, cases, function, is_property, weight, outputs, gradients)

    return wrap


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
