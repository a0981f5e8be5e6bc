"""Measure, and print a table: `python -m benchmarks`. With --write, put it into benchmarks/README.md too."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import word2vec
from benchmarks.classes import class_rows
from benchmarks.measuring import signature, table
from benchmarks.student import student_rows

README = Path(__file__).with_name("README.md")
HEADING = "## The last table\n"


def main() -> None:
    """Measure, some minutes long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="rounds of each measurement (default: 5)")
    parser.add_argument("--write", action="store_true", help=f"replace the table in {README.name}")
    args = parser.parse_args()
    measured_on = signature()
    with tempfile.TemporaryDirectory() as folder:
        rows = student_rows(Path(folder, "homework"), args.repeats)
        rows += class_rows(Path(folder), args.repeats)
    rows += word2vec.rows(args.repeats)
    text = f"{table(rows)}\n\n{measured_on}; {args.repeats} rounds.\n"
    print(text)
    if args.write:
        before = README.read_text(encoding="utf-8").partition(HEADING)[0]
        README.write_text(f"{before}{HEADING}\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
