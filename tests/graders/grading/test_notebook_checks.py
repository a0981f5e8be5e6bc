"""A notebook that calls `check()` is graded as if it did not, and `check()` answers nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders import GradeOptions, Isolation, grade_class, load_assignment

CALLS = """
# %%
__name__ = "__main__"
from sanity import check
try:
    check("1.1")
except BaseException as error:
    raise RuntimeError("refused") from None
"""


@pytest.mark.slow
def test_a_notebook_may_check_itself(isolation: Isolation, tmp_path: Path) -> None:
    name, content = next(item for item in load_assignment("a1").reference.items() if item[0].startswith("exploring"))
    assert b'check("1.1")' in content
    for student, more in ("ada", ""), ("ben", CALLS):
        (tmp_path / student).mkdir()
        (tmp_path / student / name).write_text(content.decode() + more)
        (tmp_path / student / "counting.py").write_bytes(load_assignment("a1").reference["counting.py"])
    report = grade_class(
        GradeOptions(
            paths=[tmp_path / "ada", tmp_path / "ben"],
            assignment="a1",
            questions=["1.1", "1.2"],
            out=tmp_path / "out",
            isolation=isolation,
        )
    )
    for result in report.results:
        assert [question.points for question in result.questions if question.id in ("1.1", "1.2")] == [2, 5]
        printed = "".join(question.printed for question in result.questions)
        assert "Sanity Check" not in printed and ("failed" in printed) == (result.submission == "ben")
