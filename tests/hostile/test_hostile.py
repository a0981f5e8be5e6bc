"""Hostile submissions earn nothing that they should not, see nothing that they should not, and harm nobody."""

from __future__ import annotations

import pytest
from attacks import ATTACKS, HARMLESS, Attack
from conftest import NEIGHBOUR, Graded, Lab

from graders.result import QuestionResult, Result
from graders.session import MAX_PRINTED


def question(result: Result, id: str) -> QuestionResult:
    return next(question for question in result.questions if question.id == id)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
class TestAttack:
    """What holds of every attack in the sandbox."""

    def test_earns_what_it_deserves(self, graded: Graded, attack: Attack) -> None:
        attacked = question(graded.results[attack.id], attack.question)
        messages = [f"{verdict.message}; {verdict.slip}" for verdict in attacked.verdicts]
        deserved = attack.earns if attack.earns is not None else 0 if attack.says else attacked.max_points
        assert attacked.points == deserved, messages
        assert not attack.says or any(attack.says in message for message in messages), messages

    def test_leaves_its_other_questions_their_marks(self, graded: Graded, attack: Attack) -> None:
        others = [q for q in graded.results[attack.id].questions if q.id != attack.question]
        assert [q.points for q in others] == [q.max_points for q in others]

    def test_was_carried_out_and_found_nothing(self, graded: Graded, lab: Lab, attack: Attack) -> None:
        result = graded.results[attack.id]
        printed = "".join(q.printed for q in result.questions)
        for text in attack.prints:
            assert text in printed
        assert "ALLOWED" not in printed
        assert "FOUND" not in printed
        for known in (lab.canary, lab.token, lab.neighbour, str(lab.seed)):
            assert known not in repr(result)
        assert all(len(q.printed) < 2 * MAX_PRINTED + 100 for q in result.questions)
