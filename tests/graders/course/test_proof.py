"""What the checks catch: planted bugs and mutants, counted, and the command that prints it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import graders.course.planted.proof
from graders.cli.main import main
from graders.course.assignment import Assignment, assignment_names, course_root, load_assignment
from graders.course.planted import BugError, load_bugs
from graders.course.planted.mutants import Mutant, mutants_of
from graders.course.planted.proof import Proof, load_equivalent, mutant_name, prove

LOOP = Mutant("endless", "3a", {})


def of_3a(monkeypatch: pytest.MonkeyPatch, **changed: str) -> tuple[Assignment, list[Mutant]]:
    """Return assignment 2 with the bugs and mutants of question 3a only, and with other text in these mutants."""
    assignment = load_assignment("a2")
    bugs = [bug for bug in load_bugs(assignment) if bug.question == "3a"]
    monkeypatch.setattr(graders.course.planted.proof, "load_bugs", lambda _: bugs)
    mutants = [mutant for mutant in mutants_of(assignment) if mutant.question == "3a"]
    for id, body in changed.items():
        text = assignment.reference["jacobians.py"].decode().replace("return W.copy()", body)
        mutants.append(Mutant(id, "3a", {**mutants[0].files, "jacobians.py": text}))
    return assignment, mutants


def test_bugs_and_mutants_of_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graders.course.planted.proof, "CPU_LIMIT", 2)
    wrong = {"loop": "while True: pass", "death": "import os; os._exit(0)", "right": "return 1.0 * W"}
    assignment, mutants = of_3a(monkeypatch, **wrong)
    told: list[int] = []
    proof = prove(assignment, told.append, mutants, jobs=2)
    bugs = ["left-transposed", "left-product"]
    assert [caught.bug.id for caught in proof.bugs] == bugs == proof.named
    assert proof.missed == proof.misnamed == []
    assert proof.kills("left_by_vector_Jacobian") == (2, [])
    assert proof.kills("entropy") == (0, [])
    assert "entropy" in proof.idle
    assert [mutant.id for mutant in proof.survivors] == ["right"]
    assert list(proof.equivalent) == ["3a: return W.copy() → return W"]
    assert proof.stale == []
    assert proof.score == 0.75  # of nothing, loop, death and right
    assert told == [len(bugs) + len(mutants)] * (len(bugs) + len(mutants))


def test_a_mutant_that_is_listed_as_right_but_caught_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    assignment, mutants = of_3a(monkeypatch)
    rows = {"3a: return W.copy() → nothing": "", "3a: no such → mutant": "", "3b: return W.T.copy() → return W.T": ""}
    monkeypatch.setattr(graders.course.planted.proof, "load_equivalent", lambda _: rows)
    assert prove(assignment, mutants=mutants).stale == list(rows)[:2]


def test_what_decides_the_exit_status() -> None:
    good = Proof("a2", [], [], 100, [LOOP] * 2, {}, [])
    assert good.score == 0.98
    assert good.holds
    assert not replace(good, survivors=[LOOP] * 3).holds
    assert not replace(good, stale=["3a: x"]).holds
    assert not replace(good, checks=[*graders.course.planted.proof.checks_of(load_assignment("a2").manifest)]).holds
    assert replace(good, mutants=0, survivors=[]).score == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[3a", "not valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
        ("3a = 1", "3a: expected a table of mutants and reasons"),
        ("[3a]\nx = 1", "3a: expected a table of mutants and reasons"),
    ],
)
def test_a_list_that_is_not_valid_is_one_line(
    text: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(graders.course.planted.proof, "TABLES", tmp_path)
    (tmp_path / "a2-equivalent.toml").write_text(text)
    with pytest.raises(BugError) as error:
        load_equivalent(load_assignment("a2"))
    assert str(error.value) == f"a2-equivalent.toml: {said}"


@pytest.mark.parametrize("assignment", assignment_names())
def test_each_right_mutant_is_made_and_has_a_reason(assignment: str) -> None:
    loaded = load_assignment(assignment)
    rows = load_equivalent(loaded)
    assert set(rows) <= {mutant_name(mutant) for mutant in mutants_of(loaded)}
    assert all(len(reason.split()) > 3 for reason in rows.values())


def test_the_command_prints_what_is_caught(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, mutants = of_3a(monkeypatch)
    monkeypatch.setattr(graders.course.planted.proof, "mutants_of", lambda _: mutants)
    monkeypatch.setattr(graders.course.planted.proof, "load_equivalent", lambda _: {})
    assert main(["prove", "a2"]) == 1  # other questions' checks catch nothing
    out = capsys.readouterr().out
    assert "Question 3a: 2 planted bugs\n" in out
    assert "2 of 2 planted bugs are caught.\n" in out
    assert "2 of 2 bugs are named by the first block that their student reads; 0 first blocks name another" in out
    assert "1 of 2 mutants are caught (50.0%); 0 more are right answers, listed by hand.\n" in out
    assert "  survives: 3a: return W.copy() → return W\n" in out
    assert main(["prove", "a2", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["survivors"] == ["3a: return W.copy() → return W"]
    assert document["checks"]["left_by_vector_Jacobian"] == {"kills": 2, "alone": []}


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ["a1", "a2", "a3", "a4", "a5"])
def test_the_checks_catch_enough_and_name_what_they_catch(assignment: str) -> None:
    proof = prove(load_assignment(assignment))
    assert proof.holds, (proof.missed, proof.idle, proof.stale, proof.survivors)
    assert len(proof.named) >= 0.85 * len(proof.bugs)
    assert proof.misnamed == []
    counted = proof.mutants - len(proof.equivalent)
    row = (
        f"| {assignment} | {len(proof.bugs)} | {len(proof.named)} | {len(proof.misnamed)} | "
        f"{counted - len(proof.survivors)} of {counted} | {len(proof.equivalent)} |"
    )
    assert row in (course_root() / "docs" / "author" / "README.md").read_text(encoding="utf-8")
