"""Reads tables of other programs by the titles of their columns."""

from __future__ import annotations

import csv

from graders.text.sheets import parse_sheet


def read_table(data: bytes) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the column names of a CSV file, and its rows with their line numbers; missing cells are empty.

    Raises csv.Error for what is no table.

    >>> read_table("name;group\\nJosé;3\\n".encode("cp1252"))
    (['name', 'group'], [(2, {'name': 'José', 'group': '3'})])
    """
    try:
        sheet = parse_sheet(data)
    except ValueError as error:
        raise csv.Error(str(error)) from None
    names = [title.strip() for title in sheet.header]
    found = []
    for row in sheet.rows[1:]:
        cells = [cell.strip() for cell in row.cells] + [""] * (len(names) - len(row.cells))
        found.append((row.line, dict(zip(names, cells, strict=False))))
    return names, found
