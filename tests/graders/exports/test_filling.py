"""Marks go back into small sheets of Canvas and Moodle, and what somebody entered there stays."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.canvas import fill_canvas
from graders.exports.filling import FillingError, decide, final_mark, missing
from graders.exports.moodle import fill_moodle
from graders.intake.roster import Roster
from graders.records.policies import Adjustment
from graders.records.result import QuestionResult, Result, Standing
from graders.records.student import Student
from graders.text.sheets import parse_sheet
from tests.support.results import CRASHED, FAILED, PASSED, PROPERTY, handed_in_by, made

ADA = handed_in_by(made("ada lovelace", PASSED, PROPERTY), Student("adalovelace", canvas_id="7", moodle_id="1001"))
BEN = handed_in_by(made("ben", FAILED), Student("ben", canvas_id="8", email="ben@example.org", moodle_id="1002"))
PAIR = handed_in_by(made("group 1", PASSED), Student("Cem Ak", canvas_id="9"), Student("Dora Ek", canvas_id="10"))

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Assignment 3 (301),Translation (302),Current Score
,,,,,Manual Posting,,(read only)
    Points Possible,,,,,10,8,(read only)
"Lovelace, Ada",7,007,ada@example.org,NLP,9,,90
"=cmd(), Ben",8,008,ben@example.org,NLP,5,,50
"Ak, Cem",9,009,cem@example.org,"NLP, Monday",,,
"Ek, Dora",10,010,dora@example.org,NLP,,,
"Nobody, Nina",11,011,nina@example.org,NLP,4,,40
"Student, Test",12,,,NLP,,,
"""


def canvas(text: str | bytes = CANVAS, *class_: Result, last: dict[str, str] | None = None, **options):  # type: ignore[no-untyped-def]
    sheet = parse_sheet(text.encode() if isinstance(text, str) else text)
    class_ = class_ or (ADA, BEN, PAIR)
    filling = fill_canvas(sheet, class_, class_, last or {}, **options)
    return filling, list(csv.reader(io.StringIO(filling.content.decode("utf-8-sig"))))


def test_canvas_gets_what_it_imports_and_nothing_else() -> None:
    filling, rows = canvas()
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Translation (302)"],
        ["    Points Possible", "", "", "", "", "8"],
        ["Lovelace, Ada", "7", "007", "ada@example.org", "NLP", "8"],
        ["'=cmd(), Ben", "8", "008", "ben@example.org", "NLP", "0"],
        ["Ak, Cem", "9", "009", "cem@example.org", "NLP, Monday", "8"],
        ["Ek, Dora", "10", "010", "dora@example.org", "NLP", "8"],
    ]
    assert filling.marks == {"7": "8", "8": "0", "9": "8", "10": "8"}
    assert (filling.notes, filling.problems) == ([], [])


def test_a_second_export_changes_ours_and_keeps_what_was_entered_by_hand() -> None:
    imported = CANVAS.replace("NLP,9,,90", "NLP,9,6,90").replace("NLP,5,,50", "NLP,5,3,50")
    filling, rows = canvas(imported, ADA, BEN, last={"7": "6", "8": "0"})
    assert [row[-1] for row in rows[2:]] == ["8"]  # what stays is not imported again
    assert filling.notes == [
        "ben: 3 was entered in the sheet by hand and stays; ours is 0, exported last was 0; empty the cell to have ours"
    ]
    assert filling.marks == {"7": "8"}
    first, _ = canvas(imported, ADA)
    assert first.notes == [
        "ada lovelace: 6 was entered in the sheet by hand and stays; ours is 8; empty the cell to have ours"
    ]


def test_what_was_imported_is_ours_again() -> None:
    """The round trip: what one export wrote, Canvas exports in its own way, and the next export may change."""
    one, rows = canvas()
    back = CANVAS
    for row in rows[2:]:
        old = next(line for line in back.splitlines() if f",{row[1]},{row[2]}," in line)
        cells = next(csv.reader([old]))
        cells[6] = f"{float(row[-1]):.2f}"
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(cells)
        back = back.replace(old, out.getvalue())
    better = handed_in_by(made("ben", PASSED), *BEN.students)
    two, _ = canvas(back, ADA, better, PAIR, last=one.marks)
    assert (two.notes, two.marks["8"]) == ([], "8")


def test_canvas_of_another_country() -> None:
    text = CANVAS.replace(";", " ").replace(",", ";").replace(";8;(read only)", ";8,0;(read only)")
    text = text.replace('"Lovelace; Ada"', '"Lovelace, Ada"').replace('"=cmd(); Ben"', '"=cmd(), Ben"')
    half = msgspec.structs.replace(ADA.questions[0], points=6.5)
    filling, _ = canvas(text.encode("utf-8-sig"), msgspec.structs.replace(ADA, questions=(half,)))
    assert filling.content.decode("utf-8").splitlines()[-1] == "Lovelace, Ada;7;007;ada@example.org;NLP;6,5"
    assert filling.content.startswith(b"\xef\xbb\xbf") and filling.marks == {"7": "6.5"}


def test_an_excused_student_is_ex() -> None:
    excused = msgspec.structs.replace(ADA.questions[0], standing=Standing.EXCUSED, points=0.0)
    _, rows = canvas(CANVAS, msgspec.structs.replace(ADA, questions=(excused,)))
    assert rows[-1][-1] == "EX"


OTHER_POINTS = (
    "Canvas has 100 points for 'Translation (302)', this class 8: change it there, or add --scale to convert the marks"
)
UNCLEAR = "{} is not clear; name it by --column: the assignments in the sheet are 'Assignment 3 (301)', '{} (302)'"


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ((",8,(read", ",100,(read"), {}, OTHER_POINTS),
        (("ID,SIS", "Id,SIS"), {}, "the sheet is no gradebook of Canvas: expected the columns Student, ID and Section"),
        (("Translation", "Essay"), {}, UNCLEAR.format("the assignment's column", "Essay")),
        (("", ""), {"column": "Essay"}, UNCLEAR.format("column 'Essay'", "Translation")),
    ],
)
def test_what_is_not_clear_is_one_line(change: tuple[str, str], options: dict[str, str], said: str) -> None:
    with pytest.raises(FillingError) as error:
        canvas(CANVAS.replace(*change), **options)
    assert str(error.value) == said


@pytest.mark.parametrize("title", ["A4", "a4: attention (part 1)", "Homework A4", "Assignment 4"])
def test_the_column_is_found_by_the_assignments_name(title: str) -> None:
    _, rows = canvas(CANVAS.replace("Translation", title))
    assert rows[0][-1] == f"{title} (302)"


@pytest.mark.parametrize("name", ["Assignment 3", "301", "assignment 3 (301)"])
def test_a_column_can_be_named(name: str) -> None:
    filling, _ = canvas(CANVAS, ADA, column=name, scale=True)
    assert filling.notes == [
        "ada lovelace: 9 was entered in the sheet by hand and stays; ours is 10; empty the cell to have ours"
    ]


def test_who_is_not_found_or_found_twice_is_named() -> None:
    stranger, twin = made("zoe", PASSED), handed_in_by(made("again", PASSED), *ADA.students)
    filling, rows = canvas(CANVAS, ADA, twin, stranger)
    assert filling.problems == [
        "zoe: not found in the sheet; add --roster FILE, or enter the mark by hand",
        "Ada Lovelace: ada lovelace and again are of this student; remove one of them",
    ]
    assert (len(rows), filling.marks) == (2, {})


def test_plain_folders_are_found_by_name_number_or_roster() -> None:
    filling, _ = canvas(CANVAS, made("Lovelace, Ada", PASSED), made("008", PASSED), made("a4-cem.zip", PASSED))
    assert filling.marks == {"7": "8", "8": "8", "9": "8"}
    roster = Roster([Student("Dora Ek", id="010", group="reds"), Student("Cem Ak", id="009", group="reds")])
    filling, _ = canvas(CANVAS, made("reds", PASSED), roster=roster)
    assert filling.marks == {"10": "8", "9": "8"}


MOODLE = """\
Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 1001,Ada Lovelace,007,ada@example.org,Submitted for grading,,"8,00",Yes,"Friday, 20 November 2026, 23:10",-,
Participant 1002,=cmd(),008,ben@example.org,Submitted for grading,"3,00","8,00",Yes,-,-,good try
Participant 1003,Nina Nobody,009,nina@example.org,No submission,,"8,00",Yes,-,-,
"""  # noqa: E501
GERMAN = """\
ID,Vollständiger Name,Matrikel,E-Mail-Adresse,Status,Gruppe,Bewertung,Bestwertung,Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar
Teilnehmer/in1001,Ada Lovelace,007,ada@example.org,Abgegeben,1,,"8,00",Ja,"Freitag, 20. November 2026",-,
Teilnehmer/in1002,Ben,008,ben@example.org,Abgegeben,1,"3,00","8,00",Ja,-,-,
"""  # noqa: E501


def moodle(text: str, *class_: Result, last: dict[str, str] | None = None, **options):  # type: ignore[no-untyped-def]
    sheet, class_ = parse_sheet(text.encode()), class_ or (ADA, BEN)
    filling, texts = fill_moodle(sheet, class_, class_, last or {}, options.pop("feedback", {}), **options)
    return filling, texts, list(csv.reader(io.StringIO(filling.content.decode())))


def test_moodle_gets_its_worksheet_back_with_the_marks_in_it() -> None:
    filling, texts, rows = moodle(MOODLE, ADA, BEN, last={"1002": "3"})
    given = list(csv.reader(io.StringIO(MOODLE)))
    assert [row[5] for row in rows] == ["Grade", "8", "0", ""]
    assert rows[1][10] == "1d 8/8; 8 of 8 points" and rows[2][10] == "good try"  # somebody's own words stay
    assert texts == {"1001": "1d 8/8; 8 of 8 points"}
    assert rows[2][1] == "'=cmd()"
    assert [[c for p, c in enumerate(r) if p not in (1, 5, 10)] for r in rows] == [
        [c for p, c in enumerate(r) if p not in (1, 5, 10)] for r in given
    ]
    assert (filling.problems, filling.marks) == ([], {"1001": "8", "1002": "0"})


def test_moodle_in_german_is_understood_by_what_is_in_the_columns() -> None:
    half = msgspec.structs.replace(ADA, questions=(msgspec.structs.replace(ADA.questions[0], points=6.5),))
    filling, texts, rows = moodle(GERMAN, half, BEN)
    assert rows[1][6:8] == ["6,5", "8,00"] and rows[2][6] == "3,00"
    assert filling.notes == [
        "ben: 3,00 was entered in the sheet by hand and stays; ours is 0; empty the cell to have ours"
    ]
    assert texts == {"1001": "1d 6.5/8; 6.5 of 8 points"}


def test_moodles_feedback_says_what_was_found_and_changes_with_the_mark() -> None:
    wrong = handed_in_by(made("ada", FAILED, CRASHED), *ADA.students)
    _, texts, _ = moodle(MOODLE, wrong, scale=True)
    assert texts == {"1001": "1d 0/8: halves swapped; 1e 0/8: No answer in 20 s.; 0 of 16 points"}
    again = MOODLE.replace(",-,\nParticipant 1002", f",-,{texts['1001']}\nParticipant 1002")
    _, texts, rows = moodle(again, ADA, feedback=texts)
    assert rows[1][10] == texts["1001"] == "1d 8/8; 8 of 8 points"


def test_moodle_has_no_word_for_excused_and_may_lock_a_grade() -> None:
    excused = msgspec.structs.replace(ADA.questions[0], standing=Standing.EXCUSED, points=0.0)
    filling, _, rows = moodle(
        MOODLE.replace('"8,00",Yes,-', '"8,00",No,-'), msgspec.structs.replace(ADA, questions=(excused,)), BEN
    )
    assert [row[5] for row in rows[1:]] == ["", "3,00", ""]
    assert filling.notes == ["ada lovelace: excused; Moodle has no mark for that: the cell stays as it is"]
    assert filling.problems == ["ben: this grade cannot be changed, says Moodle"]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "a,b\nx,y\n",
            {},
            "the sheet is no grading worksheet of Moodle: its first column has no participants' numbers",
        ),
        ("Identifier,Grade\n", {}, "the worksheet has no participants"),
        (
            "Id,Note\nTeilnehmer 1,5\n",
            {},
            "the column of the marks is not clear; name it by --column: there are Id, Note",
        ),
        (
            "Identifier,Grade\nParticipant 1,\n",
            {"column": "Mark"},
            "--column Mark: the columns of the sheet are Identifier, Grade",
        ),
    ],
)
def test_what_is_no_worksheet_is_one_line(text: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(FillingError) as error:
        moodle(text, **options)
    assert str(error.value) == said


def scored(points: float, most: float = 10, **changes: object) -> QuestionResult:
    return QuestionResult("1", "One", points, most, (), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("questions", "possible", "mark"),
    [
        ([scored(7)], 20, "7"),
        ([scored(7), scored(0, standing=Standing.EXCUSED)], 20, "14"),
        ([scored(7), scored(0, standing=Standing.UNMARKED)], 20, "7"),
        ([scored(0, standing=Standing.EXCUSED), scored(0, standing=Standing.EXCUSED)], 20, "EX"),
        ([scored(7), scored(10)], 100, "85"),
        ([scored(10), scored(10), scored(1, 0)], 20, "21"),
        ([scored(1), scored(0)], 3, "0.15"),
    ],
)
def test_the_mark_for_a_platform(questions: list[QuestionResult], possible: float, mark: str) -> None:
    result = msgspec.structs.replace(made("ada"), questions=tuple(questions))
    assert final_mark(result, 20, possible) == mark


def test_the_mark_is_that_after_the_policy() -> None:
    assert final_mark(msgspec.structs.replace(ADA, policy=Adjustment(8, 7.2, "late")), 8, 8) == "7.2"


def test_a_mark_that_lacks_a_question_is_not_complete() -> None:
    waiting = msgspec.structs.replace(ADA, questions=(scored(0, standing=Standing.UNMARKED),))
    both = made("ben", PASSED, CRASHED)
    assert missing(both, [ADA, both]) == [] and missing(ADA, [ADA, both]) == ["1e"]
    assert missing(waiting, [waiting]) == ["1"]


CELL = st.sampled_from(["", "7", "7.0", "7,0", " 7 ", "6", "EX", "ex", "–", "-", "absent", "0"])


@given(CELL, st.sampled_from(["7", "0", "EX"]), st.one_of(st.none(), st.sampled_from(["6", "7", "EX"])))
def test_only_empty_cells_and_our_own_marks_change(there: str, ours: str, last: str | None) -> None:
    ours_already = {"7": ["7", "7.0", "7,0", " 7 "], "6": ["6"], "EX": ["EX", "ex"], "0": ["0"]}
    free = ["", "–", "-", *ours_already[ours], *(ours_already[last] if last else [])]
    decision = decide(there, ours, last)
    assert (decision.cell, decision.ours) == ((ours, True) if there in free else (there, False))
