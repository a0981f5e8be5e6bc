"""`trivium`: the command of staff and course authors. Students use only `trivium pack`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from graders.cli.parser import parser
from graders.cli.terminal import error
from sanity.core.errors import UserError
from sanity.core.streams import replace_what_cannot_be_encoded

RESUME = ("grade", "train")
"""Commands that a second call resumes."""
OURS = ("graders", "sanity")
EXTRAS = {"starlette": "desk", "uvicorn": "desk"}
"""Which extra brings a library, if it is not `graders`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status. An error is one line on standard error."""
    replace_what_cannot_be_encoded()
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
        kept = "; finished results are kept, run the same command again to resume" * (args.command in RESUME)
        error(f"trivium: interrupted{kept}")
        return 130
    return UserError.exit_status


def _missing(problem: ImportError) -> str:
    """Return the message for a failed import: a library to install, or a bug in trivium."""
    name = (problem.name or "").partition(".")[0]
    if isinstance(problem, ModuleNotFoundError) and name not in OURS and name not in sys.stdlib_module_names:
        return f"{name} is not installed: pip install 'trivium[{EXTRAS.get(name, 'graders')}]'"
    return f"a bug in trivium, please report it: {problem}"


if __name__ == "__main__":
    sys.exit(main())
