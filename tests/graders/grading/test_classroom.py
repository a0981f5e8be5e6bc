"""`grade_class`: one call from submissions to exports, which show the whole gradebook whatever was graded last."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from graders import ClassReport, GradeOptions, GradingProgress, Isolation, grade_class, load_assignment
from graders.errors import OptionError
from graders.records.manual_marks import WAITING
from graders.records.student import Student
from sanity import UserError
from tests.support.class_exports import zipped

pytestmark = pytest.mark.usefixtures("warm")

Grade = Callable[..., ClassReport]


@pytest.fixture
def klass(tmp_path: Path) -> Path:
    """A class of three: two right answers, and one that left out a file."""
    for name in ("ada", "ben", "cleo"):
        (tmp_path / "class" / name).mkdir(parents=True)
        for file, content in load_assignment("a4").reference.items():
            (tmp_path / "class" / name / file).write_bytes(content)
    (tmp_path / "class" / "cleo" / "utils.py").unlink()
    return tmp_path / "class"


@pytest.fixture
def grade(klass: Path, isolation: Isolation) -> Grade:
    """Return a function that grades two quick questions of the class, or of some submissions."""

    def run(*paths: Path, questions: tuple[str, ...] = ("1a", "1b"), **options: object) -> ClassReport:
        chosen = GradeOptions(
            assignment="a4",
            paths=paths or (klass,),
            out=klass.parent / "out",
            questions=questions,
            isolation=isolation,
            **options,  # type: ignore[arg-type]
        )
        return grade_class(chosen)

    return run


def rows(report: ClassReport) -> dict[str, list[str]]:
    """Return the gradebook.csv of a report: by name, the points of 1a and 1b, and the total."""
    with report.files[0].open(encoding="utf-8") as file:
        return {row["submission"]: [row["1a"], row["1b"], row["total"]] for row in csv.DictReader(file)}


WHOLE = {"ada": ["2", "3", "5"], "ben": ["2", "3", "5"], "cleo": ["0", "3", "3"]}


def test_a_class_is_graded_and_exported(grade: Grade, klass: Path) -> None:
    report = grade(jobs=2)
    assert rows(report) == WHOLE
    assert (report.graded, report.new, report.problems, report.removed) == (("ada", "ben", "cleo"), 3, (), ())
    assert [path.name for path in report.files] == ["gradebook.csv", "index.html", *(f"{n}.json" for n in WHOLE)]
    assert all(path.is_file() for path in report.files)
    assert report.marks and not report.marks.exists()  # not all of a4 was graded


def test_progress_is_a_callback(klass: Path, isolation: Isolation) -> None:
    seen: list[GradingProgress] = []
    options = GradeOptions(
        assignment="a4", paths=[klass], out=klass.parent / "out", questions=["1a"], isolation=isolation
    )
    for known in (False, True):
        grade_class(options, seen.append)
        assert [(progress.done, progress.total, progress.known) for progress in seen] == [
            (number, 3, known) for number in (1, 2, 3)
        ]
        assert {progress.result.submission for progress in seen} == set(WHOLE)
        seen.clear()


def test_a_sheet_that_is_edited_while_a_class_is_graded_counts_as_it_is_then(klass: Path, isolation: Isolation) -> None:
    sheet = klass.parent / "out" / "marks.csv"
    sheet.parent.mkdir()
    sheet.write_text("student,question,points,comment\nada,1a,2,at first\n")

    def edit(progress: GradingProgress) -> None:
        sheet.write_text("student,question,points,comment\nada,1a,1,meanwhile\n")

    options = GradeOptions(assignment="a4", paths=[klass], out=sheet.parent, questions=["1a"], isolation=isolation)
    ada = grade_class(options, edit).results[0]
    assert (ada.points, ada.questions[0].comment) == (1, "meanwhile")
    assert "at first" not in sheet.read_text()


def test_nothing_starts_when_nothing_is_to_be_graded(
    grade: Grade, klass: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = grade()
    monkeypatch.setattr("graders.grading.grader.Zygote", None)
    monkeypatch.setattr("graders.grading.reference.Zygote", None)
    monkeypatch.setattr("graders.grading.plan.checks_of", None)
    monkeypatch.setattr("graders.grading.plan.load", None)
    again = grade()
    assert (again.results, again.new) == (before.results, 0)


@pytest.mark.parametrize("library", ["python", "numpy", "torch"])
def test_other_library_versions_are_graded_again(
    grade: Grade, library: str, klass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (grade().new, grade().new) == (3, 0)
    others = {**load_assignment("a4").versions, library: "0.0"}
    monkeypatch.setattr("graders.course.assignment.library_versions", lambda sources: others)
    report = grade()
    assert report.new == 3
    assert {result.signature.versions[library] for result in report.this_run} == {"0.0"}


def test_grading_one_student_again_keeps_the_class(grade: Grade, klass: Path) -> None:
    grade()
    (klass / "ben" / "utils.py").write_text("")
    report = grade(klass / "ben")
    assert rows(report) == {**WHOLE, "ben": ["0", "3", "3"]}
    assert (report.graded, report.new, len(report.results)) == (("ben",), 1, 3)


def test_grading_one_question_again_keeps_the_others(grade: Grade, klass: Path) -> None:
    grade()
    (klass / "ben" / "utils.py").write_text("")
    report = grade(questions=("1a",))
    assert rows(report) == {**WHOLE, "ben": ["0", "3", "3"]}
    [ben] = [result for result in report.results if result.submission == "ben"]
    assert "1b: graded with files handed in earlier; grade again without --questions" in ben.notes
    assert not any(
        "graded with files" in note for result in report.results if result is not ben for note in result.notes
    )


def test_work_that_comes_back_counts_again(grade: Grade, klass: Path) -> None:
    before = (klass / "ben" / "utils.py").read_text()
    grade()
    for text, points in (("", "0"), (before, "2")):
        (klass / "ben" / "utils.py").write_text(text)
        assert rows(grade())["ben"][0] == points


def test_a_question_counts_with_the_files_that_are_there_now(grade: Grade, klass: Path) -> None:
    right = (klass / "ben" / "model_embeddings.py").read_text()
    grade()
    (klass / "ben" / "model_embeddings.py").write_text("")
    assert rows(grade())["ben"] == ["2", "0", "2"]
    (klass / "ben" / "model_embeddings.py").write_text(right)
    assert rows(grade(questions=("1a",)))["ben"] == ["2", "3", "5"]


def test_students_of_one_name_in_two_sections_keep_their_rows(grade: Grade, klass: Path, tmp_path: Path) -> None:
    """Graded one after the other, in any order, and again."""
    for section, number, right in (("1", "11", "ada"), ("2", "22", "cleo")):
        files = {path.name: path.read_bytes() for path in (klass / right).iterdir()}
        members = {f"Ada_{number}_assignsubmission_file_/{name}": content for name, content in files.items()}
        (tmp_path / f"{section}.zip").write_bytes(zipped(members))
    both = {"Ada": WHOLE["ada"], "Ada (22)": WHOLE["cleo"]}
    assert rows(grade(tmp_path / "1.zip")) == {"Ada": WHOLE["ada"]}
    for section in ("2", "1", "2"):
        report = grade(tmp_path / f"{section}.zip")
        assert rows(report) == both
    assert (report.graded, report.new, report.removed) == (("Ada (22)",), 0, ())


def test_a_removed_submission_stays_removed_when_the_class_moves(grade: Grade, klass: Path) -> None:
    grade()
    shutil.rmtree(klass / "ben")
    assert grade(klass / "ada", klass / "cleo").removed == ("ben",)
    moved = klass.rename(klass.parent / "moved")
    report = grade(moved)
    assert sorted(rows(report)) == ["ada", "cleo"] and report.removed == ()
    shutil.copytree(moved / "ada", moved / "ben")
    assert sorted(rows(grade(moved))) == ["ada", "ben", "cleo"]


def test_another_assignment_needs_another_folder(grade: Grade, klass: Path, isolation: Isolation) -> None:
    grade()
    out = klass.parent / "out"
    with pytest.raises(OptionError) as error:
        grade_class(GradeOptions(assignment="a2", paths=[klass], out=out, isolation=isolation))
    assert str(error.value) == f"--out {out}: has the gradebook of a4; choose another folder for a2"


def test_equal_names_never_share_a_row(grade: Grade, klass: Path, tmp_path: Path) -> None:
    others = tmp_path / "others"
    for name in ("ada", "ada (2)", "ada (class)"):
        shutil.copytree(klass / "cleo", others / name)
    names = ["ada", "ada (2)", "ada (class)", "ada (others)", "ben", "cleo"]
    for paths in (klass, others), (others, klass):
        found = rows(grade(*paths))
        assert sorted(found) == names
        assert [found[name][0] for name in names] == ["2", "0", "0", "0", "2", "0"]


def test_what_cannot_be_read_has_no_mark(grade: Grade, klass: Path) -> None:
    grade()
    model = klass / "ben" / "utils.py"
    right = model.read_bytes()
    model.unlink()
    model.symlink_to("/etc/passwd")
    (klass / "dora.zip").write_bytes(b"Rar!\x1a\x07\x01\x00")
    (klass / "emil").mkdir()
    (klass / "emil" / "essay.docx").touch()
    report = grade(klass, junit=klass.parent / "junit.xml")
    reasons = {
        "ben": "utils.py is a link; hand in plain files and folders",
        "dora.zip": "is a RAR archive; hand in a zip archive",
        "emil": "nothing to grade: found only essay.docx",
    }
    assert {one.submission: one.reason for one in report.unread} == reasons
    assert report.problems == tuple(f"{name}: not read: {reason}" for name, reason in reasons.items())
    assert report.graded == ("ada", "cleo") == tuple(result.submission for result in report.results)
    assert [path.name for path in report.files] == ["gradebook.csv", "index.html", "ada.json", "cleo.json"]
    assert rows(report) == {"ada": WHOLE["ada"], "cleo": WHOLE["cleo"], **{name: ["", "", ""] for name in reasons}}
    assert "not read: is a RAR archive; hand in a zip archive" in report.files[0].read_text()
    assert "3 submissions could not be read" in report.files[1].read_text()
    suites = ET.parse(klass.parent / "junit.xml").getroot()
    assert {suite.get("name"): suite.get("errors") for suite in suites} == {
        **{"ada": "0", "cleo": "3"},
        **dict.fromkeys(reasons, "1"),
    }

    model.unlink()
    model.write_bytes(right)
    report = grade(klass / "ben")  # the others of the class are as they were
    assert rows(report) == {**WHOLE, "dora.zip": ["", "", ""], "emil": ["", "", ""]}
    assert (report.problems, report.new) == ((), 0)
    (klass / "dora.zip").unlink()
    report = grade()
    assert (report.removed, rows(report)) == (("dora.zip",), {**WHOLE, "emil": ["", "", ""]})
    assert report.problems == ("emil: not read: nothing to grade: found only essay.docx",)


def test_a_class_of_which_nothing_can_be_read(grade: Grade, tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(b"")
    report = grade(tmp_path / "ada.zip")
    assert report.problems == ("ada.zip: not read: is empty (0 bytes); hand it in again",)
    assert (report.results, [path.name for path in report.files]) == ((), ["gradebook.csv", "index.html"])
    assert "1 submission could not be read" in report.files[1].read_text()


def test_an_export_is_graded_by_name_and_joined_with_a_roster(grade: Grade, klass: Path, tmp_path: Path) -> None:
    """First as Moodle packs it, then one student who handed in again, then without the one who left."""
    files = {path.name: path.read_bytes() for path in (klass / "ada").iterdir()}
    names = ["Ada Lovelace_11", "Béla Novák_12", "Chen Wei_13"]
    folders = {f"{name}_assignsubmission_file_": dict(files) for name in names}
    del folders["Chen Wei_13_assignsubmission_file_"]["utils.py"]
    (tmp_path / "roster.csv").write_text("name,id,moodle_id\nNovák Béla,0042,\nAda King,,11\nDora Lind,,\n")

    def export(name: str) -> Path:
        members = {
            f"{folder}/{file}": content for folder, inside in folders.items() for file, content in inside.items()
        }
        (tmp_path / name).write_bytes(zipped(members))
        return tmp_path / name

    report = grade(export("first.zip"), roster=tmp_path / "roster.csv")
    found = {"Ada King": WHOLE["ada"], "Novák Béla": WHOLE["ada"], "Chen Wei": WHOLE["cleo"]}
    assert rows(report) == found
    assert report.notes == (
        f"{tmp_path}/first.zip: 3 submissions, as Moodle exports them",
        "not in the roster: Chen Wei",
        "no submission: 1 of 3 in the roster: Dora Lind",
    )
    students = {result.submission: result.students for result in report.results}
    assert students["Novák Béla"] == (Student(name="Novák Béla", id="0042", moodle_id="12"),)

    folders["Chen Wei_13_assignsubmission_file_"] = {"a4.zip": zipped(files)}
    del folders["Béla Novák_12_assignsubmission_file_"]
    report = grade(export("first.zip"), roster=tmp_path / "roster.csv")
    assert rows(report) == {"Ada King": WHOLE["ada"], "Chen Wei": WHOLE["ada"]}
    assert (report.new, report.removed) == (1, ("Novák Béla",))
    assert rows(grade(export("late.zip"), roster=tmp_path / "roster.csv")) == rows(report)


def test_results_hold_exactly_the_gradebook(grade: Grade, klass: Path) -> None:
    shutil.copytree(klass / "ada", klass / "Ada")
    first = {path.name for path in grade().files[2:]}
    results = klass.parent / "out" / "results"
    assert len(first) == 4 and {path.name for path in results.iterdir()} == first
    shutil.rmtree(klass / "Ada")
    report = grade()
    assert report.removed == ("Ada",)
    assert sorted(path.name for path in results.iterdir()) == ["ada.json", "ben.json", "cleo.json"]
    assert rows(report) == WHOLE


def test_a_class_has_no_results_before_its_end(klass: Path, tmp_path: Path, isolation: Isolation) -> None:
    """They would be written after every question, for nobody."""
    seen = []

    def look(progress: GradingProgress) -> None:
        seen.append((tmp_path / "new" / "results").exists())

    options = GradeOptions(
        assignment="a4", paths=[klass], questions=["1a"], seed=1, out=tmp_path / "new", isolation=isolation
    )
    grade_class(options, look)
    assert seen == [False, False, False] and (tmp_path / "new" / "results" / "ada.json").exists()


def test_a_submission_from_elsewhere_is_not_taken_for_removed(grade: Grade, klass: Path, tmp_path: Path) -> None:
    grade()
    shutil.copytree(klass / "ada", tmp_path / "late" / "dora")
    report = grade(tmp_path / "late")
    assert sorted(rows(report)) == ["ada", "ben", "cleo", "dora"] and report.removed == ()


def test_thresholds_are_exact(grade: Grade) -> None:
    report = grade()  # cleo has 3 of 5
    assert [result.submission for result in report.below(Decimal("60.00000001"))] == ["cleo"]
    assert report.below(Decimal(60)) == []


def test_marks_of_students_who_are_not_graded_now_stay(isolation: Isolation, tmp_path: Path) -> None:
    """a1 has written questions; nothing else of it is answered here."""
    for name in ("ada", "ben"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "written.md").write_text("Because.\n")
    options = {"assignment": "a1", "out": tmp_path / "out", "isolation": isolation}
    report = grade_class(GradeOptions(paths=[tmp_path / "class"], **options))  # type: ignore[arg-type]
    assert report.marks == tmp_path / "out" / "marks.csv"
    written = [question.id for question in load_assignment("a1").manifest.written]
    text = report.marks.read_text()
    assert text.count("\n") == 1 + 2 * len(written)
    report.marks.write_text(text.replace(f"ben,{written[0]},,", f"ben,{written[0]},1,good"))
    shutil.copytree(tmp_path / "class" / "ben", tmp_path / "class" / "cem")
    grade_class(GradeOptions(paths=[tmp_path / "class"], **options))  # type: ignore[arg-type]
    report.marks.write_text(report.marks.read_text().replace(f"cem,{written[0]},,", f"cem,{written[0]},2,late"))
    shutil.rmtree(tmp_path / "class" / "cem")  # his marks stop nobody, and stay
    (tmp_path / "class" / "ada" / "written.md").write_text("Because of that.\n")
    report = grade_class(GradeOptions(paths=[tmp_path / "class" / "ada"], **options))  # type: ignore[arg-type]
    comments = {
        (result.submission, question.id): question.comment
        for result in report.results
        for question in result.questions
        if question.id in written
    }
    assert f"cem,{written[0]},2,late" in (tmp_path / "out" / "marks.csv").read_text()
    assert comments["ben", written[0]] == "good" and comments["ada", written[0]] == WAITING


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"paths": "class"}, "paths='class': expected a list of Path"),
        ({"paths": ["class"]}, "paths=['class']: expected a list of Path"),
        ({"questions": "1a"}, "questions='1a': expected a list of str"),
        ({"out": "grades"}, "out='grades': expected a Path"),
        ({"isolation": "none"}, "isolation='none': expected Isolation.SANDLOCK or Isolation.NONE"),
        ({"jobs": 0}, "--jobs 0: expected 1 or more"),
        ({"seed": -1}, "--seed -1: expected a number from 0 to 9223372036854775807"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_door(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError) as error:
        GradeOptions(**{"assignment": "a4", "paths": [], **options})  # type: ignore[arg-type]
    assert str(error.value) == said and isinstance(error.value, UserError)


def test_marks_by_hand_and_a_policy_change_any_grading_and_a_bad_row_stops_nothing(
    grade: Grade, klass: Path, tmp_path: Path
) -> None:
    (tmp_path / "marks.csv").write_text(
        "student;question;points;comment\ncleo;1a;1,5;sent utils.py by mail\ncleo;1b;9;\nAda;bonus;1;a mistake found\n"
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "policy.toml").write_text(
        'due = 2026-11-20T23:59:00\ntimezone = "Europe/Berlin"\n[penalty]\nper = "day"\npercent = 10\n'
    )
    (tmp_path / "out" / "submitted.csv").write_text("student,submitted\nben,2026-11-21 10:00\n")
    report = grade(marks=tmp_path / "marks.csv")
    assert rows(report) == {"ada": ["2", "3", "6"], "ben": ["2", "3", "5"], "cleo": ["1.5", "3", "4.5"]}
    assert {result.submission: result.final_points for result in report.results} == {"ada": 6, "ben": 4.5, "cleo": 4.5}
    [_, ben, _] = report.results
    assert ben.policy and ben.policy.why == "10 h 1 min late; 10 % of the points earned off for 1 day"
    assert report.warnings == (f"{tmp_path / 'marks.csv'}:3: points '9': expected a number from 0 to 3, or excused",)
    (tmp_path / "marks.csv").write_text("student,question,points,comment\ncleo,1a,2,all of it came by mail\n")
    [_, _, cleo] = grade(marks=tmp_path / "marks.csv").results
    assert cleo.questions[0].points == 2 and cleo.questions[0].graded_points == 0
    [before] = cleo.questions[0].history
    assert before.startswith("1.5: sent utils.py by mail (from ")


def test_times_of_submission_without_a_policy_are_refused(grade: Grade, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        grade(submitted=tmp_path / "times.csv")
    path = tmp_path / "times.csv"
    assert str(error.value) == f"--submitted {path}: there is no policy that needs it; add --policy FILE"
