"""`trivium desk`: serves the marking desk, and prints its address."""

from __future__ import annotations

import argparse

from graders.cli.options import staff_options
from graders.cli.person import person
from graders.cli.terminal import echo
from graders.desk.serve import DeskOptions, DeskServer


def desk(args: argparse.Namespace) -> int:
    """Serve the desk until Ctrl-C; return the exit status."""
    options = DeskOptions(
        grades=args.grades,
        person=person(args.person),
        submissions=tuple(args.submissions),
        blind=args.blind,
        port=args.port,
        roster=args.roster,
        **staff_options(args),
    )
    server = DeskServer(options)

    def ready() -> None:
        echo(f"the desk of {options.person} is open; Ctrl-C closes it, and nothing is lost")
        echo(server.address)

    server.run(ready)
    return 0
