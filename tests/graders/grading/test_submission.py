"""One submission: each question is judged for itself, and says what is wrong without a value or a word of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import graders.grading.submission
from graders.course.assignment import load_assignment
from graders.exports.gradescope import results_json
from graders.grading.grader import Grader
from graders.grading.plan import Plan, make_plan
from graders.grading.reference import Reference
from graders.grading.submission import _blame, grade, scored
from graders.intake.submission import Submission, read_submission, submission_of
from graders.records.result import QuestionResult, Result, Signature
from graders.sandbox.isolation import Isolation
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from sanity.core.check import Check
from sanity.core.manifest import Question
from sanity.core.verdict import Outcome, Verdict

Grade = Callable[..., Result]
SIGNATURE = Signature(1, "sandlock", "abc", {"python": "3"})


@pytest.fixture
def graded(plan: Plan, zygote: Zygote, reference: Reference, tmp_path: Path) -> Grade:
    """Return a function that grades files."""

    def run(files: Mapping[str, str], *ids: str, tell: Callable[[Result], None] = lambda result: None) -> Result:
        folder = tmp_path / "anna"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        chosen = make_plan(load_assignment("a4"), list(ids), plan.seed) if ids else plan
        return grade(chosen, read_submission(folder, plan.manifest), zygote, reference, SIGNATURE, tell)

    return run


def points(result: Result) -> dict[str, float]:
    return {question.id: question.points for question in result.questions}


def messages(result: Result, id: str) -> set[str]:
    [question] = [question for question in result.questions if question.id == id]
    return {verdict.message for verdict in question.verdicts}


def test_the_reference_gets_full_marks(graded: Grade, plan: Plan, reference_files: dict[str, str]) -> None:
    result = graded(reference_files)
    assert points(result) == {question.id: question.points for question in plan.questions}
    assert {verdict.message for question in result.questions for verdict in question.verdicts} == {""}
    assert result.signature == SIGNATURE
    assert result.submission == "anna"


def test_the_stub_gets_nothing_and_is_told_so_without_a_traceback(
    graded: Grade, plan: Plan, stub_files: dict[str, str]
) -> None:
    result = graded(stub_files)
    assert points(result) == {question.id: 0 for question in plan.questions}
    for question in result.questions:
        assert messages(result, question.id) == {"not implemented yet"}


BUGS = [
    ("1a", "utils.py", "sent + [pad_token] *", "sent + [0] *"),
    ("1d", "nmt_model.py", "torch.cat((last_hidden[0], last_hidden[1])", "torch.cat((last_hidden[1], last_hidden[0])"),
    ("1e", "nmt_model.py", "Ybar_t = torch.cat((Y_t, o_prev)", "Ybar_t = torch.cat((Y_t, 0 * o_prev)"),
    ("1f", "nmt_model.py", "self.dropout(torch.tanh(V_t))", "self.dropout(V_t)"),
]


@pytest.mark.parametrize(("id", "file", "right", "wrong"), BUGS)
def test_a_mistake_costs_points_of_its_own_question_only(
    graded: Grade, reference_files: dict[str, str], id: str, file: str, right: str, wrong: str
) -> None:
    assert reference_files[file].count(right) == 1
    result = graded({**reference_files, file: reference_files[file].replace(right, wrong)})
    for question in result.questions:
        assert (question.points < question.max_points) == (question.id == id), question
    [found] = [question for question in result.questions if question.id == id]
    for verdict in found.verdicts:
        assert (verdict.outcome is Outcome.PASSED) == (verdict.message == "")
        assert "Traceback" not in verdict.message


def test_questions_that_somebody_passed_are_put_at_once_and_judged_alike(
    graded: Grade, reference: Reference, reference_files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    puts: list[int] = []
    real = Session.ask_all
    monkeypatch.setattr(
        Session, "ask_all", lambda session, calls, known: puts.append(len(calls.asked)) or real(session, calls, known)
    )
    wrong = {**reference_files, "nmt_model.py": reference_files["nmt_model.py"].replace("torch.tanh(", "torch.sin(")}
    results = []
    for known in (False, True):
        if not known:
            reference.calls.clear()
        results.append([clean(graded(files)) for files in (wrong, reference_files, wrong, reference_files)])
    assert results[0] == results[1]
    assert results[0][0] == results[0][2] != results[0][1] == results[0][3]
    assert puts  # else this test shows nothing
    assert max(puts) > 10


def test_answers_that_passed_before_are_not_judged_again(
    graded: Grade, reference: Reference, reference_files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    real = graders.grading.submission.judge

    def noted(check: Check, *rest: Any) -> Verdict:
        judged.append(check.question)
        return real(check, *rest)

    monkeypatch.setattr(graders.grading.submission, "judge", noted)
    reference.calls.clear()
    results = [graded(reference_files), graded(reference_files)]  # calls are noted, and then answers
    judged.clear()
    results.append(
        graded({**reference_files, "utils.py": "# Bit for bit the same answers.\n" + reference_files["utils.py"]})
    )
    assert set(judged) == {"1a"}  # the first question is asked alone
    assert [clean(result).questions for result in results] == 3 * [clean(results[0]).questions]
    judged.clear()
    wrong = reference_files["bleu.py"].replace("math.exp(", "math.expm1(")
    assert wrong != reference_files["bleu.py"]
    result = graded({**reference_files, "bleu.py": wrong})
    assert set(judged) > {"1a"}
    assert result.points < results[0].points
    assert clean(graded(reference_files)).questions == clean(results[0]).questions


def test_verdicts_that_follow_from_more_than_the_answers_are_not_kept(
    graded: Grade, reference: Reference, reference_files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference.calls.clear()
    graded(reference_files)
    real = Session.ask_all
    monkeypatch.setattr(Session, "ask_all", lambda *args: replace(real(*args), answers={}))  # as if all had raised
    assert points(graded(reference_files)) == points(graded(reference_files))
    assert not any(noted.passed for noted in reference.calls.values())


def clean(result: Result) -> Result:
    """Return a result without what differs from run to run."""
    return msgspec.structs.replace(result, seconds=0, graded_at="")


def test_a_file_that_is_missing_costs_its_questions(graded: Grade, reference_files: dict[str, str]) -> None:
    result = graded({name: text for name, text in reference_files.items() if name != "utils.py"})
    assert points(result) == {"1a": 0, "1b": 3, "1c": 4, "1d": 8, "1e": 8, "1f": 10, "2b": 2, "2c": 1, "2d": 2}
    assert messages(result, "1a") == {"utils.py is missing from the submission"}
    assert result.notes == ("missing: utils.py",)


def test_a_submission_of_a_year_without_bleu_keeps_all_other_points(
    graded: Grade, reference_files: dict[str, str]
) -> None:
    result = graded({name: text for name, text in reference_files.items() if name != "bleu.py"})
    assert points(result) == {"1a": 2, "1b": 3, "1c": 4, "1d": 8, "1e": 8, "1f": 10, "2b": 0, "2c": 0, "2d": 0}
    assert messages(result, "2d") == {"bleu.py is missing from the submission"}
    assert result.notes == ("missing: bleu.py",)


def test_a_file_that_is_not_python_costs_its_questions(graded: Grade, reference_files: dict[str, str]) -> None:
    result = graded({**reference_files, "nmt_model.py": "def f(:\n"})
    assert points(result) == {"1a": 2, "1b": 3, "1c": 0, "1d": 0, "1e": 0, "1f": 0, "2b": 2, "2c": 1, "2d": 2}
    assert messages(result, "1e") == {"nmt_model.py is not valid Python: SyntaxError at line 1"}


POISONS = {
    "the default dtype": "import torch\n    torch.set_default_dtype(torch.float16)",
    "numpy's error state": "import numpy, torch\n    numpy.seterr(all='raise')\n    torch.set_grad_enabled(False)",
    "torch itself": "import torch\n    torch.nn.LSTM.forward = torch.bmm = None",
    "the modules": "import sys\n    sys.modules['vocab'] = sys.modules['torch.nn.functional'] = None",
    "the clock": "import threading\n    threading.Thread(target=exec, args=('while True: pass',), daemon=True).start()",
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
def test_a_question_that_spoils_its_worker_spoils_no_other(
    graded: Grade, reference_files: dict[str, str], poison: str
) -> None:
    """It passes beside others or is asked again alone: the order of the questions does not matter."""
    head = "    ### BEGIN SOLUTION 1a\n"
    spoilt = reference_files["utils.py"].replace(head, f"    {poison}\n{head}")
    assert points(graded({**reference_files, "utils.py": spoilt}, "1a", "1d")) == {"1a": 2, "1d": 8}


def test_a_question_that_is_slow_beside_others_has_its_full_time_alone(
    graded: Grade, reference_files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graders.grading.submission.SHARED_SECONDS", 0.3)
    slow = "import sys, time\nprint('utils' in sys.modules)\ntime.sleep(0.5)\n"
    files = {**reference_files, "model_embeddings.py": slow + reference_files["model_embeddings.py"]}
    result = graded(files, "1a", "1b")
    assert points(result) == {"1a": 2, "1b": 3}
    assert result.questions[1].printed == "False\n"


def test_there_is_a_complete_result_before_and_after_every_question(
    graded: Grade, reference_files: dict[str, str]
) -> None:
    told: list[Result] = []
    result = graded(reference_files, "1a", "1b", tell=told.append)
    assert [points(now) for now in told] == [{"1a": 0, "1b": 0}, {"1a": 2, "1b": 0}, {"1a": 2, "1b": 3}]
    assert messages(told[0], "1a") == messages(told[1], "1b") == {"not graded yet"}
    assert told[-1].questions == result.questions
    for now in told:
        report = json.loads(results_json(now))
        assert report["score"] == now.points
        assert [test["status"] for test in report["tests"]].count("passed") == (0, 3, 6)[told.index(now)]


def test_no_value_of_a_submission_makes_a_result_large(graded: Grade, reference_files: dict[str, str]) -> None:
    flood = "def pad_sents(sents, pad_token):\n    print('x' * 10**6)\n    return [['y' * 10**6]]\n"
    [question] = graded({**reference_files, "utils.py": flood}, "1a").questions
    assert question.points == 0
    assert max(len(verdict.detail) for verdict in question.verdicts) <= 4000
    assert 16_000 <= len(question.printed) < 17_000


def made(
    id: str, *outcomes: Outcome, needs: tuple[str, ...] = (), diagnosis: str = "", hint: str = ""
) -> tuple[Question, QuestionResult]:
    verdicts = [
        Verdict(id, f"check {i}", "It holds.", outcome, 1, is_property=False, diagnosis=diagnosis, hint=hint)
        for i, outcome in enumerate(outcomes)
    ]
    question = Question(id, "Some", 2, "utils.py", needs)
    return question, scored(question, verdicts)


def test_a_failure_points_to_the_questions_that_it_runs_on() -> None:
    _, broken = made("1b", Outcome.FAILED)
    _, fine = made("1c", Outcome.PASSED)
    question, result = made("1d", Outcome.PASSED, Outcome.FAILED, Outcome.COULD_NOT_RUN, needs=("1b", "1c"))
    results = {"1b": broken, "1c": fine, "1d": result}
    hint = "this question runs on 1b, which did not pass either: look there first"
    assert [verdict.hint for verdict in _blame(question, results).verdicts] == ["", hint, hint]

    both = _blame(question, {**results, "1c": replace_points(fine)})
    assert both.verdicts[1].hint == "this question runs on 1b and 1c, which did not pass either: look there first"
    assert _blame(question, {"1c": fine, "1d": result}) == result  # 1b is not asked for

    question, named = made("1d", Outcome.FAILED, needs=("1b",), diagnosis="a transposed matrix")
    assert _blame(question, {"1b": broken, "1d": named}) == named
    question, advised = made("1d", Outcome.COULD_NOT_RUN, needs=("1b",), hint="write int")
    assert _blame(question, {"1b": broken, "1d": advised}) == advised


def replace_points(result: QuestionResult) -> QuestionResult:
    failed = [replace(verdict, outcome=Outcome.FAILED) for verdict in result.verdicts]
    return scored(Question(result.id, result.name, result.max_points, "utils.py"), failed)


def test_blame_is_in_the_result(graded: Grade, reference_files: dict[str, str]) -> None:
    model = reference_files["nmt_model.py"].replace("        super().__init__()\n", "        raise KeyError\n")
    result = graded({**reference_files, "nmt_model.py": model}, "1c", "1d")
    hints = {verdict.hint for verdict in result.questions[1].verdicts}
    assert "this question runs on 1c, which did not pass either: look there first" in hints


def test_a_question_without_checks_earns_nothing() -> None:
    assert made("1a")[1] == QuestionResult("1a", "Some", 0, 2, ())


def test_an_empty_submission_is_told_what_is_missing(
    plan: Plan, zygote: Zygote, reference: Reference, tmp_path: Path
) -> None:
    nothing = Submission("nobody", {}, "0" * 64, (), tmp_path)
    result = grade(plan, nothing, zygote, reference, SIGNATURE, lambda result: None)
    assert result.points == 0
    assert messages(result, "1b") == {"model_embeddings.py is missing from the submission"}


def test_a_file_under_another_name_earns_what_it_would_under_its_own(
    plan: Plan, isolation: Isolation, warm: None
) -> None:
    """Whichever name the other files import it by; its code runs once."""
    aliases = {"nmt_model.py": ("model.py",), "utils.py": ("helpers.py",)}
    manifest = msgspec.structs.replace(plan.manifest, aliases=aliases)
    renamed = make_plan(replace(plan.assignment, manifest=manifest), ["1a", "1d"], 1)
    files = dict(plan.assignment.reference)
    files["model.py"] = files.pop("nmt_model.py") + b"\nimport helpers, utils\nassert helpers is utils\n"
    files["helpers.py"] = files.pop("utils.py")
    with closing(Grader(renamed, isolation)) as grader:
        grader.start(1)
        grader.prepare()
        result = grader.grade(submission_of("ada", files, Path("ada")))
    assert [question.points for question in result.questions] == [2, 8]
