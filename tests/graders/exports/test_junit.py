from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
from hypothesis import given

from graders.exports.explanation import AS_EVER, explanation
from graders.exports.junit import junit_xml
from graders.records.result import Result
from graders.records.scoring import total
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from sanity.core.verdict import Outcome
from tests.support.results import CRASHED, FAILED, PASSED, SECRET, classes, made

NOT_GRADED = "this question was not graded"


@given(classes())
def test_any_class_parses_back(results: list[Result]) -> None:
    text = junit_xml(results)
    root = ET.fromstring(text.encode())
    assert [suite.get("name") for suite in root] == [clean_name(result.submission) for result in results]
    for suite, result in zip(root, results, strict=True):
        properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
        assert properties["points"] == number(total(q.points for q in result.questions))
        found = [verdict for question in result.questions for verdict in question.verdicts]
        bad = [verdict for verdict in found if verdict.outcome is not Outcome.PASSED]
        problems = [e for e in suite.iter() if e.tag in ("failure", "error") and e.get("message") != NOT_GRADED]
        assert [problem.text or "" for problem in problems] == [
            clean_text(explanation(verdict, AS_EVER)) for verdict in bad
        ]
        ungraded = sum(not question.verdicts for question in result.questions)
        assert int(suite.get("tests", "")) == len(found) + ungraded == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == sum(v.outcome is Outcome.FAILED for v in found)
        assert int(suite.get("errors", "")) == sum(v.outcome is Outcome.COULD_NOT_RUN for v in found) + ungraded
    assert SECRET not in text


def test_the_document_in_full() -> None:
    assert (
        junit_xml([made("ada", FAILED, CRASHED), made("b<&\x00", PASSED)])
        == f"""\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="trivium" tests="3" failures="1" errors="1">
  <testsuite name="ada" tests="2" failures="1" errors="1" time="2" timestamp="2025-01-31T12:00:00+00:00">
    <properties>
      <property name="points" value="0" />
      <property name="max_points" value="16" />
      <property name="digest" value="{"0" * 64}" />
    </properties>
    <testcase classname="a4.1d" name="encodes">
      <failure message="encode() returns the hidden states." type="failed">h_0 is wrong:
its halves are swapped.
likely: halves swapped</failure>
    </testcase>
    <testcase classname="a4.1e" name="decodes">
      <error message="decode() returns the outputs." type="could not run">No answer in 20 s.</error>
    </testcase>
  </testsuite>
  <testsuite name="b&lt;&amp;␀" tests="1" failures="0" errors="0" time="2" timestamp="2025-01-31T12:00:00+00:00">
    <properties>
      <property name="points" value="8" />
      <property name="max_points" value="8" />
      <property name="digest" value="{"0" * 64}" />
    </properties>
    <testcase classname="a4.1d" name="encodes" />
  </testsuite>
</testsuites>
"""
    )


def test_a_question_that_was_not_graded_is_an_error() -> None:
    result = made("ada", PASSED)
    result = msgspec.structs.replace(result, questions=(msgspec.structs.replace(result.questions[0], verdicts=()),))
    (case,) = ET.fromstring(junit_xml([result]).encode()).iter("testcase")
    assert case.get("name") == "Encode" and case[0].get("message") == NOT_GRADED
