"""The pages and the table of a comparison. Each page is one file that loads nothing; for staff only."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from graders.similarity import pairs as rules
from graders.similarity.pairs import Comparison, Pair
from graders.similarity.view import PairView
from graders.text.pages import page_environment, source_of
from graders.text.sanitize import clean_name, clean_text
from graders.text.spreadsheet import escape_formula
from sanity.core.manifest import Manifest

if TYPE_CHECKING:
    from jinja2 import Environment

HUES = 6
"""Colours of passages, by turns; each has its number, too."""
BINS = 20


@dataclass(frozen=True)
class Row:
    """A pair to show."""

    number: int
    """From 1, the most similar first."""
    pair: Pair
    first: str
    second: str
    group: int
    """The number of its group of three and more, from 1; 0 for none."""
    view: PairView

    @property
    def page(self) -> str:
        """The name of its page."""
        return f"pair-{self.number:03}.html"


@dataclass(frozen=True)
class Report:
    """A class, compared."""

    assignment: Manifest
    names: tuple[str, ...]
    """The submissions that were compared."""
    rows: tuple[Row, ...]
    comparison: Comparison
    threshold: float | None
    """What was asked for, from 0 to 1; None: the pairs far out of the class."""
    too_little: tuple[str, ...]
    """Those with less code of their own, beyond what is common, than a pair must share to be shown."""
    unread: Mapping[str, str]
    """The reason by name."""
    notes: tuple[str, ...]
    folder: Path

    @property
    def index(self) -> Path:
        """The path of the first page."""
        return self.folder / "index.html"

    @property
    def least(self) -> float:
        """The share from which a pair is shown, 0 to 1."""
        return self.comparison.fence if self.threshold is None else self.threshold

    @property
    def not_shown(self) -> int:
        """The number of pairs that are as similar as those shown, and left out."""
        return len(self.comparison.flagged(self.threshold)) - len(self.rows)

    @property
    def groups(self) -> dict[int, list[str]]:
        """The members of each group of three and more, by its number."""
        numbers = sorted({row.group for row in self.rows if row.group})
        return {
            number: sorted({name for row in self.rows if row.group == number for name in (row.first, row.second)})
            for number in numbers
        }


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram."""

    low: int
    """Per cent."""
    high: int
    count: int
    height: float
    """From 0 to 1, of the logarithm: a class has thousands of pairs that share nothing, and one or two that matter."""


def index_page(report: Report) -> str:
    """Return the page with the distribution, the groups and the pairs."""
    counts = report.comparison.histogram(BINS)
    most = math.log1p(max(1, *counts))
    step = 100 // BINS
    bars = [Bar(step * i, step * (i + 1), count, math.log1p(count) / most) for i, count in enumerate(counts)]
    return _templates().get_template("index.html.jinja").render(report=report, bars=bars, rules=rules)


def pair_page(report: Report, row: Row) -> str:
    """Return the page of a pair: both codes side by side, shared passages marked."""
    script = (Path(__file__).parent / "pair.js").read_text(encoding="utf-8")
    template = _templates().get_template("pair.html.jinja")
    return template.render(report=report, row=row, script=script, script_source=source_of(script), hues=HUES)


def table_csv(rows: Sequence[Row]) -> str:
    """Return a row of CSV for each pair. Text that a spreadsheet would evaluate gets a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    titles = ("share of first %", "share of second %", "passages", "lines of first", "lines of second")
    writer.writerow(["pair", "first", "second", *titles, "questions", "group", "page"])
    for row in rows:
        writer.writerow(
            [
                row.number,
                escape_formula(clean_name(row.first)),
                escape_formula(clean_name(row.second)),
                percent(row.pair.of_first),
                percent(row.pair.of_second),
                len(row.view.passages),
                row.view.lines(),
                row.view.lines(second=True),
                " ".join(row.view.questions),
                row.group or "",
                row.page,
            ]
        )
    return out.getvalue()


def percent(share: float) -> int:
    """Return a share in whole per cent; 100 only for all of it.

    >>> percent(0.996), percent(1.0), percent(0.125)
    (99, 100, 12)
    """
    return 100 if share == 1 else min(99, round(100 * share))


def _code(text: str) -> str:
    """Return a part of a submission as it may be shown, not shortened: without what reorders or hides a line."""
    return clean_text(text, limit=len(text) + 1)


@cache
def _templates() -> Environment:
    environment = page_environment(Path(__file__).parent)
    environment.filters |= {"code": _code, "percent": percent}
    return environment
