"""What students may read of a graded class holds neither the seed, nor a hidden case, nor what could tell them."""

from __future__ import annotations

import base64
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders import exports
from graders.course.assignment import load_assignment
from graders.exports import export_class
from graders.exports.annotations import Places, workflow_commands
from graders.exports.classroom50 import Handin, classroom50_json
from graders.exports.gradescope import results_json
from graders.exports.gradescope_marks import marks_autograder
from graders.exports.job_summary import job_summary
from graders.exports.junit import junit_xml
from graders.exports.report.submission import student_html
from graders.exports.table import console_table, feedback, gradebook_csv
from graders.records.result import QuestionResult, Result
from graders.records.student import Student
from graders.records.training import AttentionMap, Point, StopReason, Training
from sanity.core.feedback import GRADED, Dial, Feedback, Level
from tests.support.pages import report_html
from tests.support.results import CRASHED, FAILED, PROPERTY, SECRET, classes, handed_in_by, made


def in_archive(result: Result, dial: Dial) -> bytes:
    """Return all files of the autograder that hands out a result."""
    with ZipFile(BytesIO(marks_autograder([result], dial=dial).content)) as archive:
        return b"".join(map(archive.read, archive.namelist()))


TERMINAL = "terminal"
"""The table in the log of a job, which students may read; elsewhere it is for staff."""
HANDIN = Handin("nlp", "hw4", "submit-2", "https://h/c", "https://h/r", "https://h/v", "ada")
WHEN = datetime(2026, 11, 20, tzinfo=UTC)
PLACES = Places({"nmt_model.py": "hw4/nmt_model.py"}, {"1d": ("nmt_model.py", 81), "1h": ("nmt_model.py", 0)})
FOR_STUDENTS: dict[str, Callable[[Result, Dial], str | bytes]] = {
    "gradescope": results_json,
    "junit": lambda result, dial: junit_xml([result], dial=dial),
    "moodle": feedback,
    "gradescope_marks": lambda result, dial: in_archive(handed_in_by(result, Student(email="ada@example.org")), dial),
    "annotations": lambda result, dial: workflow_commands(result, PLACES, dial),
    "job_summary": job_summary,
    "report": student_html,
    "classroom50": lambda result, dial: classroom50_json(result, HANDIN, WHEN, dial),
    TERMINAL: lambda result, dial: console_table([result], dial=dial),
}
"""By module: the exports that students read, of `report` the page for students. Whoever adds one adds it here, or to
those for staff."""
FOR_STAFF = {"table", "spreadsheet", "jsonl", "filling", "canvas", "run_marks_autograder"}
NO_EXPORT = {"explanation", "not_graded"}
"""What takes no result."""
SEED = 0x5EEDFACE0FFCA5E5
"""Nothing else in a result has these digits."""


def spelled(seed: int) -> list[str]:
    """The seed as it could stand in a text."""
    data = seed.to_bytes(8, "big").lstrip(b"\0")
    encoded = [base64.b64encode(data).decode().rstrip("="), base64.b64encode(data[::-1]).decode().rstrip("=")]
    return [str(seed), f"{seed:,}", f"{seed:x}", f"{seed:X}", f"{seed:o}", f"{seed:b}", str(hash(seed)), *encoded]


def with_secrets(result: Result) -> Result:
    """The result with this seed, also in a training, and secrets in all that is for staff."""
    point = Point(int(str(SEED)[:9]), 1.0, 2.0, 3.0, 4.0)
    training = Training(
        assignment="a4", question="1h", submission="ada", digest=result.digest, metric="BLEU",
        stop_reason=StopReason.BUDGET, message="the budget was used up", score=20.0, low=19.0, high=21.0,
        other_scores={"chrF": 40.0}, best_dev=20.0, threshold=21.0, signature="nrefs:1", batch_sensitivity=0.0,
        reference_mismatch=0.0, seed=SEED, device="cpu", versions={}, data="toy", seconds=60.0, cpu_seconds=60.0,
        seconds_to_threshold=None, words_per_second=100.0, updates=100, curve=(point,),
        samples=((SECRET, SECRET, SECRET),),
        attention=(AttentionMap([SECRET], [SECRET], [[1.0]]),),
    )  # fmt: skip
    trained = QuestionResult("1h", "Train", 4, 8, (), SECRET, "BLEU 20", training, "BLEU")
    signature = msgspec.structs.replace(result.signature, seed=SEED)
    questions = (*result.questions, trained)
    return msgspec.structs.replace(result, questions=questions, signature=signature, written=SECRET, seconds=1.234567)


def text_of(export: str, result: Result, level: Level = GRADED) -> str:
    found = FOR_STUDENTS[export](result, Dial(default=level))
    return found if isinstance(found, str) else found.decode()


def test_every_export_is_for_students_or_for_staff() -> None:
    modules = {module.name for module in pkgutil.iter_modules(exports.__path__)}
    assert modules == (FOR_STUDENTS.keys() - {TERMINAL}) | FOR_STAFF | NO_EXPORT


@pytest.mark.parametrize("export", FOR_STUDENTS)
@settings(max_examples=10)
@given(results=classes(), level=st.sampled_from(Level))
def test_no_seed_and_no_secret(export: str, results: list[Result], level: Level) -> None:
    for result in (with_secrets(result) for result in [*results, made("ada", FAILED, PROPERTY, CRASHED)]):
        text = text_of(export, result, level)
        assert SECRET not in text
        for spelling in spelled(SEED):
            assert spelling not in text


@pytest.mark.parametrize("export", FOR_STUDENTS)
def test_the_time_is_in_whole_seconds(export: str) -> None:
    """It could be as long as what a submission has seen is large."""
    result = made("ada", FAILED, PROPERTY)
    texts = {text_of(export, msgspec.structs.replace(result, seconds=seconds)) for seconds in (1.6, 1.71234, 2.4)}
    assert len(texts) == 1


def test_the_files_of_a_class_that_students_get(tmp_path: Path) -> None:
    csv, html, *rest = export_class([with_secrets(made("ada", FAILED))], tmp_path)
    for path in rest:
        assert not any(spelling in path.read_text() for spelling in spelled(SEED))
    assert all(str(SEED) in path.read_text() for path in (csv, html))  # which are for staff: see docs/ta


def test_staff_can_grade_again_with_the_same_seed() -> None:
    result = with_secrets(made("ada", FAILED))
    assert str(SEED) in gradebook_csv([result]) and str(SEED) in report_html([result])


WORDS = {
    "sentence": "SAYS",
    "diagnosis": "LIKELY",
    "hint": "TRY",
    "message": "FOUND",
    "outline": "SMALL",
    "case": SECRET,
    "script": SECRET,
}
TOLD = {
    Level.SENTENCE: {"SAYS"},
    Level.DIAGNOSIS: {"SAYS", "LIKELY", "TRY"},
    Level.LOCATION: {"SAYS", "LIKELY", "TRY", "FOUND"},
    Level.COUNTEREXAMPLE: {"SAYS", "LIKELY", "TRY", "FOUND", "SMALL"},
}
IN_SHORT = {
    "moodle": {"FOUND", "TRY", "SMALL", "SAYS"},
    "annotations": {"SAYS"},
    TERMINAL: {"FOUND", "TRY", "SMALL", "SAYS"},
}
"""What an export leaves out where it has something better to tell."""


@pytest.mark.parametrize("export", FOR_STUDENTS)
@pytest.mark.parametrize("level", Level)
def test_each_level_tells_what_it_says_and_no_more(export: str, level: Level) -> None:
    result = made("ada", replace(FAILED, **WORDS))
    found = {word for word in WORDS.values() if word in text_of(export, result, level)}
    left_out = set() if level is Level.SENTENCE else IN_SHORT.get(export, set())
    assert found == TOLD[level] - left_out


@pytest.mark.parametrize("export", sorted(FOR_STUDENTS.keys() - {TERMINAL}))
def test_a_question_can_tell_more_than_the_others(export: str) -> None:
    result = made("ada", replace(FAILED, **WORDS), replace(CRASHED, diagnosis="CUT"))
    one = FOR_STUDENTS[export](result, Dial({"1e": Level.DIAGNOSIS}, Level.SENTENCE))
    text = one if isinstance(one, str) else one.decode()
    assert "CUT" in text and "LIKELY" not in text


def test_a_question_can_tell_more_than_the_others_in_the_log() -> None:
    """It has one line for a submission."""
    dial = Dial({"1e": Level.DIAGNOSIS}, Level.SENTENCE)
    assert "1e: CUT" in console_table([made("ada", replace(CRASHED, diagnosis="CUT"))], dial=dial)
    line = console_table([made("ada", replace(FAILED, **WORDS))], dial=dial)
    assert "1d: SAYS" in line and "LIKELY" not in line


UNTIL = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize("export", FOR_STUDENTS)
@pytest.mark.parametrize(
    ("now", "words"),
    [(UNTIL - timedelta(seconds=1), {"SAYS"}), (UNTIL, {"SAYS", "LIKELY", "TRY"})],
    ids=["before the date", "from then on"],
)
def test_a_date_turns_the_dial_of_every_export(export: str, now: datetime, words: set[str]) -> None:
    late = Feedback(level="sentence", until=UNTIL, then="diagnosis")
    a4 = msgspec.structs.replace(load_assignment("a4").manifest, feedback=late)
    result = made("ada", replace(FAILED, **WORDS))
    found = FOR_STUDENTS[export](result, a4.dial(now, GRADED))
    text = found if isinstance(found, str) else found.decode()
    left_out = set() if now < UNTIL else IN_SHORT.get(export, set())
    assert {word for word in WORDS.values() if word in text} == words - left_out


@settings(max_examples=20)
@given(results=classes(), level=st.sampled_from(Level))
def test_no_level_tells_the_name_of_another_student(results: list[Result], level: Level) -> None:
    names = [f"submission-of-{place}" for place in range(len(results))]
    students = [Student(name=f"name-of-{place}", email=f"mail-{place}@example.org") for place in range(len(results))]
    class_ = [
        handed_in_by(msgspec.structs.replace(result, submission=name), student)
        for result, name, student in zip(results, names, students, strict=True)
    ]
    with TemporaryDirectory() as folder:
        _, _, *paths = export_class(class_, Path(folder), dial=Dial(default=level))
        for place, path in enumerate(paths):
            text = path.read_text()
            for other in {*range(len(class_))} - {place}:
                assert not any(known in text for known in (names[other], f"name-of-{other}", f"mail-{other}@"))
