"""From the names in an export to students: tables of what the platforms write, and that no file is lost or in two."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.intake.path_policy import IntakeError
from graders.intake.platforms import canvas, gradescope, moodle
from graders.intake.platforms.part import Part
from graders.records.student import Student
from tests.support.class_exports import GRADESCOPE_METADATA


@pytest.mark.parametrize(
    ("file", "name", "number", "path", "late"),
    [
        ("lovelaceada_101_5001_utils.py", "lovelaceada", "101", "utils.py", False),
        ("lovelaceada_LATE_101_5001_utils.py", "lovelaceada", "101", "utils.py", True),
        ("lovelaceada_101_5001_my_own_9_utils.py", "lovelaceada", "101", "my_own_9_utils.py", False),
        ("stoneeve_9_5001_lovelaceada_101_5001_utils.py", "stoneeve", "9", "lovelaceada_101_5001_utils.py", False),
        ("lovelaceada_101_5001_2026_utils.py", "lovelaceada", "101", "2026_utils.py", False),
        ("vanderbergjan_anne_101_5001_utils.py", "vanderbergjan_anne", "101", "utils.py", False),
        ("smith-2-john_101_5001_utils.py", "smith-2-john", "101", "utils.py", False),
        ("李小龍_101_5001_utils.py", "李小龍", "101", "utils.py", False),
        ("nova\u0301k_101_5001_utils.py", "nov\u00e1k", "101", "utils.py", False),
        ("nov\udce1k_101_5001_utils.py", "nov\\udce1k", "101", "utils.py", False),
        ("theparsers_7_5001_utils.py", "theparsers", "7", "utils.py", False),
        ("lovelaceada_101_text.html", "lovelaceada", "101", "text.html", False),
        ("lovelaceada_LATE_101_link.html", "lovelaceada", "101", "link.html", True),
        ("anon_aB3dE_5001_utils.py", "anon_aB3dE", "", "utils.py", False),
        ("anon_aB3dE_LATE_5001_utils.py", "anon_aB3dE", "", "utils.py", True),
        ("anon_LATE_aB3dE_5001_utils.py", "anon_aB3dE", "", "utils.py", True),
        ("anon_12345_5001_utils.py", "anon_12345", "", "utils.py", False),
        ("anon_aB3dE_text.html", "anon_aB3dE", "", "text.html", False),
        ("anonymousanna_101_5001_utils.py", "anonymousanna", "101", "utils.py", False),
    ],
)
def test_a_file_of_canvas(file: str, name: str, number: str, path: str, late: bool) -> None:
    [part] = canvas.parts([file])
    assert part == Part(
        name, {file: path}, (Student(name=name, canvas_id=number),), ("late, says Canvas",) if late else ()
    )


@pytest.mark.parametrize(
    "name", ["utils.py", "ada_101_utils.py", "101_5001_utils.py", "ada_101_5001_/", "x_1_text.txt"]
)
def test_other_files_are_not_of_canvas(name: str) -> None:
    assert canvas.parts([name]) == []


def test_files_of_a_user_of_canvas_are_one_submission() -> None:
    names = ["a_LATE_1_10_x.py", "b_2_20_x.py", "a_LATE_1_11_y.py", "a_3_30_x.py", "a_LATE_1_text.html"]
    assert [(part.name, list(part.pieces.values())) for part in canvas.parts(names)] == [
        ("a", ["x.py", "y.py", "text.html"]),
        ("b", ["x.py"]),
        ("a", ["x.py"]),
    ]


@pytest.mark.parametrize(
    ("top", "name", "number", "path"),
    [
        ("Ada Lovelace_12_assignsubmission_file_/", "Ada Lovelace", "12", ""),
        ("Ada Lovelace_12_assignsubmission_file_utils.py", "Ada Lovelace", "12", "utils.py"),
        ("Ada Lovelace_12_assignsubmission_file_a_1_b.py", "Ada Lovelace", "12", "a_1_b.py"),
        ("Ada Lovelace_12_assignsubmission_onlinetext_/", "Ada Lovelace", "12", "onlinetext"),
        ("Ada Lovelace_12_assignsubmission_onlinetext_onlinetext.html", "Ada Lovelace", "12", "onlinetext.html"),
        # What follows the number may be a student's choice: it must not be another's.
        ("Eve_9_assignsubmission_file_x_12_assignsubmission_file_u.py", "Eve", "9", "x_12_assignsubmission_file_u.py"),
        ("Participant_12_assignsubmission_file_/", "Participant 12", "12", ""),
        ("Anna-Lena Schmidt_12_assignsubmission_file_/", "Anna-Lena Schmidt", "12", ""),
        ("Be\u0301la Novak_12_assignsubmission_file_/", "B\u00e9la Novak", "12", ""),
        ("B\udce9la_12_assignsubmission_file_/", "B\\udce9la", "12", ""),
    ],
)
def test_a_piece_of_moodle(top: str, name: str, number: str, path: str) -> None:
    assert moodle.parts([top]) == [Part(name, {top: path}, (Student(name=name, moodle_id=number),))]


@pytest.mark.parametrize(
    "name", ["utils.py", "Ada Lovelace/", "assignsubmission_file_/", "Ada_x_assignsubmission_file_/"]
)
def test_other_names_are_not_of_moodle(name: str) -> None:
    assert moodle.parts([name]) == []


@pytest.mark.parametrize(
    ("whos", "names", "group"),
    [
        (["Ada", "Ben"], ["Ada", "Ben"], ""),
        (["Blue-Ada", "Blue-Ben"], ["Ada", "Ben"], "Blue"),
        (["Anna-Lena", "Ben"], ["Anna-Lena", "Ben"], ""),
        (["Anna-Lena", "Anna-Maria", "Ben"], ["Anna-Lena", "Anna-Maria", "Ben"], ""),
        (["Teilnehmer_in", "Teilnehmer_in"], ["Teilnehmer_in 0", "Teilnehmer_in 1"], ""),
    ],
)
def test_groups_and_blind_marking_in_moodle(whos: list[str], names: list[str], group: str) -> None:
    parts = moodle.parts([f"{who}_{number}_assignsubmission_file_/" for number, who in enumerate(whos)])
    assert [part.name for part in parts] == names
    assert {student.group for part in parts for student in part.students} == {group}


def test_the_metadata_of_gradescope() -> None:
    one, pair, other = gradescope.parts(["submission_303/", "submission_304/"], GRADESCOPE_METADATA.encode())
    assert (one.name, one.pieces) == ("Ada Lovelace", {"submission_303/": ""})
    assert one.students == (Student(name="Ada Lovelace", id="0007", email="ada@example.edu"),)
    assert (pair.name, len(pair.students), pair.students[1].id) == ("Béla Novák, Chen Wei", 2, "")
    assert (other.name, other.pieces, other.students[0].id) == ("Ada Lovelace", {}, "0009")


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ("submission_1: {}", "submission_1"),
        ("submission_1: {':submitters': []}", "submission_1"),
        ("submission_1: {':submitters': [{':name': '', ':email': a@b.c}]}", "a@b.c"),
        ("submission_1: {':submitters': [{':name': ~, ':email': null, ':sid': 7}]}", "7"),
        ("submission_1: {':submitters': [{':name': [1, 2], ':sid': {a: b}}]}", "submission_1"),
        ("submission_1: {':submitters': 3}", "submission_1"),
        ("submission_1: !!python/object/apply:os.system ['touch pwned']", "submission_1"),
    ],
)
def test_odd_metadata_costs_only_the_name(metadata: str, name: str) -> None:
    [part] = gradescope.parts(["submission_1/"], metadata.encode())
    assert (part.name, part.pieces) == (name, {"submission_1/": ""})


@pytest.mark.parametrize(
    "metadata", [b"", b"- a\n", b"a: [", b"\xff\xfe\x00", b"[" * 100_000, b"{[1]: 2}", b"1: &a *b", b"? {a: b}\n: c"]
)
def test_metadata_that_cannot_be_read_is_one_line(metadata: bytes) -> None:
    with pytest.raises(IntakeError, match=r"submission_metadata\.yml: (cannot be read: |expected a table)") as error:
        gradescope.parts([], metadata)
    assert str(error.value).isprintable()


# Properties

_who = st.sampled_from(["ada", "LATE", "b_c", "anon", "李", "x-1-y"]) | st.text(
    st.characters(categories=["L", "Nd"]), min_size=1, max_size=6
)
_file = st.sampled_from(["utils.py", "1_2_x.py", "text.html", "my 7_8_.zip", "a-1.py", "utils (1).py"])
_piece = st.builds(
    lambda form, who, user, number, file: form.format(who=who, user=user, number=number, file=file),
    st.sampled_from(
        [
            *("{who}_{user}_{number}_{file}", "{who}_LATE_{user}_{number}_{file}", "anon_{user}a_{number}_{file}"),
            *("{who}_{user}_assignsubmission_file_/", "{who}_{user}_assignsubmission_file_{file}", "{file}", "{who}/"),
        ]
    ),
    _who,
    st.integers(1, 3),
    st.integers(10, 99),
    _file,
)


@pytest.mark.parametrize("platform", [canvas, moodle])
@given(tops=st.lists(_piece, unique=True, max_size=12))
def test_no_file_is_lost_and_none_is_in_two_submissions(platform, tops: list[str]) -> None:  # type: ignore[no-untyped-def]
    parts: list[Part] = platform.parts(tops)
    claimed = [top for part in parts for top in part.pieces]
    assert sorted(claimed) == sorted(top for top in tops if platform.parts([top]))
    numbers = [part.students[0].canvas_id or part.students[0].moodle_id or part.name for part in parts]
    assert len(set(numbers)) == len(parts)


@given(who=_who, user=st.integers(0), number=st.integers(0), late=st.booleans(), file=_file)
def test_a_name_of_canvas_comes_back(who: str, user: int, number: int, late: bool, file: str) -> None:
    who = re.sub(r"_(\d+)_", r"-\1-", who)
    [part] = canvas.parts([f"{who}{'_LATE' * late}_{user}_{number}_{file}"])
    if who != "anon":  # an anonymous export is written so
        assert (part.name, part.students[0].canvas_id) == (unicodedata.normalize("NFC", who), str(user))
        assert (list(part.pieces.values()), bool(part.notes)) == ([file], late)


@given(who=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1), number=st.integers(0))
def test_a_name_of_moodle_comes_back(who: str, number: int) -> None:
    [part] = moodle.parts([f"{who}_{number}_assignsubmission_file_/"])
    composed = unicodedata.normalize("NFC", who)
    assert part.name == (f"{who} {number}" if who == "Participant" else composed)
