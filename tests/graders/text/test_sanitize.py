from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text, encodable
from tests.support.results import texts

LONG = st.tuples(texts(), st.integers(1, 9), texts()).map(lambda parts: parts[0] * parts[1] * 50 + parts[2])


@given(LONG, st.integers(1, 500))
def test_cleaned_text_is_short_printable_and_stays_as_it_is(text: str, limit: int) -> None:
    clean = clean_text(text, limit)
    assert len(clean) <= limit
    assert clean_text(clean, limit) == clean
    assert {c for c in clean if unicodedata.category(c) in ("Cc", "Cs")} <= {"\n", "\t"}
    clean.encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain, naïve ✓\n\tindented", "plain, naïve ✓\n\tindented"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdata\x1b\\text", "text"),
        ("\x1b(Btext\x1bc", "text"),
        ("\x1b]0;a title without end", "]0;a title without end"),
        ("\x1b[\x1b[31mred", "[red"),
        ("10%\r20%\r\ndone\u2028", "10%\n20%\ndone\n"),
        ("a\x00\x07\x7f\x80b", "ab"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\udcff", "\\udcff"),
    ],
)
def test_terminal_codes_and_control_characters(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


def test_long_text_keeps_head_and_tail() -> None:
    clean = clean_text("a" * 5000 + "b" * 5000, limit=250)
    assert clean == "a" * 100 + "\n… 9,800 characters left out …\n" + "b" * 100


@given(texts())
def test_a_name_is_one_line(name: str) -> None:
    clean = clean_name(name)
    assert len(clean.splitlines()) <= 1 and "\t" not in clean and clean_name(clean) == clean


def test_names_that_differ_in_control_characters_still_differ() -> None:
    assert clean_name("a\x1b[31m\n") == "a␛[31m␊" and clean_name("\x9b31m\u2028") == "�31m�"
    assert len({clean_name(name) for name in ["a", "a\n", "a\r", "a\x00", "a\x7f", "a\udcff", "a\udcfe"]}) == 7


def test_a_name_that_is_not_text_is_written_out() -> None:
    assert encodable("caf\udce9") == "caf\\udce9"


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (10, "10"), (7.5, "7.5"), (1 / 3, "0.33"), (0.1 + 0.2, "0.3")])
def test_points_as_people_write_them(value: float, text: str) -> None:
    assert number(value) == text


def test_printable_text_which_takes_a_shorter_way_has_nothing_to_remove() -> None:
    printable = "".join(character for character in map(chr, range(sys.maxunicode + 1)) if character.isprintable())
    limit = len(printable) + 10
    assert clean_text(printable, limit) == printable
    assert clean_text(printable + "\n", limit) == printable + "\n"  # which takes the longer way
    assert clean_name(printable, limit) == printable
    assert clean_name(printable + "\n", limit) == printable + "␊"
