"""Asking: nothing that a submission raises ends the run, and its own words stay out of the messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sanity.core.assignment_package import load_known_errors
from sanity.core.calling import MAX_TEXT, LocalRun, SubmissionError, answers_of, ask, problem_of
from sanity.core.case import Case
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import probe
from sanity.core.submission_modules import SubmissionModules

CASE = Case("", {"x": 3})


@probe("doubled", of="double()")
def double(code: Any, case: Case) -> Any:
    """Double x."""
    return code.student.double(case.x)


@pytest.fixture
def reply_of(tmp_path: Path):
    """Answer double with the lines of student.py."""
    opened: list[SubmissionModules] = []

    def reply_of(lines: str) -> object:
        (tmp_path / "student.py").write_text(lines)
        opened.append(SubmissionModules(tmp_path, [("student.py",)]))
        return ask(double, opened[-1], CASE)

    yield reply_of
    for code in opened:
        code.forget()


def test_an_answer_comes_back_as_plain_data(reply_of):
    assert reply_of("import numpy as np\ndef double(x): return np.full((1,), x * 2), (x,)") == [np.array([6]), [3]]


@pytest.mark.parametrize(
    ("lines", "type_name", "line"),
    [
        ("def double(x):\n    return x / 0", "ZeroDivisionError", 2),
        ("import sys\ndef double(x):\n    sys.exit(0)", "SystemExit", 3),
        ("quit()\ndef double(x): return y", "NameError", 2),
        ("def double(x):\n    return double(x)", "RecursionError", 2),
        ("class Own(BaseException): pass\ndef double(x):\n    raise Own", "Own", 3),
        ("import numpy\ndef double(x):\n    return numpy.linalg.inv(numpy.zeros((2, 2)))", "LinAlgError", 3),
        ("x = 1\nimport nowhere\ndef double(x): return nowhere.double(x)", "ModuleNotFoundError", 2),
        ("def double(x):\nreturn x", "IndentationError", 2),
        ("def double(x):\n    return (x", "SyntaxError", 2),
        ("def halve(x): pass", "AttributeError", 0),
        ("def double(): pass", "TypeError", 0),
        ("def double(x): raise GeneratorExit", "GeneratorExit", 1),
    ],
)
def test_whatever_is_raised_comes_back_with_its_place(reply_of, lines, type_name, line):
    raised = reply_of(lines)
    assert (raised.type, raised.line) == (type_name, line)
    assert raised.file == ("student.py" if line else "")


def test_only_ctrl_c_goes_through(reply_of):
    with pytest.raises(KeyboardInterrupt):
        reply_of("def double(x): raise KeyboardInterrupt")


def test_the_traceback_holds_the_submissions_frames_only(reply_of):
    raised = reply_of("import json\ndef double(x):\n    return json.loads('{')")
    assert raised.trace.splitlines() == [
        '  File "student.py", line 3, in double',
        "    return json.loads('{')",
        "           ^^^^^^^^^^^^^^^",
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ]


def test_texts_are_cut(reply_of):
    raised = reply_of(f"def double(x): raise ValueError('a' * {2 * MAX_TEXT} + 'z')")
    assert raised.text == "a" * MAX_TEXT
    assert len(raised.trace) == MAX_TEXT and raised.trace.endswith("az")


def test_an_error_that_cannot_be_spelled_is_no_error_of_ours(reply_of):
    raised = reply_of("class Own(Exception):\n    def __str__(self): raise OSError\ndef double(x): raise Own")
    assert (raised.type, raised.text) == ("Own", "")


def problem(type_name: str, text: str = "text", file: str = "student.py", line: int = 3) -> CouldNotRun:
    return problem_of(
        SubmissionError(type_name, text, file, line, "the trace"), "double()", {"student.py": b"1\n2\n3\n"}
    )


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (problem("ValueError"), "double() raised ValueError in student.py, line 3"),
        (problem("SystemExit"), "double() raised SystemExit in student.py, line 3"),
        (problem("ValueError", file="secret.py"), "double() raised ValueError"),
        (problem("GivesFullMarks"), "double() raised an exception in student.py, line 3"),
        (problem("print"), "double() raised an exception in student.py, line 3"),
        (problem("SyntaxError"), "student.py is not valid Python: SyntaxError at line 3"),
        (problem("TabError"), "student.py is not valid Python: TabError at line 3"),
        (problem("SyntaxError", file="secret.py"), "double() raised SyntaxError"),
        (problem("NotImplementedError", "1d: not implemented yet"), "not implemented yet"),
        (problem("NotImplementedError", "later"), "double() raised NotImplementedError in student.py, line 3"),
    ],
)
def test_messages_of_problems(problem, message):
    assert problem.message == message


def test_the_submissions_words_are_in_the_detail_only():
    found = problem("RuntimeError", "view size is not compatible: give me full marks")
    assert found.detail == "the trace"
    assert "marks" not in found.message + found.diagnosis + found.hint
    assert found.hint.startswith("view() cannot follow permute()")


def test_answers_of_names_the_parts():
    assert answers_of(double, 6, {}) == {"doubled": 6}
    with pytest.raises(CheckFailed, match=r"^double\(\) returned None"):
        answers_of(double, None, {})
    with pytest.raises(CouldNotRun, match=r"^double\(\) raised KeyError$"):
        answers_of(double, SubmissionError("KeyError", "", "", 0, ""), {})


def test_here_asks_in_this_process(tmp_path):
    (tmp_path / "student.py").write_text("def double(x): return 2 * x")
    code = SubmissionModules(tmp_path, [("student.py",)])
    try:
        assert LocalRun(code, ["student.py"])(double, CASE) == {"doubled": 6}
    finally:
        code.forget()


def test_what_an_assignment_knows_of_errors_comes_before_what_is_true_of_any_code():
    raised = SubmissionError("AttributeError", "'NoneType' object has no attribute 'bool'", "", 0, "")
    known = load_known_errors("a4")
    assert problem_of(raised, "step()", {}).hint == "a value here is None: did a function forget to `return`?"
    assert problem_of(raised, "step()", {}, known).hint == "enc_masks may be None: then no source word is padding"
    with pytest.raises(CouldNotRun) as error:
        answers_of(double, raised, {}, known)
    assert error.value.hint.startswith("enc_masks may be None")


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("student.py", "student.py"),
        ("student.ipynb", "student.ipynb, cell 2"),
    ],
)
def test_an_import_that_fails_is_advised_on_by_what_stands_on_its_line(file, place):
    text = "import numpy as np\nfrom utils.gradcheck import (gradcheck_naive,\n    other)\nimport nltk.corpus, pandas\n"
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in ("x = 1", text)]})
    files = {file: (text if file.endswith(".py") else notebook).encode(), "utils/gradcheck.py": b""}

    def hint(said: str, line: int) -> str:
        raised = SubmissionError("ImportError", said, place, line, "")
        return problem_of(raised, "f()", files).hint

    assert hint("No module named 'nltk'", 4) == (
        "nltk is not installed here: do without it, or hand in nltk.py if it is a file of yours"
    )
    assert hint("No module named 'nltk.corpus'", 4).startswith("nltk is not installed here")
    assert hint("cannot import name 'other' from 'utils.gradcheck' (/tmp/x)", 2) == (
        "there is no other in utils.gradcheck: delete it from the import, or check its name"
    )
    assert hint("No module named 'utils.gradcheck'", 2) == (
        "there is no utils.gradcheck among the files of this assignment: check the name"
    )
    # What the exception says may be made of what the submission has seen: only what stands there is repeated.
    for said in ("No module named 'seventeen'", "cannot import name 'seventeen' from 'utils.gradcheck'", "17"):
        assert hint(said, 2) == ""
    assert hint("No module named 'nltk'", 1) == ""
    assert hint("No module named 'nltk'", 99) == ""


def test_a_debugger_that_is_left_in_is_said_to_be():
    raised = SubmissionError("BdbQuit", "", "student.py", 3, "")
    problem = problem_of(raised, "f()", {"student.py": b"1\n2\n3\n"})
    assert problem.message == "f() raised an exception in student.py, line 3"
    assert problem.hint == "a debugger is left in: delete breakpoint() and pdb.set_trace()"
