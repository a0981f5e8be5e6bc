"""After training: the parses of test are scored, once, and the report is written."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sanity.training.commands import save_files

if TYPE_CHECKING:
    from parsing.treebank import Parse, Treebank
    from sanity.training.report import Facts


def report(treebank: Treebank, parses: Sequence[Parse], folder: Path, facts: Facts) -> None:
    """Score the parses of test, if there is one, and write the report, with the facts. Raises SaveError."""
    from parsing.scoring import by_arc_length, by_relation, by_sentence_length, confusion, score
    from parsing.treebank import punctuation_in
    from sanity.parsing.plots import curves_of
    from sanity.parsing.report import Example, Groups, report_files
    from sanity.training.tracking import read_log

    test, page = treebank.test, folder / "report.html"
    curves = curves_of(read_log(folder / "log.jsonl"))
    if test:
        result = score(test, parses, punctuation_in(test))
        groups = Groups(
            by_sentence_length(test, parses),
            by_arc_length(test, parses),
            by_relation(test, parses),
            None if result.las is None else confusion(test, parses),
        )
        examples = [Example(*sentence, *parse) for sentence, parse in zip(test, parses, strict=True)]
        files = report_files(treebank.name, facts, curves, result, groups, examples)
        print(f"- test UAS: {result.uas:.2f}")
        if result.las is not None:
            print(f"- test LAS: {result.las:.2f}")
        print(f"test: {result}")
    else:
        files = report_files(treebank.name, facts, curves)
    save_files(folder, files)
    print(f"curves, scores and trees to look at: {page}" if test else f"curves: {page}")


def checksums_of(treebank: Treebank, fingerprint: Mapping[str, str]) -> dict[str, str]:
    """Return what the report says of the data: numbers of things and the CRC-32 of them.

    Args:
        treebank: its dev and test.
        fingerprint: that of the training: see checkpoint.py.
    """
    parts = {"dev": treebank.dev, "test": treebank.test}
    return {
        "training text": fingerprint["training text"],
        **{
            name: f"{len(sentences)} sentences, {zlib.crc32(repr([tuple(one) for one in sentences]).encode()):08x}"
            for name, sentences in parts.items()
        },
        "vocabulary": fingerprint["vocabulary"],
    }
