"""`trivium`: what staff and course authors type. Students use `pack`, and `python sanity_check.py`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from graders.cli.parser import parser
from graders.cli.terminal import error
from sanity.core.errors import UserError

OURS = ("graders", "sanity")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status. Errors are one line on standard error."""
    args = parser().parse_args(argv)
    try:
        status: int = getattr(import_module(f"graders.cli.{args.module}"), args.command)(args)
        return status
    except UserError as problem:
        error(f"trivium {args.command}: {problem}")
        return problem.exit_status
    except OSError as problem:  # a folder that can't be written, a full disk
        error(f"trivium {args.command}: {problem.filename or 'the output'}: {problem.strerror or problem}")
    except ImportError as problem:
        error(f"trivium {args.command}: {_missing(problem)}")
    except KeyboardInterrupt:
        error("trivium: interrupted; what is graded is kept, the same command goes on")
        return 130
    return UserError.exit_status


def _missing(problem: ImportError) -> str:
    """Say what an import lacks: a library that can be installed, or a module of ours, which is our mistake."""
    name = (problem.name or "").partition(".")[0]
    if isinstance(problem, ModuleNotFoundError) and name not in OURS and name not in sys.stdlib_module_names:
        return f"{name} is not installed: pip install 'trivium[graders]'"
    return f"a mistake of trivium's own, please report it: {problem}"


if __name__ == "__main__":
    sys.exit(main())
