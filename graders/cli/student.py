"""`trivium pack`: students pack their files for handing in. Needs only the light install."""

from __future__ import annotations

import argparse

from graders.cli.terminal import echo
from graders.intake.pack import pack as pack_folder


def pack(args: argparse.Namespace) -> int:
    """Build the zip archive to hand in; print warnings and its path."""
    path, warnings = pack_folder(args.folder, args.out)
    for warning in warnings:
        echo(f"note: {warning}")
    echo(path)
    return 0
