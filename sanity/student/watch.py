"""Running again whenever a file is saved, with torch kept imported."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from sanity.core.errors import UserError

LOOK_SECONDS = 0.05


def saved_at(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return when each Python file and notebook in folder was saved, and its size."""
    found = {}
    for path in (*folder.glob("*.py"), *folder.glob("*.ipynb")):
        try:
            status = path.stat()
        except FileNotFoundError:  # an editor is replacing it
            continue
        found[path] = (status.st_mtime_ns, status.st_size)
    return found


def watch(folder: Path, run: Callable[[], object]) -> None:
    """Call run now and after every change of a Python file in folder, until Ctrl-C."""
    while True:
        before = saved_at(folder)
        try:
            run()
        except UserError as error:
            print(error, file=sys.stderr)
        print("watching; save a file to check again, Ctrl-C to stop", flush=True)
        while saved_at(folder) == before:
            time.sleep(LOOK_SECONDS)
        if sys.stdout.isatty():
            print("\033[2J\033[H", end="")
