"""Reading assignment.toml: every table is validated alike, and every error names file, line, table and field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from sanity.core.durations import DURATION, seconds_of
from sanity.core.feedback import Feedback
from sanity.core.manifest import (
    FILE_NAME,
    ID,
    NAME,
    Manifest,
    ManifestError,
    Question,
    TrainedQuestion,
    WrittenQuestion,
)


def read_manifest(folder: Path) -> Manifest:
    """Read folder/assignment.toml.

    Raises ManifestError, one line that names the file, the line, the table and the field, if it is missing or invalid.
    """
    path = folder / "assignment.toml"
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError:
        raise ManifestError(f"{path}: not found; run this in an assignment's folder") from None
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: not valid TOML: {error}") from None
    headers: dict[str, int] = {}
    for name, kind in (("question", Question), ("written", WrittenQuestion), ("trained", TrainedQuestion)):
        rows = table.get(name, [])
        if not isinstance(rows, list):
            raise ManifestError(f"{path}: {name}: expected a table under [[{name}]], in two brackets")
        for row, line in zip(rows, table_lines(text, name), strict=False):
            id = row.get("id", "without an id") if isinstance(row, dict) else row
            if name == "question" and isinstance(row, dict):
                _check_feedback(row, f"{path}:{line}: [question.feedback] {id}: ")
            _convert(row, kind, f"{path}:{line}: [[{name}]] {id}: ")
            headers[f"[[{name}]] {id}"] = line
    _check_feedback(table, f"{path}: [feedback]: ")
    manifest: Manifest = _convert(table, Manifest, f"{path}: ")
    for where, problem in _contradictions(manifest):
        place = f"{headers[where]}:" if where in headers else ""
        raise ManifestError(f"{path}:{place} {where}: {problem}")
    return manifest


def _check_feedback(table: dict[str, Any], where: str) -> None:
    """Raise ManifestError if the feedback of an assignment or a question is set, and wrong."""
    if isinstance(value := table.get("feedback"), dict):
        feedback: Feedback = _convert(value, Feedback, where)
        if (feedback.until is None) != (feedback.then is None):
            raise ManifestError(f"{where}expected until and then, or neither: a date, and the level from then on")


def table_lines(text: str, table: str) -> list[int]:
    """Return the numbers of the lines on which tables of this name begin."""
    header = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), start=1) if header.match(line)]


def _convert(value: Any, kind: type[Any], where: str) -> Any:
    """Return value as a kind of table; raise ManifestError, in our words, for the first field that does not fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ManifestError(where + in_words(str(error), value, kind)) from None


EXPECTED = {
    "str": "text",
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "datetime": "a date with a time such as 2026-11-20T23:59:00",
    "array": "a list",
    "object": "a table",
}
BOUNDS = {">": "above", "<=": "up to"}
PATTERNS = {
    ID: "a question's id such as 1d or 2.3",
    FILE_NAME: "a file name such as utils.py",
    NAME: "a name such as a4",
    DURATION: "a time such as 90s, 10m or 1.5h",
}


def in_words(error: str, value: Any, kind: type[Any]) -> str:
    """Say what msgspec says, with the field's name and the value that was found."""
    said, _, place = error.partition(" - at `$")
    if " - at `key` in `$" in error:
        said, _, place = error.partition(" - at `key` in `$")
        value = "one of its keys"
        return f"{place.strip('`.')}: {value}: {_expected(said)}"
    place = place.strip("`.")
    if found := re.search(r"missing required field `(\w+)`", said):
        return f"{place and place + ': '}{found[1]} is missing"
    if found := re.search(r"unknown field `(.+)`", said):
        known = ", ".join(name.encode_name for name in msgspec.structs.fields(kind))
        return f"{place and place + ': '}{found[1]} is not known here; known are {known}"
    for part in re.findall(r"\w+", place):  # not [...], the values of a table with any keys
        value = value[int(part) if part.isdigit() else part]
    return f"{place} = {value.isoformat() if isinstance(value, date) else repr(value)}: {_expected(said)}"


def _expected(said: str) -> str:
    """Return what msgspec expected, in our words."""
    said = re.sub(r"(`\w+`) >= (?=\d)", r"\1 from ", said)
    said = said.replace("`datetime` with a timezone component", f"{EXPECTED['datetime']}+01:00, with its offset")
    said = said.replace(" | null`", "`").replace("Invalid RFC3339 encoded datetime", "Expected `datetime`")
    said = re.sub(r"`(\w+)`(?=, got)|`(\w+)`", lambda type: EXPECTED.get(type[1] or type[2], type[0]), said)
    said = re.sub(r"(<=|>) ", lambda sign: f"{BOUNDS[sign[1]]} ", said.partition(", got")[0])
    said = re.sub(r"text matching regex '(.*)'", lambda found: _pattern(found[1].replace("\\\\", "\\")), said)
    said = re.sub(r"(\d)\.0\b", r"\1", said)
    return f"{said[0].lower()}{said[1:]}"


def _pattern(pattern: str) -> str:
    """Return what a pattern means; of a choice such as ^(day|hour)$, its words."""
    return PATTERNS.get(pattern) or pattern.strip("^()$").replace("|", " or ")


def _contradictions(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """Yield where and how the parts of a manifest contradict each other."""
    seen: dict[str, str] = {}
    for name in ("question", "written", "trained"):
        for row in getattr(manifest, "questions" if name == "question" else name):
            if row.id in seen:
                yield f"[[{name}]] {row.id}", f"{seen[row.id]} has this id, too"
            seen[row.id] = f"a [[{name}]]"
    for question in manifest.questions:
        where = f"[[question]] {question.id}"
        if question.file not in manifest.submit:
            yield where, f"file = {question.file!r}: expected one of submit: {', '.join(manifest.submit)}"
        for id in question.needs:
            if id == question.id or id not in {other.id for other in manifest.questions}:
                yield where, f"needs = {id!r}: expected the id of another question"
    for pattern in manifest.handout:
        if pattern.startswith("/") or ".." in pattern.split("/"):
            yield "handout", f"{pattern!r}: expected a path or pattern inside the folder, such as nmt/*.py"
    for file in manifest.aliases:
        if file not in manifest.submit:
            yield "aliases", f"{file}: expected one of submit: {', '.join(manifest.submit)}"
    names = [*manifest.given, *manifest.accepted]
    for file in sorted({name for name in names if names.count(name) > 1}):
        yield "files", f"{file} is listed twice in submit, given and aliases"
    for trained in manifest.trained:
        yield from ((f"[[trained]] {trained.id}", problem) for problem in _unclear_thresholds(trained))


def _unclear_thresholds(trained: TrainedQuestion) -> Iterable[str]:
    """Yield what is wrong with a budget or with thresholds."""
    try:
        seconds_of(trained.budget)
    except ValueError as error:
        yield f"budget = {error}"
    for (score, points), (next_score, next_points) in pairwise(trained.thresholds):
        if next_score <= score or next_points <= points:
            before, after = f"[{score:g}, {points:g}]", f"[{next_score:g}, {next_points:g}]"
            yield f"thresholds must rise, score and points: {after} comes after {before}"
    if (last := trained.thresholds[-1][1]) != trained.points:
        yield f"the last threshold gives {last:g} points, expected all {trained.points:g}"
