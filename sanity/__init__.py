"""What runs on the student's machine, and beside the submission in the sandbox: cases, checks, and how they are judged.

The names in `__all__` are the interface for other programs. They are resolved when first used (PEP 562): this file is
also executed inside the sandbox, where little else can be read.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanity.core.assignment_toml import read_manifest
    from sanity.core.errors import UserError
    from sanity.core.manifest import Manifest, Question
    from sanity.core.verdict import Outcome, Verdict
    from sanity.gradients.numeric import numeric_gradient
    from sanity.student.runner import check_folder

__all__ = [
    "Manifest",
    "Outcome",
    "Question",
    "UserError",
    "Verdict",
    "check",
    "check_folder",
    "numeric_gradient",
    "read_manifest",
]

_MODULES = {
    "core.assignment_toml": ("read_manifest",),
    "core.errors": ("UserError",),
    "core.manifest": ("Manifest", "Question"),
    "core.verdict": ("Outcome", "Verdict"),
    "gradients.numeric": ("numeric_gradient",),
    "student.runner": ("check_folder",),
}


def check(*questions: str) -> None:
    """Check answers in a notebook, or at Python's prompt, as `python sanity_check.py` does; all without an argument.

    What is in memory counts, and of an assignment without a notebook, the files in the current folder. Does nothing
    where a notebook is not run but imported, to be checked or graded.
    """
    names = sys._getframe(1).f_globals
    if names.get("__name__") == "__main__":
        from sanity.student.interactive import check_session

        check_session(names, questions)


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"sanity.{module}"), name)
    raise AttributeError(f"module 'sanity' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
