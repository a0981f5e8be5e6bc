"""JUnit XML: a test suite per submission, a test case per check. It contains only what students may read.

What that is, the dial decides, see `sanity.core.feedback`.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from graders.exports.explanation import AS_EVER, explanation
from graders.records.result import QuestionResult, Result, Unread
from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text
from sanity.core.feedback import Dial
from sanity.core.verdict import Outcome, Verdict


def junit_xml(results: Sequence[Result], unread: Sequence[Unread] = (), dial: Dial = AS_EVER) -> str:
    """Return results as one JUnit document; a check that could not run is an error, a wrong answer a failure.

    A submission that could not be read is a suite with one error.
    """
    root = ET.Element("testsuites", name="trivium")
    for result in results:
        root.append(_suite(result, dial))
    for one in unread:
        suite = ET.SubElement(root, "testsuite", name=clean_name(one.submission), tests="1", failures="0", errors="1")
        case = ET.SubElement(suite, "testcase", classname="submission", name="is read")
        problem = ET.SubElement(case, "error", message="not read", type=Outcome.COULD_NOT_RUN.value)
        problem.text = clean_text(one.reason)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(result: Result, dial: Dial) -> ET.Element:
    suite = ET.Element("testsuite", name=clean_name(result.submission))
    properties = {
        "points": number(result.points),
        "max_points": number(result.max_points),
        "digest": result.digest,
    }
    around = ET.SubElement(suite, "properties")
    for name, value in properties.items():
        ET.SubElement(around, "property", name=name, value=clean_name(value))
    for question in result.questions:
        place = clean_name(f"{result.assignment}.{question.id}")
        if not question.settled:
            suite.extend(_case(place, verdict, dial) for verdict in question.verdicts)
        if not question.verdicts or not question.counts or question.graded_points is not None:
            suite.append(_without_checks(place, question))
    for count, path in {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}.items():
        suite.set(count, str(len(suite.findall(path))))
    if skipped := suite.findall("testcase/skipped"):
        suite.set("skipped", str(len(skipped)))
    suite.set("time", f"{result.seconds:.0f}")
    if result.graded_at:
        suite.set("timestamp", clean_name(result.graded_at))
    return suite


def _case(place: str, verdict: Verdict, dial: Dial) -> ET.Element:
    case = ET.Element("testcase", classname=place, name=clean_name(verdict.check))
    said = explanation(verdict, dial)
    if verdict.outcome is not Outcome.PASSED:
        tag = "failure" if verdict.outcome is Outcome.FAILED else "error"
        problem = ET.SubElement(case, tag, message=clean_name(verdict.sentence), type=verdict.outcome.value)
        problem.text = clean_text(said)
    elif said:
        ET.SubElement(case, "system-out").text = clean_text(f"passed, but: {said}")
    return case


def _without_checks(place: str, question: QuestionResult) -> ET.Element:
    """Return the test case of a question that is marked by hand, excused, trained, or not graded."""
    case = ET.Element("testcase", classname=place, name=clean_name(question.name))
    if not question.counts:
        ET.SubElement(case, "skipped", message=clean_name(question.comment or question.standing.value))
    elif question.training and question.points < question.max_points:
        tag, kind = ("error", Outcome.COULD_NOT_RUN) if question.training.score is None else ("failure", Outcome.FAILED)
        problem = ET.SubElement(case, tag, message=question.training.stop_reason.value, type=kind.value)
        problem.text = clean_text(question.comment)
    elif question.comment:
        points = f"{number(question.points)} of {number(question.max_points)} points"
        ET.SubElement(case, "system-out").text = clean_text(f"{points}. {question.comment}")
    else:
        ET.SubElement(case, "error", message="this question was not graded", type=Outcome.COULD_NOT_RUN.value)
    return case
