from __future__ import annotations

import csv
import io
from dataclasses import replace

import msgspec
from hypothesis import given

from graders.exports.table import WIDTH, columns, console_table, first_problem, gradebook_csv, rich_table
from graders.records.result import Result, Unread
from graders.records.scoring import total
from graders.text.numbers import number
from graders.text.sanitize import clean_name
from tests.support.results import CRASHED, FAILED, PASSED, PROPERTY, SECRET, classes, copy, made


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@given(classes())
def test_the_csv_of_any_class_reads_back(results: list[Result]) -> None:
    text = gradebook_csv(results)
    rows = read(text)
    assert len(rows) == len(results)
    for row, result in zip(rows, results, strict=True):
        assert None not in row and None not in row.values()
        assert row["submission"] in (clean_name(result.submission), "'" + clean_name(result.submission))
        assert row["total"] == number(total(q.points for q in result.questions))
        assert row["max"] == number(total(q.max_points for q in result.questions))
        for question in result.questions:
            assert row[question.id.replace("=", "'=")] == number(question.points)
    assert SECRET not in text
    assert text == gradebook_csv(copy(results))


@given(classes())
def test_no_cell_is_a_formula(results: list[Result]) -> None:
    for row in csv.reader(io.StringIO(gradebook_csv(results), newline="")):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_csv_in_full() -> None:
    left = msgspec.structs.replace(made("=cmd()", FAILED, CRASHED), notes=("unwrapped hw4/", "missing: utils.py"))
    assert gradebook_csv([left, made("ada", PASSED, PROPERTY, digest="f" * 64)]).splitlines() == [
        "submission,1d,1e,total,max,percent,notes,digest,seed",
        f"'=cmd(),0,0,0,16,0,unwrapped hw4/; missing: utils.py,{'0' * 64},7",
        f"ada,8,,8,8,100,,{'f' * 64},7",
    ]


def test_an_empty_class_has_a_header() -> None:
    assert gradebook_csv([]) == "submission,total,max,percent,notes,digest,seed\n"


def test_columns_are_in_the_assignments_order_whatever_was_graded_first() -> None:
    some, all_of_it = made("ada", CRASHED), made("ben", PASSED, CRASHED)
    assert [question.id for question in columns([some, all_of_it])] == ["1d", "1e"]


def test_the_first_problem() -> None:
    assert first_problem(made("ada", PASSED)) == ""
    assert first_problem(made("ada", PASSED, CRASHED)) == "1e: No answer in 20 s."
    assert first_problem(made("ada", FAILED, CRASHED)) == "1d: halves swapped"


@given(classes())
def test_the_console_table_takes_any_class_and_holds_no_codes(results: list[Result]) -> None:
    text = console_table(results)
    assert "\x1b" not in text and SECRET not in text


def test_the_console_table_in_full() -> None:
    assert console_table([made("[bold]ada[/]", FAILED, CRASHED), made("ben", PASSED)]) == (
        " submission    1d  1e  total    %  first problem\n"
        " ────────────────────────────────────────────────────\n"
        " [bold]ada[/]   0   0      0    0  1d: halves swapped\n"
        " ben            8   –      8  100\n"
        "\n"
        " of             8   8     16\n"
    )


def test_many_questions_share_columns() -> None:
    one = made("ada", PASSED).questions[0]
    ids = [f"{part}{letter}" for part in (1, 2) for letter in "abcdefg"]
    questions = tuple(msgspec.structs.replace(one, id=id, points=index) for index, id in enumerate(ids, start=1))
    result = msgspec.structs.replace(made("ada", PASSED), questions=questions)
    assert console_table([result]).splitlines()[0::2] == [
        " submission  1a–1g  2a–2g  total   %  first problem",
        " ada            28     77    105  94",
        " of             56     56    112",
    ]


def test_only_the_first_problem_is_cut_when_space_is_short() -> None:
    wordy = replace(CRASHED, message="no answer at all " * 8)
    narrow = console_table([made("a" * 40, wordy)]).splitlines()
    assert narrow[2] == f" {'a' * 27}…   0      0  0  1e: {'no answer at all ' * 3}no answe…"
    assert len(narrow[2]) < WIDTH


def test_a_terminal_gets_colours() -> None:
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="standard", width=80).print(rich_table([made("ada", FAILED)]))
    assert "\x1b[31m 0\x1b[0m" in out.getvalue()


def test_a_large_class_is_shown_by_its_problems() -> None:
    class_ = [made(f"a{number}", PASSED) for number in range(70)]
    class_ += [made(f"b{number}", FAILED) for number in range(20)]
    class_ += [made(f"c{number}", CRASHED) for number in range(10)]
    assert console_table(class_).count("\n") > 100
    lines = console_table(class_, [Unread("d", "is a RAR archive")]).splitlines()
    assert [" ".join(line.split()) for line in lines if "─" not in line] == [
        "submissions first problem such as",
        "1 not read: is a RAR archive d",
        "70 none a0",
        f"20 {first_problem(class_[70])} b0",
        f"10 {first_problem(class_[90])} c0",
        "",
        "100 mean 70 %",
    ]
    assert max(map(len, lines)) <= WIDTH


def test_rare_problems_of_a_large_class_share_a_line() -> None:
    class_ = [made(f"a{number}", replace(CRASHED, message=f"problem {number}")) for number in range(120)]
    assert "90  90 other problems" in console_table(class_)
