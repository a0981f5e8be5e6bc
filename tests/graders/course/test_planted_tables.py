"""The tables of planted bugs and correct variants: enough rows, each of them a right sentence and valid Python."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import graders.course.planted
from graders.course.assignment import assignment_names, load_assignment
from graders.course.planted import BugError, load_bugs, load_variants, reference_files

ASSIGNMENTS = assignment_names()
COURSE = ("a1", "a2", "a3", "a4", "a5")
"""Assignments that have been taught; of a new one less is asked."""


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Make tables of these names and texts, and no others."""
    monkeypatch.setattr(graders.course.planted, "TABLES", tmp_path)

    def make(**texts: str) -> None:
        for name, text in texts.items():
            (tmp_path / f"{name}.toml").write_text(text)

    return make


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_there_are_enough_and_none_twice(assignment: str) -> None:
    bugs, variants = load_bugs(load_assignment(assignment)), load_variants(load_assignment(assignment))
    for table, least in ((bugs, 50), (variants, 10)):
        ids = [row.id for row in table]
        assert len(ids) == len(set(ids)) >= (least if assignment in COURSE else 1)
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id) for id in ids)
    planted = Counter(bug.question for bug in bugs)
    assert {q.id for q in load_assignment(assignment).manifest.questions if planted[q.id] < 2} == set()
    assert len({tuple(bug.files.items()) for bug in bugs}) == len(bugs)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_bug_is_valid_python_and_says_one_sentence_that_holds_no_answer(assignment: str) -> None:
    reference = reference_files(load_assignment(assignment))
    for bug in load_bugs(load_assignment(assignment)):
        assert bug.files[bug.file] != reference[bug.file]
        ast.parse(bug.files[bug.file])
        assert not re.search(r"\n|\.$|self\.|torch\.|nn\.|np\.(?!random)|=", bug.says), bug.id
        assert len(bug.says) < 120, bug.id
        # It stands alone, in a table or in CI: it says what is wrong, and not of what it was said before.
        assert len(bug.says.split()) >= 3, bug.id
        assert not re.match(r"(it|this|that|they|no|not)\b", bug.says), bug.id


@pytest.mark.parametrize("replace", ["no such text", "sent"])
def test_a_bug_that_does_not_fit_the_reference_is_an_error(replace: str, table: Callable[..., None]) -> None:
    table(**{"a4": f'[1a.b]\nreplace = "{replace}"\nby = ""\nsays = ""'})
    with pytest.raises(BugError) as error:
        load_bugs(load_assignment("a4"))
    found = {"no such text": 0, "sent": 7}[replace]
    assert str(error.value) == (
        f"a4.toml:1: [1a.b]: the text to replace occurs {found} times in utils.py, "
        "in the answer to 1a or else outside it"
    )


def test_a_variant_of_an_unknown_question_is_an_error(table: Callable[..., None]) -> None:
    table(**{"a4-variants": '[v]\n9z = ""'})
    with pytest.raises(BugError) as error:
        load_variants(load_assignment("a4"))
    assert str(error.value) == "a4-variants.toml:1: [v]: no question 9z in the reference"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ('"pass"', "1a: expected 3 answers, found 1"),
        ('["pass", "pass"]', "1a: expected 3 answers, found 2"),
        ("[1, 2, 3]", "1a: expected text, or a list of texts"),
        ("1", "1a: expected text, or a list of texts"),
    ],
)
def test_a_question_with_several_answers_has_a_list_of_them(
    answers: str, said: str, table: Callable[..., None]
) -> None:
    table(**{"a3-variants": f"[v]\n1a = {answers}"})
    with pytest.raises(BugError) as error:
        load_variants(load_assignment("a3"))
    assert str(error.value) == f"a3-variants.toml:1: [v]: {said}"


SLIP = 'replace = "longest = max"\nby = ""\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"[9z.b]\n{SLIP}says = ''",
            "1: [9z.b]: a4 has no question '9z': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d",
        ),
        (f"[1a.b]\n{SLIP}", "1: [1a.b]: Object missing required field `says`; expected replace, by and says"),
        (f"\n[1a.b]\n{SLIP}s = ''", "2: [1a.b]: Object contains unknown field `s`; expected replace, by and says"),
        (f"[1a.b]\n{SLIP}says = ''\n[1b.b]\n{SLIP}says = ''", "5: [1b.b]: question 1a has a bug of this name, too"),
        ("[1a.b", " not valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
        ("a = 1", " a: expected a table under a header such as [1a.name]"),
    ],
)
def test_a_table_that_is_not_valid_is_one_line(text: str, said: str, table: Callable[..., None]) -> None:
    table(a4=text)
    with pytest.raises(BugError) as error:
        load_bugs(load_assignment("a4"))
    assert str(error.value) == f"a4.toml:{said}"
