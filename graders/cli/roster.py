"""`trivium roster`: the list of a class, from what platforms export."""

from __future__ import annotations

import argparse

from graders.atomic import write_atomically
from graders.cli.terminal import echo
from graders.intake.roster import make_roster, roster_csv


def roster(args: argparse.Namespace) -> int:
    """Write or print the roster of the students in exports and sheets."""
    students = make_roster(args.paths)
    text = roster_csv(students)
    if args.out is None:
        echo(text.rstrip("\n"))
    else:
        write_atomically(args.out, text)
        echo(f"{args.out}: {len(students)} student{'' if len(students) == 1 else 's'}")
    return 0
