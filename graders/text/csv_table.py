"""Reads tables of other programs: whatever their encoding and separator."""

from __future__ import annotations

import codecs
import csv
import io

_SEPARATORS = ",;\t"
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_table(data: bytes) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the column names of a CSV file, and its rows with their line numbers; missing cells are empty.

    Takes UTF-8 and UTF-16, else cp1252, as Excel writes it; the separator is the one that the first line has most of.

    >>> read_table("name;group\\nJosé;3\\n".encode("cp1252"))
    (['name', 'group'], [(2, {'name': 'José', 'group': '3'})])
    """
    text = _decoded(data)
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names: list[str] = []
    found = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if not names:
            names = [cell.strip() for cell in row]
        else:
            cells = [cell.strip() for cell in row] + [""] * (len(names) - len(row))
            found.append((rows.line_num, dict(zip(names, cells, strict=False))))
    return names, found


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
