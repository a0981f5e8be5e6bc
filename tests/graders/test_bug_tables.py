"""Every planted bug fails its own question and no other; every correct variant passes everything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

import graders.bugs
from graders.bugs import Bug, BugError, Variant, load_bugs, load_variants, reference_files
from graders.bugs.live import live
from graders.course import handout_folder
from sanity.check import Check, Run, load_checks
from sanity.judge import Remembering, attempt
from sanity.manifest import Manifest, read_manifest
from sanity.recorded import fixed_cases

BUGS, VARIANTS, CHECKS = load_bugs("a4"), load_variants("a4"), load_checks("a4")
MANIFEST = read_manifest(handout_folder("a4"))


@pytest.fixture(scope="module")
def expect() -> Iterator[Run]:
    with live("a4", reference_files("a4")) as child:
        yield Remembering(child)


def needs(manifest: Manifest, question: str) -> set[str]:
    """Return the questions whose answers a question runs on, and those that these run on."""
    direct = manifest.question(question).needs
    return {question}.union(*(needs(manifest, other) for other in direct))


def fails(check: Check, run: Run, expect: Run) -> bool:
    return any(attempt(check, run, expect, case) for case in fixed_cases(check.cases))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_a_bug_fails_its_question_and_no_unrelated_one(bug: Bug, expect: Run) -> None:
    with live("a4", bug.files) as child:
        run = Remembering(child)
        own = [check for check in CHECKS if check.question == bug.question]
        unrelated = [check for check in CHECKS if bug.question not in needs(MANIFEST, check.question)]
        assert any(fails(check, run, expect) for check in own)
        assert [check.name for check in unrelated if fails(check, run, expect)] == []


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_a_correct_variant_passes_every_check(variant: Variant, expect: Run) -> None:
    with live("a4", variant.files) as child:
        run = Remembering(child)
        for check in CHECKS:
            for case in [*fixed_cases(check.cases), *check.cases.corner_cases(1), *check.cases.drawn_cases(1, 3)]:
                assert attempt(check, run, expect, case) is None, (check.name, case.words)


def test_there_are_enough_and_none_twice() -> None:
    for table, least in ((BUGS, 50), (VARIANTS, 14)):
        ids = [row.id for row in table]
        assert len(ids) == len(set(ids)) >= least
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id) for id in ids)
    assert {bug.question for bug in BUGS} == {question.id for question in MANIFEST.questions}
    assert len({tuple(bug.files.items()) for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_a_bug_is_valid_python_and_says_one_sentence_that_holds_no_answer(bug: Bug) -> None:
    assert bug.files[bug.file] != reference_files("a4")[bug.file]
    for text in bug.files.values():
        ast.parse(text)
    assert not re.search(r"\n|\.$|self\.|torch\.|nn\.|=", bug.says)
    assert len(bug.says) < 120


@pytest.mark.parametrize("replace", ["no such text", "sent"])
def test_a_bug_that_does_not_fit_the_reference_is_an_error(replace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = {"id": "b", "question": "1a", "replace": replace, "by": "", "says": ""}
    monkeypatch.setattr(graders.bugs, "_table", lambda name: {"bug": [bug]})
    with pytest.raises(BugError) as error:
        load_bugs("a4")
    found = reference_files("a4")["utils.py"].count(replace)
    assert found != 1
    assert str(error.value) == f"bug b: its text to replace is {found} times in utils.py, expected once"


def test_a_variant_of_an_unknown_question_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graders.bugs, "_table", lambda name: {"variant": [{"id": "v", "9z": ""}]})
    with pytest.raises(BugError) as error:
        load_variants("a4")
    assert str(error.value) == "variant v: no question 9z in the reference"
