"""Measure, and print tables: `python -m benchmarks [SECTION …]`. With --write, benchmarks/README.md gets them too."""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.measuring import measure

README = Path(__file__).with_name("README.md")
SECTIONS = ("student", "cold", "classes", "word2vec", "cooccurrence", "parsing")
"""Modules here whose `rows(repeats)` are measured by default."""
MORE = tuple(
    name
    for name in ("training", "decoding", "gpu", "toy_seeds", "parsing_seeds", "treebank", "otter", "scale", "cluster")
    if README.with_name(f"{name}.py").is_file()
)
"""Modules that are measured only when named: they take long, or want a GPU."""


def written(text: str, section: str, new: str) -> str:
    """Return the README's text with a section replaced, or added at the end."""
    before, found, after = text.partition(f"### {section}\n")
    if not found:
        return f"{text}\n{new}"
    _, heading, others = after.partition("\n### ")
    return f"{before}{new}{heading}{others}"


def main() -> None:
    """Measure, some minutes long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    choices = (*SECTIONS, *MORE)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(choices)} (default: the first six)"
    )
    parser.add_argument("--repeats", type=int, default=5, help="rounds of each measurement (default: 5)")
    parser.add_argument("--write", action="store_true", help=f"replace these tables in {README.name}")
    args = parser.parse_args()
    if unknown := sorted(set(args.sections) - set(choices)):
        parser.error(f"no section {unknown[0]!r}: one of {', '.join(choices)}")
    for section in args.sections or SECTIONS:
        # A process for each: the modules of assignments share names, such as `run`.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            text = pool.submit(measure, section, args.repeats).result()
        print(text, flush=True)
        if args.write:
            README.write_text(written(README.read_text(encoding="utf-8"), section, text), encoding="utf-8")


if __name__ == "__main__":
    main()
