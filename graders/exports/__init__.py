"""Exports of a graded class. Each format is a pure function of results; only `export_class` writes files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graders.atomic import remove_leftovers, write_atomically
from graders.exports.explanation import AS_EVER
from graders.exports.gradescope import results_json
from graders.exports.report import write_report
from graders.exports.table import gradebook_csv
from graders.records.result import Result, Unread
from graders.text.safe_names import safe_names
from sanity.core.feedback import Dial


def export_class(
    results: Sequence[Result], out: Path, unread: Sequence[Unread] = (), dial: Dial = AS_EVER
) -> list[Path]:
    """Write gradebook.csv, report/ and results/<submission>.json to `out`.

    Returns the paths of gradebook.csv, of the report's index, and of each results.json, in this order. The last tell
    students what the dial lets through, the others tell staff everything.
    What could not be read has a line without marks in the first two, and no results.json.
    Each file is replaced atomically. Other .json files in results/, of renamed or removed submissions, are deleted.
    Raises OSError.
    """
    ordered = sorted(results, key=lambda result: (result.submission, result.digest, result.signature.seed))
    files = [out / "gradebook.csv", write_report(ordered, out / "report", unread)]
    write_atomically(files[0], gradebook_csv(ordered, unread))
    for name, result in zip(safe_names([result.submission for result in ordered]), ordered, strict=True):
        files.append(out / "results" / f"{name}.json")
        write_atomically(files[-1], results_json(result, dial))  # one by one: thousands need not fit in memory
    for path in {*(out / "results").glob("*.json")} - {*files}:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in files} | {out / "report" / "submissions"}:
        remove_leftovers(folder)
    return files
