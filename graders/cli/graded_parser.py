"""The parsers of what is done with a graded class. Like `graders.cli.parser` it imports no large module."""

from __future__ import annotations

import argparse
from pathlib import Path

from graders.cli.options import add_extras, add_feedback, add_person, add_roster

FORMATS = {
    "canvas": "Canvas's gradebook, to import",
    "moodle": "Moodle's grading worksheet, to upload",
    "gradescope": "an autograder that hands out these marks",
    "csv": "a table for spreadsheets",
    "xlsx": "a workbook with points and notes",
    "jsonl": "a line of JSON for each submission",
}


def add_export(export: argparse.ArgumentParser) -> None:
    """Add the arguments of `trivium export`."""
    export.add_argument(
        "format", choices=FORMATS, metavar="FORMAT", help="; ".join(f"{name}: {text}" for name, text in FORMATS.items())
    )
    export.add_argument("grades", type=Path, metavar="OUT", help="the --out folder of `trivium grade`")
    export.add_argument("--sheet", type=Path, metavar="FILE", help="canvas, moodle: the platform's own sheet")
    export.add_argument("--column", default="", metavar="NAME", help="canvas, moodle: title of the column of the marks")
    export.add_argument("--scale", action="store_true", help="canvas, moodle: convert to the points that the sheet has")
    export.add_argument("--partial", action="store_true", help="also give marks that still lack a question")
    add_roster(export)
    add_extras(export)
    add_feedback(export)
    export.add_argument("-o", "--out", type=Path, metavar="FILE", help="file to write (default: in OUT)")
    export.set_defaults(module="export")


def add_report(report: argparse.ArgumentParser) -> None:
    """Add the arguments of `trivium report`."""
    report.add_argument("grades", type=Path, metavar="OUT", help="the --out folder of `trivium grade`")
    report.add_argument(
        "--for", dest="reader", choices=("staff", "students"), default="staff", help="who reads it (default: staff)"
    )
    add_extras(report)
    add_feedback(report)
    report.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="folder to write (default: report or report-for-students in OUT)"
    )
    report.set_defaults(module="report")


def add_group(group: argparse.ArgumentParser) -> None:
    """Add the arguments of `trivium group`."""
    group.add_argument("assignment", help="such as a4")
    group.add_argument("-o", "--out", type=Path, default=Path("grades"), help="the --out folder of `trivium grade`")
    group.add_argument(
        "--comment",
        nargs="+",
        metavar=("GROUP", "TEXT"),
        help='what all members of a group are told, in the place of the last comment; "" withdraws that',
    )
    group.add_argument("--file", type=Path, metavar="FILE", help="with --comment GROUP: the file that has the text")
    add_person(group)
    group.add_argument("--json", action="store_true", help="print JSON, with all members")
    add_extras(group)
    add_feedback(group)
    group.set_defaults(module="group")


def add_desk(desk: argparse.ArgumentParser) -> None:
    """Add the arguments of `trivium desk`."""
    desk.add_argument("grades", type=Path, metavar="OUT", help="the --out folder of `trivium grade`")
    desk.add_argument(
        "--submissions",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="where the submissions are now, as for `trivium grade` (default: where they were graded)",
    )
    desk.add_argument("--blind", action="store_true", help="hide names, and shuffle the order")
    add_person(desk)
    desk.add_argument("--port", type=int, default=0, help="port of this machine (default: a free one)")
    add_roster(desk)
    add_extras(desk)
    add_feedback(desk)
    desk.set_defaults(module="desk")
