"""Keeps submissions from importing those of our modules that answer a question: checks, and gradients by small steps.

This is a rule and no wall: whoever searches our frames for them finds them. `graders/grading/import_rules.py` notes for
staff who imports them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def is_hidden(name: str, assignment: str) -> bool:
    """Return whether a submission of an assignment cannot import the module called name.

    What lies in a folder of the assignment's package, such as beside/, is what probes import where they run.

    >>> [is_hidden(name, "a4") for name in ("sanity.gradients", "sanity.gradients.numeric", "sanity.a4.encode")]
    [True, True, True]
    >>> [is_hidden(name, "a4") for name in ("sanity", "sanity.core.case", "sanity.a4", "sanity.a4.beside.model")]
    [False, False, False, False]
    """
    package, _, module = name.rpartition(".")
    of_assignment = package == f"sanity.{assignment}" and module != "beside"
    return of_assignment or "sanity.gradients" in (name, package)


def readable_without_hidden(root: str, assignment: str, readable: Sequence[str]) -> tuple[str, ...]:
    """Return the readable paths without those of hidden modules, which the zygote has read."""
    return tuple(path for path in readable if path not in (f"{root}/sanity/gradients", f"{root}/sanity/{assignment}"))


class HiddenFinder(MetaPathFinder):
    """Refuses the hidden modules, before any other finder looks for them."""

    def __init__(self, assignment: str) -> None:
        self.assignment = assignment

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Raise ModuleNotFoundError for a hidden module; leave all others to the other finders."""
        if is_hidden(name, self.assignment):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def hide(assignment: str) -> None:
    """Hide what is hidden. Functions of those modules that are in use, such as probes, work as before."""
    for name in [name for name in sys.modules if is_hidden(name, assignment)]:
        del sys.modules[name]
        package, _, module = name.rpartition(".")
        if package in sys.modules:
            vars(sys.modules[package]).pop(module, None)
    sys.meta_path.insert(0, HiddenFinder(assignment))
