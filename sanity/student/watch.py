"""Running again whenever a file is saved, with torch kept imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import watchfiles

from sanity.core.errors import UserError
from sanity.student.console import in_colours
from sanity.student.limit import Interrupted

QUIET_MS = 50
"""A save is over when nothing has changed for this long: an editor may empty, write and rename a file for one save."""

STUDENTS_FILES = (".py", ".ipynb")


def is_students(change: watchfiles.Change, path: str) -> bool:
    """Return whether a changed file may be a student's: not an editor's, whose names start with a dot."""
    return Path(path).suffix in STUDENTS_FILES and not Path(path).name.startswith(".")


def watch(folder: Path, run: Callable[[], object]) -> None:
    """Call run now and after every change of a Python file or notebook in folder, until Ctrl-C."""
    saves = watchfiles.watch(
        folder, watch_filter=is_students, step=QUIET_MS, rust_timeout=QUIET_MS, yield_on_timeout=True, recursive=False
    )
    next(saves)  # from now on no change is missed, not even one that is made while the checks run
    while True:
        try:
            run()
        except (UserError, Interrupted) as error:  # Ctrl-C elsewhere, such as while nothing runs, ends the watching
            print(error, file=sys.stderr)
        print("watching; save a file to check again, Ctrl-C to stop", flush=True)
        while not next(saves):
            pass
        if in_colours():
            print("\033[2J\033[H", end="")
