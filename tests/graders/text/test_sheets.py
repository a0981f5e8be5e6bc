"""Sheets are read whatever saved them, and cells are matched with what they mean."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.text.sheets import MOST_BYTES, Names, Sheet, SheetError, decimal, parse_sheet, read_sheet
from graders.text.spreadsheet import defuse, escape_formula, unescape_formula
from tests.support.results import texts

TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=4), st.sampled_from(",;\t"), ENCODINGS)
def test_any_table_is_read_as_it_was_written(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    rows = [["student", "id", "x"], *rows]
    data = Sheet((), delimiter).csv(rows).encode(encoding)
    sheet = parse_sheet(data)
    assert [list(row.cells) for row in sheet.rows] == [row for row in rows if any(map(str.strip, row))]
    assert sheet.delimiter == delimiter and sheet.encode(sheet.text).decode(encoding) == data.decode(encoding)


def test_lines_are_those_of_the_file() -> None:
    assert [row.line for row in parse_sheet(b'sep=;\r\na;b\r\n\r\n"x\r\ny";1\r\nz;2').rows] == [2, 5, 6]


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SheetError) as error:
        read_sheet(tmp_path)
    assert str(error.value) == f"{tmp_path}: cannot be read: Is a directory"
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(SheetError) as error:
        read_sheet(huge)
    assert str(error.value) == f"{huge}: more than 64 MB: not the sheet of a class"
    (tmp_path / "long.csv").write_text("a,b\n" + "x" * (csv.field_size_limit() + 1))
    with pytest.raises(SheetError, match=r"long\.csv: cannot be read as a table: field larger than field limit"):
        read_sheet(tmp_path / "long.csv")


@pytest.mark.parametrize("text", ["", "x", "1e3", "inf", "nan", "1.2.3", "1,2,3", "1.000,5", "--1", "½", "1 0"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        decimal(text)


@given(texts() | st.text("'=-a", max_size=4))
def test_any_text_survives_a_cell_and_none_is_a_formula(text: str) -> None:
    cell = escape_formula(text)
    assert unescape_formula(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert defuse(cell) == cell


@given(st.lists(TEXT, unique=True, max_size=6))
def test_a_name_as_it_is_means_itself(names: list[str]) -> None:
    found = Names(names)
    assert [found.find(name) for name in names] == names


def test_numbers_of_other_cells_stay() -> None:
    cells = ["-1", "+1.5", "-1,5", "-", "-50%", "-1+1", "=1", "@x", "x"]
    assert [defuse(cell) for cell in cells] == ["-1", "+1.5", "-1,5", "-", "-50%", "'-1+1", "'=1", "'@x", "x"]


def test_a_lone_carriage_return_stays_in_its_cell() -> None:
    text = Sheet(()).csv([["a\rb", "c"]])
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a\rb", "c"]]
