"""Trainings join results: only those of the very files that were graded, and the same questions with or without."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from graders.exports.annotations import Places, workflow_commands
from graders.exports.gradescope import results_json
from graders.exports.junit import junit_xml
from graders.exports.table import console_table, gradebook_csv
from graders.grading.trained import with_trainings
from graders.records.result import Result
from graders.records.training import Training, student_line, training_path, write
from sanity.core.manifest import Question
from sanity.core.verdict import Verdict
from tests.support.pages import report_html
from tests.support.results import CRASHED, FAILED, PASSED, SECRET, made, results
from tests.support.trainings import MANIFEST, TRAINED, trained, trainings

ADA = made("ada", PASSED)
AGAIN = "run `trivium train a4 --submission …`"


def merged(out: Path, result: Result = ADA) -> Result:
    [joined], problems = with_trainings([result], MANIFEST, out)
    assert not problems
    return joined


def test_an_assignment_without_training_stays_as_it_is(tmp_path: Path) -> None:
    write(trained(), tmp_path)
    assert with_trainings([ADA], msgspec.structs.replace(MANIFEST, trained=()), tmp_path) == ([ADA], [])


def test_a_training_joins_with_its_points(tmp_path: Path) -> None:
    write(trained(score=60.0), tmp_path)
    question = merged(tmp_path).questions[-1]
    assert (question.id, question.name, question.points, question.max_points) == ("1h", "Training", 4, 8)
    assert question.comment == student_line(trained(score=60.0), TRAINED)
    assert question.training == trained(score=60.0)


@pytest.mark.parametrize(
    ("asked", "found", "points"),
    [("1d", (PASSED,), 0), ("1d", (FAILED,), 8), ("1d 1e", (PASSED,), 8), ("1d 1e", (PASSED, CRASHED), 8)],
)
def test_answers_that_are_not_those_of_its_weights_earn_nothing_if_all_the_rest_is_right(
    tmp_path: Path, asked: str, found: tuple[Verdict, ...], points: float
) -> None:
    write(trained(reference_mismatch=0.9), tmp_path)
    questions = tuple(Question(id, "", 8, "nmt_model.py") for id in asked.split())
    [joined], _ = with_trainings(
        [made("ada", *found)], msgspec.structs.replace(MANIFEST, questions=questions), tmp_path
    )
    assert joined.questions[-1].points == points


@pytest.mark.parametrize(("files", "points"), [((), 8), (("nmt_model.py",), 0), (("utils.py", "nmt_model.py"), 8)])
def test_all_the_rest_is_what_is_asked_about_the_files_that_are_trained(
    tmp_path: Path, files: tuple[str, ...], points: float
) -> None:
    write(trained(reference_mismatch=0.9), tmp_path)
    questions = (Question("1d", "", 8, "nmt_model.py"), Question("1a", "", 2, "utils.py"))
    manifest = msgspec.structs.replace(
        MANIFEST, questions=questions, trained=(msgspec.structs.replace(TRAINED, files=files),)
    )
    [joined], _ = with_trainings([made("ada", PASSED)], manifest, tmp_path)  # nothing of 1a is right
    assert joined.questions[-1].points == points


def test_the_question_is_left_out_until_one_of_the_class_is_trained(tmp_path: Path) -> None:
    assert merged(tmp_path) == ADA


def test_not_trained_and_trained_with_other_files_earn_nothing_and_say_so(tmp_path: Path) -> None:
    write(trained(submission="ben"), tmp_path)
    question = with_trainings([ADA, made("ben", PASSED)], MANIFEST, tmp_path)[0][0].questions[-1]
    assert (question.points, question.max_points, question.training) == (0, 8, None)
    assert question.comment == f"not trained yet: {AGAIN}"
    write(trained(digest="1" * 64), tmp_path)
    question = merged(tmp_path).questions[-1]
    assert (question.points, question.training) == (0, None)
    assert question.comment == f"this training is of other files than the current submission: {AGAIN} again"


@pytest.mark.parametrize(
    ("changes", "found"),
    [({"assignment": "a3"}, "a3 1h ada"), ({"question": "2c"}, "a4 2c ada")],
)
def test_a_training_of_something_else_is_a_line_and_earns_nothing(
    tmp_path: Path, changes: dict[str, str], found: str
) -> None:
    path = training_path(tmp_path, "ada", "1h")
    written = write(trained(**changes), tmp_path)
    path.parent.mkdir(exist_ok=True)
    written.replace(path)
    [joined], problems = with_trainings([ADA], MANIFEST, tmp_path)
    assert problems == [f"{path}: a training of {found}, expected a4 1h ada; train again"]
    assert joined.questions[-1].comment == f"the training cannot be read: {AGAIN} again"
    assert joined.questions[-1].points == 0


def test_another_students_training_in_its_place_earns_nothing(tmp_path: Path) -> None:
    path = training_path(tmp_path, "ada", "1h")
    path.parent.mkdir(parents=True)
    path.write_bytes(msgspec.json.encode(trained(submission="ben")))
    _, problems = with_trainings([ADA], MANIFEST, tmp_path)
    assert problems == [f"{path}: a training of a4 1h ben, expected a4 1h ada; train again"]


def test_one_file_that_cannot_be_read_keeps_no_other_from_its_points(tmp_path: Path) -> None:
    write(trained(submission="ben"), tmp_path)
    path = training_path(tmp_path, "ada", "1h")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    (ada, ben), problems = with_trainings([ADA, made("ben", PASSED)], MANIFEST, tmp_path)
    assert (ada.points, ben.points) == (8, 16)
    assert problems == [f"{path}: not a training of this version: Input data was truncated; train again"]


@settings(max_examples=60)
@given(results(), trainings())
def test_every_export_has_the_question_and_students_see_no_sentence(
    tmp_path_factory: pytest.TempPathFactory, result: Result, training: Training
) -> None:
    result = msgspec.structs.replace(result, submission="ada", digest=training.digest)
    empty = tmp_path_factory.mktemp("empty")
    write(msgspec.structs.replace(training, submission="ben"), empty)
    bare = with_trainings([result, made("ben", PASSED)], MANIFEST, empty)[0][0]
    out = tmp_path_factory.mktemp("out")
    write(msgspec.structs.replace(training, submission="ada"), out)
    full = merged(out, result)
    assert [q.id for q in full.questions] == [q.id for q in bare.questions]
    assert full.max_points == bare.max_points
    for one in bare, full:
        header = gradebook_csv([one]).splitlines()[0]
        assert "1h BLEU" in header
        for text in (
            gradebook_csv([one]),
            results_json(one).decode(),
            junit_xml([one]),
            workflow_commands(one, Places()),
        ):
            assert SECRET not in text
        assert "1h" in console_table([one]) and "Training" in report_html([one])
        assert "Training" in results_json(one).decode() and "a4.1h" in junit_xml([one])
    assert gradebook_csv([bare]).splitlines()[0] == header
