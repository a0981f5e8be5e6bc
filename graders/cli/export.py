"""`trivium export`: what became of the marks, and the exit status."""

from __future__ import annotations

import argparse

from graders.cli.options import staff_options
from graders.cli.terminal import echo, error
from graders.grading.exporting import ExportOptions, export_marks


def export(args: argparse.Namespace) -> int:
    """Export the marks of a class; print the file and what is not in it; return the exit status."""
    report = export_marks(
        ExportOptions(
            format=args.format,
            grades=args.grades,
            sheet=args.sheet,
            column=args.column,
            scale=args.scale,
            partial=args.partial,
            roster=args.roster,
            out=args.out,
            **staff_options(args),
        )
    )
    for note in report.notes:
        error(f"note: {note}")
    for problem in report.problems:
        error(problem)
    echo(f"{report.path}: {report.written} mark{'' if report.written == 1 else 's'}")
    return 1 if report.problems else 0
