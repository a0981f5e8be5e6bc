"""The tables of planted bugs and correct variants: enough rows, each of them a right sentence and valid Python."""

from __future__ import annotations

import ast
import re

import pytest

import graders.course.planted
from graders.course.assignment import assignment_names, load_assignment
from graders.course.planted import BugError, load_bugs, load_variants, reference_files

ASSIGNMENTS = assignment_names()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_there_are_enough_and_none_twice(assignment: str) -> None:
    bugs, variants = load_bugs(load_assignment(assignment)), load_variants(load_assignment(assignment))
    for table, least in ((bugs, 50), (variants, 10)):
        ids = [row.id for row in table]
        assert len(ids) == len(set(ids)) >= least
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id) for id in ids)
    assert {bug.question for bug in bugs} == {q.id for q in load_assignment(assignment).manifest.questions}
    assert len({tuple(bug.files.items()) for bug in bugs}) == len(bugs)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_bug_is_valid_python_and_says_one_sentence_that_holds_no_answer(assignment: str) -> None:
    reference = reference_files(load_assignment(assignment))
    for bug in load_bugs(load_assignment(assignment)):
        assert bug.files[bug.file] != reference[bug.file]
        ast.parse(bug.files[bug.file])
        assert not re.search(r"\n|\.$|self\.|torch\.|nn\.|np\.(?!random)|=", bug.says), bug.id
        assert len(bug.says) < 120, bug.id


@pytest.mark.parametrize("replace", ["no such text", "sent"])
def test_a_bug_that_does_not_fit_the_reference_is_an_error(replace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = {"id": "b", "question": "1a", "replace": replace, "by": "", "says": ""}
    monkeypatch.setattr(graders.course.planted, "_table", lambda name: {"bug": [bug]})
    with pytest.raises(BugError) as error:
        load_bugs(load_assignment("a4"))
    found = reference_files(load_assignment("a4"))["utils.py"].count(replace)
    assert found != 1
    assert str(error.value) == f"bug b: the text to replace occurs {found} times in utils.py, expected once"


def test_a_variant_of_an_unknown_question_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graders.course.planted, "_table", lambda name: {"variant": [{"id": "v", "9z": ""}]})
    with pytest.raises(BugError) as error:
        load_variants(load_assignment("a4"))
    assert str(error.value) == "variant v: no question 9z in the reference"
