from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from hypothesis import given

from graders.exports.annotations import Places, workflow_commands
from graders.exports.explanation import AS_EVER, explanation
from graders.records.result import Result
from graders.text.sanitize import clean_text
from sanity.core.verdict import Outcome
from tests.support.results import CRASHED, FAILED, PASSED, SECRET, made
from tests.support.results import results as any_result

LINE = re.compile(
    r"::error (?:file=[^:,%]*(?:%[0-9A-F]{2}[^:,%]*)*,(?:line=\d+,)?)?title=(?:[^:,%]|%[0-9A-F]{2})*::(?P<message>.*)"
)


@given(any_result())
def test_one_line_for_each_check_that_did_not_pass(result: Result) -> None:
    text = workflow_commands(result, Places({"utils.py": "hw/ü:%,.py"}, {"1a": ("utils.py", 7), "2": ("utils.py", 0)}))
    *errors, notice, rest = text.split("\n")
    bad = [v for q in result.questions for v in q.verdicts if v.outcome is not Outcome.PASSED]
    found = [LINE.fullmatch(line) for line in errors]
    assert all(found)
    assert [unquote(m["message"]) for m in found if m] == [
        clean_text(explanation(v, AS_EVER) or f"{v.outcome}: {v.sentence}") for v in bad
    ]
    assert notice.startswith("::notice title=a4::") and rest == "" and SECRET not in text and "\r" not in text


def test_the_commands_in_full() -> None:
    result = made("ada", replace(FAILED, message="50% wrong:\r\n::error::forged"), CRASHED)
    places = Places({"nmt_model.py": "a,b:c/nmt_model.py"}, {"1d": ("nmt_model.py", 81)})
    assert workflow_commands(result, places) == (
        "::error file=a%2Cb%3Ac/nmt_model.py,line=81,title=1d Encode::50%25 wrong:%0A::error::forged"
        "%0Alikely: halves swapped\n"
        "::error title=1e Decode::No answer in 20 s.\n"
        "::notice title=a4::ada: 0 of 16 points\n"
    )


def test_full_marks_give_only_the_notice() -> None:
    assert workflow_commands(made("ada", PASSED), Places()) == "::notice title=a4::ada: 8 of 8 points\n"
