"""`trivium stubs`, `record` and `handout`: files that are derived from the reference."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from graders.cli.terminal import echo, error
from graders.course.assignment import Assignment, assignment_names, load_assignment
from graders.course.handout import build_handout
from graders.course.stubs import stale_stubs, write_stubs


def stubs(args: argparse.Namespace) -> int:
    """Write the stubs; with --check, print the stale ones."""
    return _derive(args, write_stubs, stale_stubs)


def record(args: argparse.Namespace) -> int:
    """Write the recordings; with --check, print the stale ones."""
    from graders.course.recording import stale, write_recordings

    return _derive(args, lambda assignment: [write_recordings(assignment)], stale)


def handout(args: argparse.Namespace) -> int:
    """Build the zip archive that students receive."""
    echo(build_handout(load_assignment(args.assignment), args.out))
    return 0


def _derive(
    args: argparse.Namespace,
    write: Callable[[Assignment], Sequence[object]],
    stale: Callable[[Assignment], Sequence[object]],
) -> int:
    """Write derived files and print their paths; with --check, only print the stale ones and return 1."""
    names = [args.assignment] if args.assignment else assignment_names()
    found = [item for name in names for item in (stale if args.check else write)(load_assignment(name))]
    for item in found:
        echo(f"{'stale: ' if args.check else 'wrote '}{item}")
    if args.check and found:
        error(f"run `trivium {args.command}` and commit the files that it writes")
        return 1
    if not found:
        echo("up to date")
    return 0
