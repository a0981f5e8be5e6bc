"""Of an exception on a hidden case a message tells one of a few things, whatever the submission claims."""

from __future__ import annotations

import builtins

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanity.core.calling import SubmissionError, problem_of
from sanity.core.disclosure import KINDS, MAX_LINE, kind_text, place_text
from sanity.core.known_errors import KNOWN
from sanity.core.values import MANY, describe, sizes_text

EXCEPTIONS = [
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException) and name == kind.__name__
]
FILES = {
    "utils.py": b"one\ntwo\nthree",
    "words.ipynb": b'{"cells": [{"cell_type": "code", "source": "a\\nb"}]}',
    "left.py": b"",
    "right.py": b"",
}
NAMED = ["utils.py", "words.ipynb"]


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_a_kind_is_told_as_one_of_a_few_and_truly(name: str) -> None:
    told = kind_text(name, hidden=True)
    assert told == "an exception" or (told in KINDS and issubclass(getattr(builtins, name), getattr(builtins, told)))
    assert kind_text(name, hidden=False) == name


@pytest.mark.parametrize("name", ["print", "int", "Warning", "__name__", "GivesFullMarks", "", "None"])
def test_what_is_no_common_kind_is_an_exception(name: str) -> None:
    assert kind_text(name, hidden=True) == "an exception"


@pytest.mark.parametrize(
    ("place", "line", "told"),
    [
        ("utils.py", 1, "utils.py, line 1"),
        ("utils.py", 3, "utils.py, line 3"),
        ("utils.py", 4, "utils.py"),
        ("utils.py", 0, "utils.py"),
        ("utils.py", -1, "utils.py"),
        ("utils.py", 2**63, "utils.py"),
        ("utils.py, cell 1", 1, "utils.py"),
        ("words.ipynb, cell 1", 2, "words.ipynb, cell 1, line 2"),
        ("words.ipynb, cell 1", 3, "words.ipynb, cell 1"),
        ("words.ipynb, cell 2", 1, "words.ipynb"),
        ("words.ipynb, cell 01", 1, ""),
        ("words.ipynb, cell \u0661", 1, ""),
        ("words.ipynb", 1, "words.ipynb"),
        ("elsewhere.py", 1, ""),
        ("left.py", 1, "a module of yours, line 1"),
        ("right.py", 2, "a module of yours"),
    ],
)
def test_a_place_is_one_that_exists(place: str, line: int, told: str) -> None:
    assert place_text(place, line, FILES, NAMED) == told


def test_where_the_case_is_no_secret_every_file_is_named() -> None:
    assert place_text("left.py", 1, FILES) == "left.py, line 1"


def test_a_single_helper_may_be_named() -> None:
    assert place_text("left.py", 1, {"utils.py": b"", "left.py": b""}, NAMED) == "left.py, line 1"


def test_no_line_is_told_of_the_end_of_a_file_that_numbers_inputs_by_its_lines() -> None:
    files = {"utils.py": b"x\n" * 400_000}
    assert place_text("utils.py", MAX_LINE, files, NAMED) == f"utils.py, line {MAX_LINE}"
    assert place_text("utils.py", MAX_LINE + 1, files, NAMED) == "utils.py"


PLACES = st.sampled_from([*FILES, "words.ipynb, cell 1", "words.ipynb, cell 9", "utils.py, cell 3"]) | st.text()
TEXTS = st.text() | st.builds("No module named {!r}".format, st.text(max_size=9))
RAISED = st.builds(SubmissionError, st.sampled_from(EXCEPTIONS) | st.text(), TEXTS, PLACES, st.integers(), st.text())

KIND_TEXTS = {*KINDS, "an exception"}
PLACE_TEXTS = {
    "",
    *(f" in utils.py{line}" for line in ("", ", line 1", ", line 2", ", line 3")),
    *(f" in words.ipynb{rest}" for rest in ("", ", cell 1", ", cell 1, line 1", ", cell 1, line 2")),
    *(f" in a module of yours{line}" for line in ("", ", line 1")),
}
MESSAGES = {f"f() raised {kind}{place}" for kind in KIND_TEXTS for place in PLACE_TEXTS} | {"not implemented yet"}
HINTS = {"", *(hint for _, hint in KNOWN if "{" not in hint)}


@given(RAISED)
def test_a_message_is_one_of_those_that_can_be_listed(raised: SubmissionError) -> None:
    """So what it can tell is known: here one of 290 or so."""
    found = problem_of(raised, "f()", FILES, (), NAMED)
    assert (
        found.message in MESSAGES
        or found.message.partition(": ")[0].endswith("is not valid Python")
        or (found.message == "the notebook cannot be read: save it again in Jupyter")
    )
    assert found.hint in HINTS and found.diagnosis == ""


@given(st.lists(st.integers(0, 2**40), max_size=9).map(tuple))
def test_a_shape_is_told_as_far_as_a_right_one_could_go(shape: tuple[int, ...]) -> None:
    told = sizes_text(shape)
    assert len(told) < 60
    if all(size <= MANY for size in shape) and len(shape) <= 4:
        assert told == str(shape)


def test_a_long_list_is_told_as_long() -> None:
    assert describe([0] * 424242) == "a list of over 99"
