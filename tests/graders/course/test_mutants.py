"""Mutants of the reference's answers: which there are, always the same, and only inside the answers."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from graders.course.assignment import assignment_names, load_assignment
from graders.course.planted import ANSWER, Files, reference_files
from graders.course.planted.mutants import Mutant, mutants_in, mutants_of


def mutants(body: str) -> list[str]:
    """Return the ids of the mutants of an answer."""
    text = f"def f(a, b, x):\n    y = 1 + 2\n    ### BEGIN SOLUTION 1a\n{body}\n    ### END SOLUTION\n"
    made = list(mutants_in(text))
    assert all(question == "1a" and "y = 1 + 2" in mutated for question, _, mutated in made)
    return [id for _, id, _ in made]


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("z = a + b", ["nothing", "z = a - b"]),
        ("z = a @ b.T", ["nothing", "z = a * b.T", "z = a @ b"]),
        ("z = a < b", ["nothing", "z = a <= b"]),
        ("z = -a", ["nothing", "z = a"]),
        ("z = f(a, b)", ["nothing", "z = f(b, a)"]),
        ("z = max(a, b)", ["nothing", "z = min(a, b)"]),
        (
            "z = a.sum(axis=0)",
            ["nothing", "z = a.sum()", "z = a.mean(axis=0)", "z = a.sum(axis=1)", "z = a.sum(axis=-1)"],
        ),
        ("z = x[a]", ["nothing", "z = x[a + 1]", "z = x[a - 1]"]),
        ("z = x[:a]", ["nothing", "z = x[:]"]),
        ("z = a.squeeze()", ["nothing", "z = a"]),
        ("z = a if b else x", ["nothing", "z = x if b else a", "z = a if not b else x"]),
        ("z += a", ["nothing", "z = a", "z -= a"]),
        ("return (a, b)", ["nothing", "return (b, a)"]),
        ("z = zip(a, b, strict=True)", ["nothing", "z = zip(b, a, strict=True)"]),
        ("z = True", ["nothing", "z = False"]),
    ],
)
def test_one_statement(statement: str, changed: list[str]) -> None:
    assert sorted(mutants(f"    {statement}")) == sorted(f"{statement} → {new}" for new in changed)


def test_statements_inside_others_are_changed_on_their_own() -> None:
    ids = mutants("    if a in x:\n        return b\n    return a")
    assert "if a in x: → if a not in x:" in ids
    assert "return b → nothing" in ids


def test_what_changes_twice_is_counted() -> None:
    assert mutants("    z = a\n    z = a") == ["z = a → nothing", "z = a → nothing (2)"]


@pytest.mark.parametrize("assignment", assignment_names())
def test_only_one_answer_is_changed_and_always_in_the_same_way(assignment: str) -> None:
    loaded = load_assignment(assignment)
    made = mutants_of(loaded)
    assert made == mutants_of(loaded)
    assert len({(mutant.question, mutant.id) for mutant in made}) == len(made)
    answered = {answer[2] for text in reference_files(loaded).values() for answer in ANSWER.finditer(text)}
    assert {mutant.question for mutant in made} == answered
    first = {mutant.question: mutant for mutant in reversed(made)}
    _are_in_one_file(first.values(), reference_files(loaded))


@pytest.mark.slow
@pytest.mark.parametrize("assignment", assignment_names())
def test_every_mutant_is_valid_and_in_one_file(assignment: str) -> None:
    loaded = load_assignment(assignment)
    _are_in_one_file(mutants_of(loaded), reference_files(loaded))


def _are_in_one_file(made: Iterable[Mutant], reference: Files) -> None:
    right = {name: ast.dump(ast.parse(text)) for name, text in reference.items()}
    for mutant in made:
        [changed] = [name for name in reference if mutant.files[name] != reference[name]]
        assert ast.dump(ast.parse(mutant.files[changed])) != right[changed]
