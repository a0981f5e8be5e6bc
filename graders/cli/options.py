"""Options that several commands have. Like `graders.cli.parser` it imports no large module."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_roster(command: argparse.ArgumentParser) -> None:
    """Add the option --roster."""
    command.add_argument(
        "--roster", type=Path, metavar="FILE", help="names and numbers of the class, as `trivium roster` writes them"
    )


def add_extras(command: argparse.ArgumentParser) -> None:
    """Add the options for marks by hand and late work."""
    command.add_argument("--marks", type=Path, metavar="FILE", help="marks given by hand (default: OUT/marks.csv)")
    command.add_argument(
        "--policy", type=Path, metavar="FILE", help="rules on late work (default: OUT/policy.toml, if it is there)"
    )
    command.add_argument(
        "--submitted",
        type=Path,
        metavar="FILE",
        help="sheet with the columns student and submitted (default: OUT/submitted.csv, if it is there)",
    )


def staff_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `add_extras` and `add_feedback`, as `StaffOptions` and those derived from it take them."""
    return {name: getattr(args, name) for name in ("marks", "policy", "submitted", "feedback")}


def add_person(command: argparse.ArgumentParser) -> None:
    """Add the option that names who marks."""
    command.add_argument(
        "--as", dest="person", default="", metavar="NAME", help="who marks, for the history (default: the login name)"
    )


LEVELS = {
    "sentence": "what every correct submission does",
    "diagnosis": "and the likely mistake",
    "location": "and what was found where",
    "counterexample": "and the smallest case",
}
"""As `sanity.core.feedback.Level`, which takes longer to import."""


def add_feedback(command: argparse.ArgumentParser) -> None:
    """Add the option for what students are told of a failure."""
    command.add_argument(
        "--feedback",
        default="",
        metavar="LEVEL",
        help=f"what students are told of a failure: {'; '.join(f'{name}: {text}' for name, text in LEVELS.items())}; "
        "1d=LEVEL is for one question, and several are separated by commas (default: that of assignment.toml, or "
        "location)",
    )


def add_scheduler(command: argparse.ArgumentParser) -> None:
    """Add the option for a Dask cluster."""
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="address of a Dask cluster's scheduler, such as tcp://node1:8786"
    )


def add_isolation(command: argparse.ArgumentParser) -> None:
    """Add the option for the walls."""
    command.add_argument(
        "--isolation",
        choices=("sandlock", "none"),
        default="sandlock",
        help="how submissions are isolated; none is only for code that you trust (default: sandlock)",
    )
