"""The index, and a submission's page: what they show, and that nothing which somebody handed in is more than text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings

from graders.exports.report.index import cell, cells, index_html
from graders.exports.report.submission import student_html, submission_html
from graders.records.result import QuestionResult, Result, Standing, Unread
from graders.records.scoring import total
from graders.records.student import Student
from graders.text.numbers import number
from graders.text.sanitize import clean_name
from sanity.core.difference import Difference
from sanity.core.feedback import Dial, Level
from sanity.core.verdict import Outcome
from tests.support.large_class import large_class
from tests.support.pages import Page, pages, report_html
from tests.support.results import CRASHED, FAILED, PASSED, SECRET, classes, copy, handed_in_by, made

HEAT = Difference("h_0[:, 0:24]", ("b", "h"), ((0.5, -1.0), (0.0, None)))
DIFFERENT = replace(FAILED, difference=HEAT, script="x = 1 < 2\n")


@settings(max_examples=60)
@given(classes())
def test_any_class_makes_pages_of_our_own_elements_only(results: list[Result]) -> None:
    index, *others = map(Page, pages(results))
    links = [link for link in index.links if not link.startswith("#")]
    assert {f"submissions/p{place}.html" for place in range(len(results))} == {*links}
    assert "http://" not in report_html(results) and "https://" not in report_html(results)
    for result, page in zip(results, others, strict=True):
        assert clean_name(result.submission, 80) in index.text or not result.submission.strip()
        assert clean_name(result.submission) in page.text or not result.submission.strip()
        assert number(total(question.points for question in result.questions)) in page.text
    assert pages(results) == pages(copy(results))


@settings(max_examples=30)
@given(classes())
def test_a_students_page_is_of_our_own_elements_and_links_nowhere(results: list[Result]) -> None:
    for result in results:
        html = student_html(result, Dial(default=Level.COUNTEREXAMPLE))
        page = Page(html)
        assert all(link.startswith("#") for link in page.links) and SECRET not in html


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>", "<style>x</style>", "<img src=x>", "<a onclick=x>y</a>", "<b>", "<!-- x -->",
        "<p style='x'>y</p>",
    ],
)  # fmt: skip
def test_the_reader_of_these_tests_would_notice_what_is_not_ours(html: str) -> None:
    with pytest.raises(AssertionError):
        Page(html)


@pytest.mark.parametrize("part", ["submission", "title"])
def test_names_are_escaped(part: str) -> None:
    result = msgspec.structs.replace(made("x", PASSED), **{part: "<script>alert('1')</script>"})
    for page in pages([result]):
        assert "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;" in page


def test_staff_see_everything_and_escaped() -> None:
    result = made("ada", replace(DIFFERENT, detail="<img src=x>\x1b[31m" + "y" * 9000, message="<b>m</b>"), CRASHED)
    questions = tuple(
        msgspec.structs.replace(q, printed=f"{SECRET} printed </pre>", comment="<i>well</i>", history=("3: once",))
        for q in result.questions
    )
    result = msgspec.structs.replace(result, questions=questions, notes=("unwrapped <hw4>",), written="a </pre> b")
    html = submission_html(handed_in_by(result, Student(name="Ada <L>", id="123")))
    for shown in [
        "&lt;img src=x&gt;yyy", "characters left out", "&lt;b&gt;m&lt;/b&gt;", "halves swapped", "one word",
        f"{SECRET} printed &lt;/pre&gt;", "unwrapped &lt;hw4&gt;", "No answer in 20 s.", "&lt;i&gt;well&lt;/i&gt;",
        "Before: 3: once", "a &lt;/pre&gt; b", "x = 1 &lt; 2", "Ada &lt;L&gt; · 123", "h_0[:, 0:24]",
        "got − expected: 3 of these 4 differ, by 1 at most; 1 not finite", "b down, h across", "+0.5", "−1", "×",
    ]:  # fmt: skip
        assert shown in html


def test_students_see_what_the_dial_tells_and_the_comment() -> None:
    result = made("ada", replace(DIFFERENT, hint="swap them"), CRASHED)
    questions = tuple(
        msgspec.structs.replace(q, printed="OUTPUT", comment="Well <tried>!", history=("BEFORE",))
        for q in result.questions
    )
    result = msgspec.structs.replace(result, questions=questions, written="WRITTEN", seconds=1.234)
    result = handed_in_by(result, Student(name="NAME", email="MAIL"))
    html = student_html(result, Dial(default=Level.DIAGNOSIS))
    assert "Well &lt;tried&gt;!" in html and "halves swapped" in html and "swap them" in html
    for withheld in (
        "OUTPUT", "BEFORE", "WRITTEN", "NAME", "MAIL", SECRET, "its halves are swapped", "one word", "x = 1",
        "h_0[", "Class report", "For staff", "1.2 s", result.digest[:16],
    ):  # fmt: skip
        assert withheld not in html
    assert "its halves are swapped" in student_html(result, Dial())


def test_one_cause_that_fails_several_checks_is_said_once() -> None:
    html = submission_html(made("ada", FAILED, replace(FAILED, check="again"), PASSED, replace(FAILED, check="third")))
    assert html.count("h_0 is wrong") == html.count('class="tag">halves swapped') == 2


def test_a_class_graded_without_isolation_says_so() -> None:
    result = made("ada", PASSED)
    open_door = msgspec.structs.replace(result, signature=msgspec.structs.replace(result.signature, isolation="none"))
    warning = "Graded without isolation: a submission could have changed these results."
    assert warning in index_html([result, open_door]) and warning not in index_html([result])


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The local time is that of Berlin."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        (["2026-11-29T11:35:28+00:00"], "Sunday 29 November 2026, 12:35 CET"),
        (["2026-06-30T22:05:00+00:00", "2026-06-01T09:00:00+00:00"], "Wednesday 1 July 2026, 00:05 CEST"),
        (["2026-11-29T11:35:28"], "2026-11-29T11:35:28"),  # of no zone
        (["last <week>"], "last &lt;week&gt;"),
        (["9999-12-31T23:59:59+00:00"], "9999-12-31T23:59:59+00:00"),  # no such time in Berlin
    ],
)
@pytest.mark.usefixtures("berlin")
def test_the_last_time_of_grading_is_told_in_local_words(times: list[str], shown: str) -> None:
    results = [msgspec.structs.replace(made("ada", PASSED), graded_at=at) for at in times]
    assert f" · graded {shown}. For staff" in index_html(results)


def test_no_time_of_grading_is_not_told() -> None:
    assert "· graded" not in index_html([msgspec.structs.replace(made("ada", PASSED), graded_at="")])


def test_an_empty_class() -> None:
    assert "No submission has been graded" in " ".join(Page(index_html([])).text)


def test_what_could_not_be_read_is_listed_with_the_reason() -> None:
    page = Page(index_html([made("ada", PASSED)], [Unread("ben", "<not> a zip"), Unread("cem", "empty")]))
    assert "2 submissions could not be read" in page.text and {"ben", "<not> a zip"} <= {*page.text}
    assert "1 submission could not be read" in Page(index_html([], [Unread("ben", "empty")])).text


def test_marks_tell_all_some_none_and_could_not_run_apart() -> None:
    """By more than a colour: the number, and a mark where nothing could run."""
    other = replace(PASSED, check="other")
    found = [made("", PASSED), made("", FAILED, other), made("", FAILED), made("", replace(CRASHED, question="1d"))]
    assert [(one.text, one.level) for [one] in (cells(result, ["1d"]) for result in found)] == [
        ("8", "f3"),
        ("4", "f2"),
        ("0", "f0"),
        ("0!", "fe"),
    ]
    [crashed] = found[-1].questions
    commented = cell(msgspec.structs.replace(crashed, comment="of its group"))
    assert (commented.text, commented.level) == ("0!", "fe")
    assert [one.text for one in cells(made("", PASSED), ["1d", "1e"])] == ["8", ""]
    unmarked = QuestionResult("2a", "Words", 0.0, 4, (), standing=Standing.UNMARKED)
    excused = msgspec.structs.replace(unmarked, standing=Standing.EXCUSED)
    assert [(cell(one).text, cell(one).level) for one in (unmarked, excused)] == [("–", "fn"), ("EX", "fn")]


def test_a_mistake_links_to_the_submissions_that_have_it() -> None:
    html = index_html([made("ada", FAILED), made("ben", FAILED), made("cem", PASSED)])
    [link] = [link for link in Page(html).links if link.startswith("#diagnosis=")]
    key = link.partition("=")[2]
    assert html.count(f'<tr data-d="{key}">') == 2 and html.count('<tr data-d="">') == 1
    assert f'<option value="{key}">1d: halves swapped' in html


def test_twins_are_named_in_the_table_and_in_a_list() -> None:
    results = [made("a", PASSED), made("b", PASSED, digest="1"), made("c", PASSED)]
    html = index_html(results, names=["a", "b", "c"])
    assert html.count("= set 1<") == 2
    assert '<li>set 1: <a href="submissions/a.html">a</a>, <a href="submissions/c.html">c</a></li>' in html


def test_statistics_that_are_undefined_are_dashes() -> None:
    page = Page(index_html([made("ada", PASSED), made("ben", FAILED, CRASHED)]))
    assert page.text.count("–") >= 2 and "nan" not in "".join(page.text)


def test_a_question_that_tells_the_strong_from_the_weak_badly_has_a_tag() -> None:
    right = replace(CRASHED, outcome=Outcome.PASSED)
    upside_down = [made(f"s{i}", *((PASSED, CRASHED) if i % 2 else (FAILED, right))) for i in range(6)]
    assert '>−1.00 <span class="tag">low</span>' in index_html(upside_down)


def test_an_index_of_many_submissions_is_less_than_a_megabyte() -> None:
    """1,100 submissions with 20 questions: what a browser takes in its stride, and a mail server too."""
    class_ = large_class(1100, 20)
    names = [result.submission for result in class_]
    assert len(index_html(class_, names=names).encode()) < 1_000_000
