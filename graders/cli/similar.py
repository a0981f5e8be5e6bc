"""`trivium similar`: progress, the pairs that share the most, and the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from graders.cli.terminal import echo, error, is_terminal, progress_bar
from graders.similarity.report import Report, percent
from graders.similarity.run import Progress, SimilarOptions, find_similar
from graders.text.sanitize import clean_name

MOST_LINES = 20
"""Pairs that are printed; the page has them all."""


def similar(args: argparse.Namespace) -> int:
    """Compare a class, and print the pairs that share the most; return 1 if a submission could not be read."""
    options = SimilarOptions(args.assignment, args.paths, args.out, args.threshold, args.roster)
    with _progress() as on_progress:
        report = find_similar(options, on_progress)
    for line in _lines(report):
        echo(line)
    for note in report.notes:
        error(f"note: {clean_name(note, 300)}")
    if report.too_little:
        error(f"note: {len(report.too_little)} with too little code of their own to be in a pair: the page names them")
    for name, reason in report.unread.items():
        error(f"{clean_name(name)}: not read: {clean_name(reason)}")
    return 1 if report.unread else 0


def _lines(report: Report) -> Iterator[str]:
    for row in report.rows[:MOST_LINES]:
        shares = f"{percent(row.pair.of_first):>3} % of {clean_name(row.first)}, {percent(row.pair.of_second)} % of "
        questions = f": {', '.join(row.view.questions)}" if row.view.questions else ""
        yield f"{shares}{clean_name(row.second)}{questions}"
    if len(report.rows) > MOST_LINES:
        yield f"and {len(report.rows) - MOST_LINES + report.not_shown} more"
    size, pairs, shown = len(report.names), report.comparison.compared, len(report.rows) + report.not_shown
    compared = "1 pair" if pairs == 1 else f"{pairs:,} pairs"
    yield f"class of {size}, {compared}: {shown} from {percent(report.least)} % on, to be read by a person"
    yield str(report.index)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar on a terminal."""
    if not is_terminal(sys.stderr):
        yield lambda name, done, total: None
        return
    with progress_bar() as bar:
        task = bar.add_task("comparing", total=None)
        yield lambda name, done, total: bar.update(task, completed=done, total=total, description=clean_name(name)[:24])
