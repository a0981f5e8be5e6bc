"""Reads policy.toml, and the times of submission from a sheet; applies them to results."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError, available_timezones

import msgspec

from graders.records.policies import Extension, Penalty, Policy, adjust
from graders.records.result import Result
from graders.text.sheets import Names, read_sheet
from graders.text.spreadsheet import unescape_formula
from sanity.core.assignment_toml import in_words, table_lines
from sanity.core.durations import seconds_of
from sanity.core.errors import UserError

STUDENT = ("student", "email", "email address", "id", "sid", "canvas_id", "name", "submission")
"""The titles of the columns that may say who a student is, the most certain first."""
SUBMITTED = ("submitted", "submission time", "time", "created_at")


class PolicyError(UserError):
    """A policy or the times of submission cannot be read; the message is one line."""


def read_policy(path: Path) -> Policy:
    """Read the rules on late work. Raises PolicyError, one line that names the file, the table and the field."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError:
        raise PolicyError(f"{path}: no such file") from None
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: not valid TOML: {error}") from None
    if isinstance(rows := table.get("extension"), list):
        for row, line in zip(rows, table_lines(text, "extension"), strict=False):
            student = row.get("student", "without a student") if isinstance(row, dict) else row
            _convert(row, Extension, f"{path}:{line}: [[extension]] {student}: ")
    if isinstance(table.get("penalty"), dict):
        _convert(table["penalty"], Penalty, f"{path}: [penalty]: ")
    policy: Policy = _convert(table, Policy, f"{path}: ")
    for problem in _contradictions(policy):
        raise PolicyError(f"{path}: {problem}")
    return policy


def _convert(value: Any, kind: type[Any], where: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise PolicyError(where + in_words(str(error), value, kind)) from None


def _contradictions(policy: Policy) -> Iterator[str]:
    """Yield what is wrong with a policy, although each field has a value of its kind."""
    try:
        zone = policy.zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if not available_timezones():
            yield "timezone: this machine has no list of time zones: pip install tzdata"
        yield f"timezone = {policy.timezone!r}: expected the name of a time zone such as Europe/Berlin"
        return
    times = {"due": policy.due, "closes": policy.closes}
    times |= {f"[[extension]] {extension.student}: due": extension.due for extension in policy.extensions}
    for name, time in times.items():
        if time and not 2000 <= time.year < 3000:
            yield f"{name} = {time.isoformat()}: expected a year from 2000 to 2999"
    if policy.closes:
        due, closes = (time if time.tzinfo else time.replace(tzinfo=zone) for time in (policy.due, policy.closes))
        if closes < due:
            yield f"closes = {policy.closes.isoformat()}: expected a time after due"
    if policy.grace:
        try:
            seconds_of(policy.grace)
        except ValueError as error:
            yield f"grace = {error}"
    if policy.penalty and (policy.penalty.percent is None) == (policy.penalty.points is None):
        yield "[penalty]: expected percent or points, one of them"
    seen = set()
    for extension in policy.extensions:
        if extension.student in seen:
            yield f"[[extension]] {extension.student}: there is one for this student already"
        if extension.due is None and extension.late_days is None:
            yield f"[[extension]] {extension.student}: expected due or late_days"
        seen.add(extension.student)


def known_as(results: Iterable[Result]) -> dict[str, str]:
    """Return the submission that each name, number or e-mail address means, if it means one only."""
    found: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for student in result.students:
            for text in (student.name, student.id, student.email, student.canvas_id):
                found[text].add(result.submission)
    found |= {result.submission: {result.submission} for result in results}
    return {text: names.pop() for text, names in found.items() if text and len(names) == 1}


def times_of(results: Iterable[Result], policy: Policy) -> dict[str, datetime]:
    """Return when submissions were handed in, by name, as far as their platform told it."""
    times = {}
    for result in results:
        with suppress(ValueError):
            times[result.submission] = _with_zone(parse_time(result.submitted), policy)
    return times


def _with_zone(time: datetime, policy: Policy) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=policy.zone)


def read_times(path: Path, known: Mapping[str, str], policy: Policy) -> tuple[dict[str, datetime], list[str]]:
    """Return when submissions were handed in, by name, from a sheet with the columns student and submitted.

    Of a group, the last time counts. A row that cannot be understood is a warning. Raises PolicyError if the sheet
    cannot be read.

    Args:
        path: the sheet.
        known: submissions by what may stand in the sheet for their students.
        policy: has the zone of times without an offset.
    """
    try:
        sheet = read_sheet(path)
    except FileNotFoundError:
        raise PolicyError(f"{path}: no such file") from None
    titles = [title.strip().lower() for title in sheet.header]
    who = [titles.index(title) for title in STUDENT if title in titles]
    time = next((titles.index(title) for title in SUBMITTED if title in titles), None)
    if not who or time is None:
        listed = ", ".join(titles) or "nothing"
        raise PolicyError(f"{path}:1: expected the columns student and submitted, found {listed}")
    times: dict[str, datetime] = {}
    aliases = Names(known)
    warnings = []
    for row in sheet.rows[1:]:
        cells = (*row.cells, *[""] * len(titles))
        found = [aliases.find(unescape_formula(cells[place])) for place in who]
        name = next((known[alias] for alias in found if alias), None)
        where = f"{path}:{row.line}"
        if name is None:
            warnings.append(f"{where}: the gradebook has no submission called {cells[who[0]]!r}; correct the name")
        elif cells[time].strip():
            try:
                handed_in = _with_zone(parse_time(cells[time]), policy)
                times[name] = max(handed_in, times.get(name, handed_in))
            except ValueError:
                warnings.append(
                    f"{where}: submitted {cells[time]!r}: expected a time such as 2026-11-20 23:59 or "
                    "2026-11-20T23:59:00+01:00"
                )
    return times, warnings


def parse_time(text: str) -> datetime:
    """Return a time as platforms and spreadsheets write it; raise ValueError if it could be several, or none.

    >>> parse_time("2026-11-20 23:10:05 -0800").isoformat(), parse_time("20.11.2026 23:10").isoformat()
    ('2026-11-20T23:10:05-08:00', '2026-11-20T23:10:00')
    """
    text = re.sub(r"\s*(UTC|Z)$", "+00:00", text.strip())
    text = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", text)
    if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4}),? (\d{1,2}:\d\d(?::\d\d)?)", text):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02} {found[4]:0>5}"
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d", text):  # a date alone says nothing of the hour
        raise ValueError(text)
    return datetime.fromisoformat(text)


def with_policy(
    results: Sequence[Result], policy: Policy, times: Mapping[str, datetime]
) -> tuple[list[Result], list[str]]:
    """Return results with what the policy makes of each, and warnings on extensions of nobody."""
    names = {result.submission: result for result in results}
    known_names = Names(names)
    extended = [(extension, known_names.find(extension.student)) for extension in policy.extensions]
    nobody = [extension.student for extension, name in extended if name is None]
    known = tuple(msgspec.structs.replace(extension, student=name) for extension, name in extended if name)
    policy = msgspec.structs.replace(policy, extensions=known)
    adjusted = [
        msgspec.structs.replace(result, policy=adjust(policy, name, result.points, result.max_points, times.get(name)))
        for name, result in names.items()
    ]
    return adjusted, [f"[[extension]] {student}: the gradebook has no submission of this name" for student in nobody]
