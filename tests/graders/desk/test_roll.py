"""The order of the desk, names for its addresses, and what is blacked out when marking blind."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.desk.roll import BLACK, Roll, blacked_out, key_in
from graders.records.student import Student
from tests.support.results import handed_in_by, made, texts

NAMES = st.lists(texts(), unique=True, max_size=8)


@given(NAMES, st.booleans())
def test_each_submission_has_one_code_and_the_order_stays(names: list[str], blind: bool) -> None:
    roll = Roll(names, b"key", blind)
    assert sorted(roll.names) == sorted(names)
    for name in names:
        assert roll.name(roll.code(name)) == name
    assert Roll(names[::-1], b"key", blind).names == roll.names


def test_blind_hides_the_order_of_names_which_another_key_changes() -> None:
    names = [f"student {number:02}" for number in range(20)]
    first, second = (Roll(names, key, blind=True) for key in (b"one", b"two"))
    assert sorted(names) != list(first.names) != list(second.names)
    assert not any(name in first.label(name) for name in names)
    assert Roll(names, b"one", blind=False).names == tuple(names)
    assert first.label("somebody else") == "a submission"


def test_the_key_stays_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert key_in(tmp_path) == key_in(tmp_path) and len(key_in(tmp_path)) == 32
    [file] = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_of_which_a_full_disk_left_nothing_is_made_again(tmp_path: Path) -> None:
    """Everybody could compute the codes that follow from an empty one."""
    (tmp_path / "desk-key").touch()
    assert len(key_in(tmp_path)) == 32 and key_in(tmp_path) == key_in(tmp_path)


ADA = handed_in_by(
    made("ada-lovelace.zip"), Student("Lovelace, Ada", id="0012345", email="ada.lovelace@example.edu", canvas_id="7")
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Ada Lovelace, 0012345", f"# {BLACK}, {BLACK}"),
        ("by LOVELACE, Ada", f"by {BLACK}"),
        ("unwrapped the folder ada_lovelace/", f"unwrapped the folder {BLACK}/"),
        ("mail: ada.lovelace@example.edu", f"mail: {BLACK}"),
        ("Ada wrote it on the 7th\nLovelace", "Ada wrote it on the 7th\nLovelace"),
        ("adam = 1", "adam = 1"),
    ],
)
def test_what_the_gradebook_knows_of_a_student_is_blacked_out(text: str, shown: str) -> None:
    assert blacked_out(text, ADA) == shown


def test_a_short_name_is_not_blacked_out() -> None:
    assert blacked_out("max(1, 2)", made("max")) == "max(1, 2)"


@given(texts(), texts())
def test_any_name_and_any_text(name: str, text: str) -> None:
    assert blacked_out(text, made(name)).count("\n") == text.count("\n")
