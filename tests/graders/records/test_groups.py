"""Groups of submissions with the same mistake, and comments that belong to them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given

from graders.exports.gradescope import results_json
from graders.records.groups import ANSWERS, DIAGNOSIS, MESSAGE, groups_of, with_comments
from graders.records.result import Result
from sanity.core.verdict import Outcome
from tests.support.results import CRASHED, FAILED, PASSED, PROPERTY, classes, made

WRONG = replace(FAILED, diagnosis="", answer_digest="abc")
OTHER = replace(WRONG, answer_digest="def")
CHECK_2 = replace(FAILED, check="projects", diagnosis="")


def found(*results: Result, **comments: str) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(group.kind, group.what): group.members for group in groups_of(results, comments)}


def test_a_diagnosis_is_one_group_whatever_else_fails() -> None:
    class_ = [made("ben", FAILED, CHECK_2), made("ada", FAILED), made("cleo", PASSED)]
    assert found(*class_) == {(DIAGNOSIS, "halves swapped"): ("ada", "ben")}
    both = made("dora", FAILED, replace(CHECK_2, diagnosis="no bias"))
    assert found(both) == {(DIAGNOSIS, "halves swapped"): ("dora",), (DIAGNOSIS, "no bias"): ("dora",)}


def test_without_a_diagnosis_equal_wrong_answers_are_a_group() -> None:
    class_ = [made("ada", WRONG), made("ben", WRONG), made("cleo", OTHER), made("dora", WRONG, CHECK_2)]
    members = sorted(group.members for group in groups_of(class_, {}))
    assert members == [("ada", "ben"), ("cleo",), ("dora",)]
    assert {group.kind for group in groups_of(class_[:3], {})} == {ANSWERS}


def test_a_property_parts_nobody_whose_answers_are_equally_wrong() -> None:
    broken = replace(PROPERTY, outcome=Outcome.FAILED, message="padding leaks", answer_digest="123")
    both = [made("ada", WRONG, broken), made("ben", WRONG, replace(broken, answer_digest="456")), made("cleo", WRONG)]
    assert [group.members for group in groups_of(both, {})] == [("ada", "ben", "cleo")]
    alone = [made("ada", PASSED, broken), made("ben", PASSED, replace(broken, answer_digest="456"))]
    assert [group.members for group in groups_of(alone, {})] in ([("ada",), ("ben",)], [("ben",), ("ada",)])


def test_what_gave_no_answer_is_grouped_by_its_message_and_exception_in_whatever_line() -> None:
    message = "decode() raised RuntimeError in nmt_model.py, line {}"
    detail = "Traceback:\n  File nmt_model.py, line {}\nRuntimeError: mat1 and mat2 cannot be multiplied"
    lines = [replace(CRASHED, message=message.format(n), detail=detail.format(n)) for n in (7, 9)]
    another = replace(lines[0], detail="RuntimeError: out of bounds")
    class_ = [made("ada", lines[0]), made("ben", lines[1]), made("cleo", another)]
    first, second = groups_of(class_, {})
    assert (first.members, second.members) == (("ada", "ben"), ("cleo",))
    assert (first.kind, first.what) == (MESSAGE, "decode() raised RuntimeError in nmt_model.py")


def test_a_gradebook_without_digests_is_grouped_by_messages() -> None:
    old = replace(WRONG, answer_digest="")
    assert found(made("ada", old), made("ben", old)) == {(MESSAGE, WRONG.message): ("ada", "ben")}


def test_what_staff_have_settled_and_hints_are_in_no_group() -> None:
    settled = made("ada", FAILED)
    [question] = settled.questions
    question = msgspec.structs.replace(question, points=8.0, graded_points=0.0)
    hint = replace(FAILED, weight=0, outcome=Outcome.COULD_NOT_RUN)
    assert found(msgspec.structs.replace(settled, questions=(question,)), made("ben", PASSED, hint)) == {}


def test_an_id_stays_when_others_come_and_the_order_is_that_of_the_questions() -> None:
    before = groups_of([made("ada", FAILED)], {})
    after = groups_of([made("ada", FAILED, CRASHED), made("ben", FAILED), made("cleo", CRASHED, PROPERTY)], {})
    assert [group.question for group in after] == ["1d", "1e"]
    assert after[0].id == before[0].id and after[0].id.startswith("1d-")


def test_a_comment_is_for_the_members_of_its_group_alone() -> None:
    class_ = [made("ada", FAILED), made("ben", WRONG)]
    [id] = [group.id for group in groups_of(class_, {}) if group.kind == DIAGNOSIS]
    [question] = class_[0].questions
    spoken = msgspec.structs.replace(class_[0], questions=(msgspec.structs.replace(question, comment="Well tried."),))
    ada, ben = with_comments([spoken, class_[1]], {id: "Lecture 7, slide 3."})
    assert ada.questions[0].comment == "Well tried.\nLecture 7, slide 3."
    assert ben.questions[0].comment == ""
    assert b"Lecture 7, slide 3." in results_json(ada)


@given(classes())
def test_every_failure_is_in_a_group_and_no_digest_reaches_a_student(class_: list[Result]) -> None:
    secret = "d1gest-for-staff"
    results = [
        msgspec.structs.replace(
            result,
            submission=f"{number} {result.submission}",
            questions=tuple(
                msgspec.structs.replace(q, verdicts=tuple(replace(v, answer_digest=secret) for v in q.verdicts))
                for q in result.questions
            ),
        )
        for number, result in enumerate(class_)
    ]
    groups = groups_of(results, {})
    for result in results:
        for question in result.questions:
            failed = any(v.outcome is not Outcome.PASSED for v in question.verdicts)
            own = [group for group in groups if group.question == question.id and result.submission in group.members]
            assert failed == bool(own) or question.settled
        assert secret.encode() not in results_json(result)
    assert len({group.id for group in groups}) == len(groups)
