from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.exports.html import cell, common_diagnoses, histogram, question_columns, report_html, same_files
from graders.records.result import Result
from graders.records.scoring import total
from graders.text.numbers import number
from graders.text.sanitize import clean_name
from tests.support.results import CRASHED, FAILED, PASSED, PROPERTY, SECRET, classes, copy, made

VOID = {"meta", "rect", "line", "polyline"}
TAGS = {
    "html", "head", "title", "style", "body", "header", "h1", "h2", "h3", "p", "div", "figure", "figcaption", "svg",
    "text", "tspan", "table", "thead", "tbody", "tr", "th", "td", "small", "a", "b", "span", "details", "summary",
    "ul", "li", "pre", "footer",
}  # fmt: skip


class Page(HTMLParser):
    """Reads a page, and objects to whatever our template does not write."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS | VOID, f"<{tag}> is not ours"
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "srcset", "srcdoc"), f"{name}={value}"
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


@settings(max_examples=60)
@given(classes())
def test_any_class_makes_a_page_of_our_own_elements_only(results: list[Result]) -> None:
    html = report_html(results)
    page = Page(html)
    assert "<script" not in html and "http://" not in html and "https://" not in html
    assert page.links == [f"#s{place}" for place in range(len(results))]
    for result in results:
        assert page.text.count(clean_name(result.submission)) >= 2 or not result.submission.strip()
        assert number(total(question.points for question in result.questions)) in page.text
    assert html == report_html(copy(results))


@pytest.mark.parametrize("html", ["<script>x</script>", "<img src=x>", "<a onclick=x>y</a>", "<b>", "<!-- x -->"])
def test_the_reader_of_these_tests_would_notice_what_is_not_ours(html: str) -> None:
    with pytest.raises(AssertionError):
        Page(html)


@pytest.mark.parametrize("part", ["submission", "title"])
def test_names_are_escaped(part: str) -> None:
    result = msgspec.structs.replace(made("x", PASSED), **{part: "<script>alert('1')</script>"})
    assert "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;" in report_html([result])


def test_staff_see_everything_and_escaped() -> None:
    result = made("ada", replace(FAILED, detail="<img src=x>\x1b[31m" + "y" * 9000, message="<b>m</b>"), CRASHED)
    printed = tuple(msgspec.structs.replace(q, printed=f"{SECRET} printed </pre>") for q in result.questions)
    html = report_html([msgspec.structs.replace(result, questions=printed, notes=("unwrapped <hw4>",))])
    for shown in [
        "&lt;img src=x&gt;yyy", "characters left out", "&lt;b&gt;m&lt;/b&gt;", "halves swapped", "one word",
        f"{SECRET} printed &lt;/pre&gt;", "unwrapped &lt;hw4&gt;", "No answer in 20 s.", "seed 7",
    ]:  # fmt: skip
        assert shown in html


def test_a_class_graded_without_isolation_says_so() -> None:
    result = made("ada", PASSED)
    open_door = msgspec.structs.replace(result, signature=msgspec.structs.replace(result.signature, isolation="none"))
    warning = "Graded without isolation: a submission could have changed these results."
    assert warning in report_html([result, open_door]) and warning not in report_html([result])


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
    assert f" · graded {shown}</p>" in report_html(results)


def test_no_time_of_grading_is_not_told() -> None:
    assert "· graded" not in report_html([msgspec.structs.replace(made("ada", PASSED), graded_at="")])


def test_equal_results_give_equal_bytes() -> None:
    results = [made("ada", FAILED, CRASHED), made("ben", PASSED, PROPERTY)]
    assert report_html(results) == report_html(copy(results))


def test_an_empty_class() -> None:
    assert "No submission has been graded." in Page(report_html([])).text


@given(st.lists(st.floats(0, 1)))
def test_each_total_is_in_one_bin(parts: list[float]) -> None:
    bins = histogram(parts)
    assert sum(bin.count for bin in bins) == len(parts)
    assert [bin.low for bin in bins] == list(range(0, 100, 10)) and all(0 <= bin.height <= 1 for bin in bins)


def test_edges_of_the_histogram() -> None:
    assert [bin.count for bin in histogram([0, 0.0999, 0.1, 0.3, 0.1 + 0.2, 0.7, 0.999, 1])] == [
        2,
        1,
        0,
        2,
        0,
        0,
        0,
        1,
        0,
        2,
    ]


def test_means_are_over_those_graded() -> None:
    first, second = question_columns([made("ada", PASSED, CRASHED), made("ben", FAILED)])
    assert (first.question.id, first.mean, first.fraction) == ("1d", 4, 0.5)
    assert (second.question.id, second.mean, second.fraction) == ("1e", 0, 0)


def test_marks_tell_all_some_none_and_could_not_run_apart() -> None:
    other = replace(PASSED, check="other")
    found = [made("", PASSED), made("", FAILED, other), made("", FAILED), made("", replace(CRASHED, question="1d"))]
    assert [getattr(cell(result, "1d"), "mark", None) for result in found] == ["●", "◐", "○", "!"]
    assert cell(made("", PASSED), "1e") is None


def test_a_diagnosis_counts_once_a_submission() -> None:
    other = replace(FAILED, check="other", diagnosis="transposed")
    results = [made("ada", FAILED, replace(FAILED, check="again")), made("ben", FAILED, other), made("cem", PASSED)]
    assert common_diagnoses(results) == [("1d", "halves swapped", 2), ("1d", "transposed", 1)]


def test_a_hint_is_shown_and_is_no_diagnosis() -> None:
    hint = "this question runs on 1b, which did not pass either: look there first"
    pointed = made("a", replace(FAILED, diagnosis="", hint=hint))
    assert common_diagnoses([pointed]) == []
    assert report_html([pointed]).count(f"<p>Hint: {hint}</p>") == 1


def test_the_same_files_are_found() -> None:
    results = [made("a", PASSED), made("b", PASSED, digest="1"), made("c", PASSED), made("d", PASSED, digest="2")]
    assert same_files(results) == [[0, 2]]
    assert report_html(results).count("= set 1<") == 2
