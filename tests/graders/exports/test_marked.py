"""Every export of a class after staff and a policy: the same points everywhere, and nothing but them."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree as ET

from hypothesis import given, settings

from graders.exports.annotations import Places, workflow_commands
from graders.exports.gradescope import results_json
from graders.exports.jsonl import class_jsonl
from graders.exports.junit import junit_xml
from graders.exports.spreadsheet import class_csv
from graders.exports.table import console_table, feedback, gradebook_csv
from graders.records.comparison import compare
from graders.records.result import Result
from graders.records.scoring import total
from graders.text.numbers import number
from tests.support.pages import Page, pages
from tests.support.results import SECRET, marked_classes


@settings(max_examples=60)
@given(marked_classes())
def test_all_exports_have_the_same_points(class_: list[Result]) -> None:
    rows = list(csv.DictReader(io.StringIO(gradebook_csv(class_), newline="")))
    sheet = list(csv.reader(io.StringIO(class_csv(class_).decode("utf-8-sig"), newline="")))
    lines = [json.loads(line) for line in class_jsonl(class_).splitlines()]
    suites = ET.fromstring(junit_xml(class_).encode())
    for place, result in enumerate(class_):
        report = json.loads(results_json(result))
        assert rows[place]["total"] == number(result.points)
        assert sheet[place + 1][sheet[0].index("total")] == number(result.points)
        assert report["score"] == result.final_points == lines[place]["final_points"]
        assert total(test.get("score", 0) for test in report["tests"]) == result.points == lines[place]["points"]
        assert total(test.get("max_score", 0) for test in report["tests"]) == result.max_points
        uncounted = [question for question in result.questions if not question.counts]
        assert len(suites[place].findall("testcase/skipped")) == len(uncounted)
        assert [lines[place]["questions"][i]["points"] for i, q in enumerate(result.questions) if not q.counts] == [
            None
        ] * len(uncounted)
        for text in (json.dumps(report), workflow_commands(result, Places()), feedback(result)):
            assert SECRET not in text
    assert SECRET not in ET.tostring(suites, encoding="unicode")


@settings(max_examples=30)
@given(marked_classes())
def test_the_page_and_the_terminal_take_any_of_them(class_: list[Result]) -> None:
    for page in pages(class_):
        Page(page)
    assert SECRET not in console_table(class_)
    assert compare(class_, class_).is_empty
