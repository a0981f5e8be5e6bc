"""Reads tables as spreadsheets and learning platforms save them: any delimiter, decimal mark and usual encoding.

A table in CSV says neither its encoding nor its delimiter. Both are found by trial rather than guessed by statistics:
charset-normalizer takes three of four short sheets in cp1252 for something else (cp775, ISO 8859-10, Big5), while text
that is valid UTF-8 and means something else is rare; and csv.Sniffer may find any letter to be a delimiter.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sanity.core.errors import UserError

DELIMITERS = (",", ";", "\t")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LINES_ABOVE_A_HEADER = 3
MOST_BYTES = 64 * 2**20
"""A larger file is no sheet of a class."""


class SheetError(UserError):
    """A sheet cannot be read; the message is one line."""


@dataclass(frozen=True)
class Row:
    """One row that is not empty."""

    line: int
    """The line of the file on which it ends; in a workbook its row."""
    cells: tuple[str, ...]
    start: int = 0
    """The line on which it begins; 0 in a workbook."""


@dataclass(frozen=True)
class Sheet:
    """A table, with what is needed to write it back in the same way."""

    rows: tuple[Row, ...]
    """All rows, the header first."""
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    line_end: str = "\n"
    text: str = field(default="", repr=False)
    """The whole file, decoded; empty for a workbook."""

    @property
    def header(self) -> tuple[str, ...]:
        """The cells of the first row."""
        return self.rows[0].cells if self.rows else ()

    def csv(self, rows: Sequence[Sequence[str]]) -> str:
        """Return rows as CSV with the delimiter and the line ends of this sheet."""
        return "".join(f"{_line(row, self.delimiter)}{self.line_end}" for row in rows)

    def with_rows(self, rows: Mapping[int, Sequence[str]], more: Sequence[Sequence[str]]) -> str:
        """Return the text with other cells in some rows, by the line on which each ends, and with more rows below.

        All other rows stay as they are, to the letter.
        """
        lines = list(io.StringIO(self.text, newline=""))
        for row in self.rows:
            if (cells := rows.get(row.line)) is not None:
                last = lines[row.line - 1]
                end = last[len(last.rstrip("\r\n")) :]
                lines[row.start - 1 : row.line] = [*[""] * (row.line - row.start), _line(cells, self.delimiter) + end]
        text = "".join(lines)
        end = "" if not more or not text or text.endswith(("\n", "\r")) else self.line_end
        return f"{text}{end}{self.csv(more)}"

    def encode(self, text: str) -> bytes:
        """Return text in the encoding of this sheet; in UTF-8 with a mark, if that encoding has not all characters."""
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            return text.encode("utf-8-sig")


def _line(row: Sequence[str], delimiter: str) -> str:
    """Return a row without its line end. A lone carriage return is quoted only by a writer that ends lines with it."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerow(row)
    return out.getvalue().removesuffix("\r\n")


def read_sheet(path: Path) -> Sheet:
    """Read a table from CSV text, or from the first sheet of an .xlsx file. Raises SheetError and FileNotFoundError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SheetError(f"{path}: more than {MOST_BYTES >> 20} MB: not the sheet of a class")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise SheetError(f"{path}: cannot be read: {error.strerror or error}") from None
    if data.startswith(b"PK\x03\x04"):
        return Sheet(_without_title(_workbook_rows(path, data)))
    try:
        return parse_sheet(data)
    except (ValueError, csv.Error) as error:
        raise SheetError(f"{path}: cannot be read as a table: {error}; save it as CSV in UTF-8") from None


def parse_sheet(data: bytes) -> Sheet:
    """Return the table in the bytes of a CSV file; raise ValueError or csv.Error if they are none."""
    text, encoding = _decode(data)
    line_end = "\r\n" if "\r\n" in text else "\n"
    body, skipped, delimiter = text, 0, ""
    first, _, rest = text.partition("\n")
    if first.strip().lower().removeprefix('"').startswith("sep=") and first.strip(' "\r')[4:]:  # Excel's own line
        body, skipped, delimiter = rest, 1, first.strip(' "\r')[4]
    delimiter = delimiter or _delimiter(body)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)
    rows, start = [], 1
    for cells in reader:
        if any(map(str.strip, cells)):
            rows.append(Row(reader.line_num + skipped, tuple(cells), start + skipped))
        start = reader.line_num + 1
    return Sheet(_without_title(tuple(rows)), delimiter, encoding, line_end, text)


def _without_title(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return the rows without the name of the table, which Numbers writes above the header."""
    filled = [sum(map(bool, map(str.strip, row.cells))) for row in rows[:2]]
    return rows[1:] if filled[:1] == [1] and filled[1:] > [1] else rows


def _decode(data: bytes) -> tuple[str, str]:
    """Return text and its encoding: by its byte order mark, else UTF-8, UTF-16 or cp1252."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding), encoding
    if b"\0" in data[:100]:  # a letter of a header in UTF-16 is a byte and a zero
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
        return data.decode(encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            raise ValueError("it is no text in UTF-8, UTF-16 or cp1252") from None


def _delimiter(text: str) -> str:
    """Return the delimiter by which the first row has the most cells, that is the first with more than one."""
    readers = {sign: csv.reader(io.StringIO(text, newline=""), delimiter=sign) for sign in DELIMITERS}
    for _ in range(_LINES_ABOVE_A_HEADER + 1):
        cells = {sign: len(next(reader, [])) for sign, reader in readers.items()}
        if max(cells.values()) > 1:
            return max(cells, key=cells.__getitem__)
    return DELIMITERS[0]


def _workbook_rows(path: Path, data: bytes) -> tuple[Row, ...]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = [tuple("" if v is None else _cell(v) for v in row) for row in book.worksheets[0].values]
    except Exception as error:  # openpyxl lets through whatever zipfile, XML and its own classes raise
        raise SheetError(f"{path}: cannot be read as an Excel workbook: {type(error).__name__}") from None
    return tuple(Row(number, row) for number, row in enumerate(rows, start=1) if any(map(str.strip, row)))


def _cell(value: object) -> str:
    """Return a cell's value as text: whole numbers without `.0`."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def decimal(text: str) -> float:
    """Return a number written with a point or a comma; raise ValueError for any other text.

    >>> decimal("1,5"), decimal(" 2.0 ")
    (1.5, 2.0)
    """
    text = text.strip()
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not text.replace(".", "", 1).removeprefix("-").isdecimal():
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def same_text(text: str) -> str:
    """Return a form that is equal for texts that look alike: of composed and decomposed letters, case and spaces.

    >>> same_text(" Jose\\u0301  Núñez") == same_text("josé núñez")
    True
    """
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


class Names:
    """Names, to find the one that a cell means.

    A spreadsheet may change the form of letters, remove leading zeros of a number or the apostrophe of an escaped
    cell, and people add spaces: a form counts if only one name has it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._by_form: list[dict[str, list[str]]] = []

    def find(self, cell: str) -> str | None:
        """Return the name that a cell means; None if there is none, or several would do."""
        if cell in self._names:
            return cell
        if not self._by_form:  # most sheets have all names as they are
            for form in _FORMS:
                alike: dict[str, list[str]] = defaultdict(list)
                for name in self._names:
                    alike[form(name)].append(name)
                self._by_form.append(alike)
        for form, by_form in zip(_FORMS, self._by_form, strict=True):
            if found := by_form.get(form(cell)):
                return found[0] if len(found) == 1 else None
        return None


def _unpadded(name: str) -> str:
    """Return a number without leading zeros and a spreadsheet's `.0`; other text as `same_text` does."""
    text = same_text(name)
    digits = text.removesuffix(".0").removesuffix(",0")
    return digits.lstrip("0") or "0" if digits.isdecimal() else text


_FORMS: tuple[Callable[[str], str], ...] = (
    lambda name: unicodedata.normalize("NFC", name),
    same_text,
    lambda name: same_text(name.lstrip("'")),
    _unpadded,
)
"""What may have become of a name, the least first."""
