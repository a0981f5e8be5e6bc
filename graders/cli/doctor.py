"""`trivium doctor`: installed packages, and whether this machine can grade in the sandbox."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from graders.cli.terminal import echo
from graders.sandbox import isolation, threats
from graders.sandbox.clock import why_wall_time

STUDENT = ("trivium", "numpy", "hypothesis", "msgspec", "watchfiles", "platformdirs", "tqdm")
LIBRARIES = ("torch", "gensim", "scikit-learn", "matplotlib")
GRADER = ("sandlock", "distributed", "jinja2", "rich", "pathvalidate", "jupytext")


def doctor(args: argparse.Namespace) -> int:
    """Print versions and the state of the sandbox; return 1 if the graders are installed without a working sandbox."""
    echo(f"{platform.system()} {platform.release()}, Python {platform.python_version()}")
    is_staff = all(_version(package) for package in GRADER if package != "sandlock")  # that one is for Linux only
    for package in (*STUDENT, *LIBRARIES, *(GRADER if is_staff else ())):
        echo(f"  {package:<13} {_version(package) or 'not installed'}")
    echo("sanity checks: available")
    if not is_staff:
        echo("grading: not installed; students need no more. Staff: pip install 'trivium[graders]'")
        return 0
    missing = {name: reason for name, reason in isolation.walls().items() if reason}
    for name in isolation.walls():
        echo(f"{name}: {missing.get(name) or 'available'}")
    if sys.platform == "linux":
        _echo_threats(missing)
    if sys.platform == "linux" and (reason := why_wall_time()):
        echo(f"time limits: by the wall clock, also on a busy machine: {reason}")
    if sys.platform != "linux":
        echo("grading: needs Linux; use a virtual machine or a container")
        return 1
    if missing:
        echo("grading: only with --isolation none, for code you trust")
        return 1
    echo("grading: in the sandbox")
    return 0


def _echo_threats(missing: Mapping[str, str]) -> None:
    """Print a table of what a submission might do, what closes it, and whether that stands here."""
    abi = isolation.landlock_abi()
    echo(f"what a submission is kept from, on a kernel with Landlock ABI {abi}:")
    rows = [("threat", "closed by", "here"), *threats.table(missing, abi)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for what, closed_by, here in rows:
        echo(f"  {what:<{widths[0]}}  {closed_by:<{widths[1]}}  {here}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
