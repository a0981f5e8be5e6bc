"""`trivium report`: the pages that were written, and the exit status."""

from __future__ import annotations

import argparse

from graders.cli.options import staff_options
from graders.cli.terminal import echo, error
from graders.grading.reporting import Reader, ReportOptions, report_class


def report(args: argparse.Namespace) -> int:
    """Write the report of a class; print where it is; return the exit status."""
    reader = Reader(args.reader)
    written = report_class(
        ReportOptions(
            grades=args.grades,
            reader=reader,
            out=args.out,
            **staff_options(args),
        )
    )
    for line in written.warnings:
        error(f"warning: {line}")
    for line in written.problems:
        error(line)
    if reader is Reader.STAFF:
        echo(written.pages[0])
    else:
        count = len(written.pages)
        where = written.pages[0].parents[1] / "*" / "index.html" if written.pages else "nobody was graded"
        echo(f"{where}: {count} page{'' if count == 1 else 's'}")
    return 1 if written.problems else 0
