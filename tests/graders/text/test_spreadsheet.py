from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from graders.text.spreadsheet import escape_formula, unescape_formula


@given(st.text(st.sampled_from("'=+-@\t\rab"), max_size=5) | st.text())
@example("'ada")
@example("''=1")
def test_every_text_comes_back_and_none_is_a_formula(text: str) -> None:
    cell = escape_formula(text)
    assert unescape_formula(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.text(st.sampled_from("'=ada"), max_size=4), unique=True))
def test_names_are_told_apart(names: list[str]) -> None:
    assert len({escape_formula(name) for name in names}) == len(names)
