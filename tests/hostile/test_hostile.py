"""Hostile submissions earn nothing that they should not, see nothing that they should not, and harm nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from graders.course.assignment import load_assignment
from graders.exports.annotations import Places, workflow_commands
from graders.exports.gradescope import results_json
from graders.exports.job_summary import job_summary
from graders.exports.junit import junit_xml
from graders.exports.table import feedback
from graders.grading.plan import make_plan
from graders.records.result import QuestionResult, Result
from graders.sandbox.captured_output import MAX_PRINTED
from graders.sandbox.isolation import NEEDED_ABI, Isolation, walls
from sanity.a4.padding import SENTENCES
from sanity.core.feedback import Dial, Level
from tests.hostile.attacks import ATTACKS, HARMLESS, Attack
from tests.hostile.attacks_kernel import KERNEL
from tests.hostile.attacks_messages import MESSAGES, TOLD
from tests.hostile.lab import NEIGHBOUR, QUESTIONS, Graded, Lab, grade_class, running

EVERY = [*ATTACKS, *KERNEL, *MESSAGES]


@pytest.fixture(scope="module")
def sandlock() -> None:
    """Skip where the walls do not stand."""
    for wall, reason in walls().items():
        if reason:
            pytest.skip(f"no walls here: {wall}: {reason}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("hostile"))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def graded(lab: Lab, sandlock: None) -> Graded:
    """All attacks, graded in the sandbox as one class, with an honest submission in the middle."""
    return with_a_neighbour(lab)


@pytest.fixture(scope="module")
def older_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("older"))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def older(older_lab: Lab, sandlock: None) -> Graded:
    """The same, with no more of Landlock than the oldest kernel has on which grading starts, in both walls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graders.sandbox.zygote.landlock_abi", lambda: NEEDED_ABI)
        return with_a_neighbour(older_lab)


def with_a_neighbour(lab: Lab) -> Graded:
    """Grade all attacks."""
    paths = [lab.submission(attack, attack.id) for attack in EVERY]
    honest = lab.reference()
    honest["utils.py"] = f"# {lab.neighbour}\n{honest['utils.py']}\nMINE = {lab.neighbour!r}\n"
    paths.insert(len(paths) // 2, lab.written(honest, NEIGHBOUR))
    return grade_class(lab, paths, Isolation.SANDLOCK)


@pytest.fixture(scope="module")
def unconfined(lab: Lab) -> Graded:
    """A few attacks that harm nobody, graded without walls: to show that it is the walls that stop them."""
    return grade_class(lab, [lab.submission(attack, attack.id) for attack in HARMLESS], Isolation.NONE)


def question(result: Result, id: str) -> QuestionResult:
    return next(question for question in result.questions if question.id == id)


@pytest.mark.parametrize("attack", EVERY, ids=lambda attack: attack.id)
class TestAttack:
    """What holds of every attack in the sandbox."""

    def test_earns_what_it_deserves(self, graded: Graded, attack: Attack) -> None:
        attacked = question(graded.results[attack.id], attack.question)
        messages = [f"{verdict.message}; {verdict.diagnosis}; {verdict.hint}" for verdict in attacked.verdicts]
        if attack.partly:
            assert 0 < attacked.points < attacked.max_points, messages
        else:
            assert attacked.points == (0 if attack.says else attacked.max_points), messages
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
            assert known not in repr(result.questions)
        assert all(len(q.printed) < 2 * MAX_PRINTED + 100 for q in result.questions)


def test_what_a_submission_says_is_not_repeated_to_students(graded: Graded) -> None:
    """Not even if it says the hidden case, in the text or the name of an error."""
    attacked = question(graded.results["A41 the case told in an error"], "1a")
    for verdict in attacked.verdicts:
        assert "[[" not in verdict.message + verdict.diagnosis + verdict.hint + verdict.case
        assert "[[" in verdict.detail  # which is for staff


def for_students(result: Result) -> str:
    """All that students may read of a result, without hashes, in which any digits may stand."""
    places = Places({"utils.py": "hw4/utils.py"}, dict.fromkeys(("1a", "1b", "1f"), ("utils.py", 0)))
    texts = [
        text
        for dial in (Dial(default=level) for level in Level)
        for text in (
            results_json(result, dial).decode(),
            junit_xml([result], dial=dial),
            workflow_commands(result, places, dial),
            job_summary(result, dial),
            feedback(result, dial),
        )
    ]
    return re.sub(r"[0-9a-f]{40,}", "", "\n".join(texts))


def test_students_read_no_number_that_a_submission_chose_and_no_seed(graded: Graded, lab: Lab) -> None:
    """Also not in a diagnosis or a hint, wherever those may be shown."""
    for attack in MESSAGES:
        result = graded.results[attack.id]
        verdicts = [verdict for q in result.questions for verdict in q.verdicts]
        said = for_students(result) + "".join(v.message + v.diagnosis + v.hint for v in verdicts)
        for name in (attack.id, *attack.files):  # notes may name a file: that is known before anything runs
            said = said.replace(name, "")
        assert TOLD not in said, attack.id
    for result in graded.results.values():
        assert isinstance(json.loads(results_json(result))["execution_time"], int)
        assert not any(f"{lab.seed:{base}}" in for_students(result) for base in "dxXo")


def test_students_read_nothing_of_a_hidden_case(graded: Graded, lab: Lab) -> None:
    """Not a word of one, nor a number out of one, in anything that students get of a hundred failed submissions."""
    plan = make_plan(load_assignment("a4"), QUESTIONS, lab.seed)
    words = {word for case in plan.cases[SENTENCES] for sent in case.sents for word in map(str, sent)}
    telling = {word for word in words if not word.isdigit()}
    assert len(telling) > 20
    for result in graded.results.values():
        said = for_students(result)
        assert telling.isdisjoint(re.findall(r"\w+", said))
        assert not re.search(r"\d\.\d{4}", said)


def test_an_import_of_ours_is_noted(graded: Graded) -> None:
    [attack] = [attack for attack in MESSAGES if attack.name.startswith("our own checks")]
    note = "utils.py imports sanity, which an answer here should do without"
    assert note in graded.results[attack.id].notes


def test_an_honest_neighbour_has_full_marks(graded: Graded) -> None:
    result = graded.results[NEIGHBOUR]
    assert [q.points for q in result.questions] == [q.max_points for q in result.questions]


def test_nothing_outside_has_changed(graded: Graded, lab: Lab) -> None:
    assert graded.changed == []
    assert (lab.folder / "canary" / "secret").read_text() == lab.canary


def test_no_listener_was_reached(graded: Graded) -> None:
    assert graded.reached == []


def test_nothing_is_left(graded: Graded, lab: Lab) -> None:
    assert list((lab.folder / "scratch").iterdir()) == []
    assert running(str(lab.folder)) == []


def test_everyone_was_graded(graded: Graded) -> None:
    assert graded.failures == []
    assert len(graded.results) == len(EVERY) + 1


@pytest.mark.slow
@pytest.mark.parametrize("attack", EVERY, ids=lambda attack: attack.id)
def test_an_attack_on_an_older_kernel(older: Graded, older_lab: Lab, attack: Attack) -> None:
    as_ever = TestAttack()
    as_ever.test_earns_what_it_deserves(older, attack)
    as_ever.test_leaves_its_other_questions_their_marks(older, attack)
    as_ever.test_was_carried_out_and_found_nothing(older, older_lab, attack)


@pytest.mark.slow
def test_nothing_else_happens_on_an_older_kernel(older: Graded, older_lab: Lab) -> None:
    assert (older.changed, older.reached, older.failures) == ([], [], [])
    test_an_honest_neighbour_has_full_marks(older)
    test_nothing_is_left(older, older_lab)


def test_without_walls_the_same_attacks_succeed(unconfined: Graded, lab: Lab) -> None:
    """So it is the walls that stop them, and these tests can fail."""
    for attack in HARMLESS:
        printed = question(unconfined.results[attack.id], "1a").printed
        assert all(text in printed for text in attack.prints), printed
    assert unconfined.reached == ["tcp"]
    assert unconfined.changed == [str(lab.outside[0] / lab.marker)]
