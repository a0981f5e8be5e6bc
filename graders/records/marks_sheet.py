"""Writing the sheet of marks: rows that it lacks are appended, and a mark that was given elsewhere gets its row.

Everything else in the sheet is the staff's own and stays as it is, to the letter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from graders.records.manual_marks import COLUMNS, Mark, MarksError, MarksSheet, places_of
from graders.records.result import Result
from graders.text.sheets import Names, Sheet, parse_sheet
from graders.text.spreadsheet import escape_formula
from sanity.core.manifest import Manifest


def completed_sheet(found: MarksSheet, results: Sequence[Result], manifest: Manifest) -> bytes | None:
    """Return the sheet with a row for each written question of these results; None if it has them all.

    A new file is in UTF-8 with a mark, by which Excel knows it.
    """
    names = {result.submission for result in results}
    known = Names(names)
    there = {(known.find(student), question) for student, question, _ in found.rows}
    wanted = [(name, written.id) for name in sorted(names) for written in manifest.written]
    missing = [{"student": escape_formula(name), "question": id} for name, id in wanted if (name, id) not in there]
    if not missing or (found.sheet and not found.sheet.text):  # a workbook is not written
        return None
    sheet = found.sheet or _new()
    return sheet.encode(sheet.with_rows({}, [_filled((), sheet, row) for row in missing]))


def changed_sheet(found: MarksSheet, names: Collection[str], changes: Mapping[tuple[str, str], Mark]) -> bytes:
    """Return the sheet with other marks, by submission and question, in the rows that count for them, or in new rows.

    Args:
        found: the sheet as it is.
        names: those of all submissions, by which a row's student is found.
        changes: the marks to write: points and comment.

    Raises MarksError for a workbook, which is not written.
    """
    if found.sheet and not found.sheet.text:
        raise MarksError(f"{found.path}: a workbook is only read: save it as CSV, and name that")
    sheet = found.sheet or _new()
    lines, cells = _lines(found, names), {row.line: row.cells for row in sheet.rows}
    rows: dict[int, Sequence[str]] = {}
    more = []
    if "comment" not in places_of(sheet) and any(mark.comment for mark in changes.values()):
        title = sheet.rows[0]
        rows[title.line] = [*title.cells, "comment"]
    for (name, question), mark in changes.items():
        points = mark.shown.replace(".", ",") if _has_decimal_commas(sheet) else mark.shown
        values = {"points": points, "comment": escape_formula(mark.comment)}
        if line := lines.get((name, question)):
            rows[line] = _filled(cells[line], sheet, values)
        elif mark != Mark(None, ""):
            more.append(_filled((), sheet, {"student": escape_formula(name), "question": question, **values}))
    return sheet.encode(sheet.with_rows(rows, more))


def _new() -> Sheet:
    """Return a sheet with a header only."""
    empty = Sheet(())
    return parse_sheet(empty.encode(empty.csv([COLUMNS])))


def _lines(found: MarksSheet, names: Collection[str]) -> dict[tuple[str, str], int]:
    """Return the line of the row that counts, by submission and question: the first that says something."""
    known, lines = Names(names), dict[tuple[str, str], int]()
    by_worth = sorted(found.rows, key=lambda row: row[2] == Mark(None, "", row[2].line))
    for student, question, mark in by_worth:
        if name := known.find(student):
            lines.setdefault((name, question), mark.line)
    return lines


def _filled(cells: Sequence[str], sheet: Sheet, values: Mapping[str, str]) -> list[str]:
    """Return a row with values in their columns. A comment that has no column stands behind all others."""
    places, width = places_of(sheet), len(sheet.header)
    row = [*cells, *[""] * (width - len(cells))]
    for title, value in values.items():
        if title in places:
            row[places[title]] = value
        elif value:
            row[width:] = [value]
    return row


def _has_decimal_commas(sheet: Sheet) -> bool:
    """Return whether a number has a comma in this sheet: to a German spreadsheet 7.5 is the 7th of May."""
    place = places_of(sheet)["points"]
    return sheet.delimiter == ";" and not any("." in "".join(row.cells[place : place + 1]) for row in sheet.rows[1:])
