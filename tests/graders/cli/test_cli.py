"""The command `trivium`, as staff type it: exit status, what is printed, what is written, and what a kill leaves."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

import graders.grading.submission
from graders.cli.main import main
from graders.course.assignment import assignment_names, course_root, handout_folder, load_assignment
from graders.sandbox.isolation import Isolation
from tests.support import class_exports
from tests.support.processes import running


class Said(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


Trivium = Callable[..., Said]


@pytest.fixture
def trivium(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, warm: None) -> Trivium:
    """Return a function that runs a command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"):  # the tests' own, in CI
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Said:
        status = main([str(argument) for argument in arguments])
        return Said(status, *capsys.readouterr())

    return run


@pytest.fixture
def grade(trivium: Trivium, isolation: Isolation) -> Trivium:
    """Return a function that grades two quick questions, which need no torch."""

    def run(*arguments: object) -> Said:
        return trivium("grade", "a2", "--isolation", isolation, "--questions", "1a,1e", *arguments)

    return run


@pytest.fixture
def right(tmp_path: Path) -> Path:
    """A submission that gets full marks."""
    return shutil.copytree(load_assignment("a2").solutions, tmp_path / "class" / "right")


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """A submission as the handout has it."""
    return shutil.copytree(handout_folder("a2"), tmp_path / "class" / "stub")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_class_is_graded_printed_and_exported(grade: Trivium, right: Path, stub: Path) -> None:
    said = grade("class", "--seed", 3, "--jobs", 2)
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["submission", "1a", "1e", "total", "%", "first", "problem"]
    assert "right 2 3 5 100" in [" ".join(line.split()) for line in lines]
    assert "stub 0 0 0 0 1a: not implemented yet" in [" ".join(line.split()) for line in lines]
    assert lines[-3:] == ["grades/gradebook.csv", "grades/report/index.html", "grades/results/*.json"]
    told = sorted(line.split(" ", 1)[1].split(" (")[0] for line in said.err.splitlines())
    assert told == ["right: 5/5", "stub: 0/5"]
    assert [line.split()[0] for line in said.err.splitlines()] == ["1/2", "2/2"]

    assert [(row["submission"], row["total"], row["seed"]) for row in rows(Path("grades/gradebook.csv"))] == [
        ("right", "5", "3"),
        ("stub", "0", "3"),
    ]
    assert sorted(path.name for path in Path("grades/results").iterdir()) == ["right.json", "stub.json"]
    assert json.loads(Path("grades/results/right.json").read_text())["score"] == 5
    assert Path("grades/report/index.html").read_text().startswith("<!doctype html>")


def test_what_cannot_be_read_is_named_and_counted_apart(
    grade: Trivium, right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (right.parent / "ben.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = grade("class")
    assert said.status == 1
    assert said.err.splitlines()[-1] == "ben.rar: not read: is a RAR archive; hand in a zip archive"
    assert "1/2 ben.rar: not read" in said.err.splitlines()
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "ben.rar – – – – not read: is a RAR archive; hand in a zip archive" in lines
    assert "class of 2, 1 graded, 1 not read" in lines
    assert "::error title=a2::ben.rar: not read: is a RAR archive; hand in a zip archive" in lines
    assert [(row["submission"], row["total"]) for row in rows(Path("grades/gradebook.csv"))] == [
        ("right", "5"),
        ("ben.rar", ""),
    ]


@pytest.fixture(params=["canvas", "moodle", "gradescope"])
def export(request: pytest.FixtureRequest, tmp_path: Path, right: Path) -> tuple[str, Path]:
    """A platform, and its export of a class whose readable submissions are right."""
    files = {path.name: path.read_bytes() for path in right.iterdir() if path.name != "staff" and path.is_file()}
    path = tmp_path / "submissions.zip"
    path.write_bytes(class_exports.zipped(getattr(class_exports, request.param)(files)))
    return request.param, path


GRADED = {
    "canvas": (["contidario", "lovelaceada", "novakbela", "theparsers", "weichen"], ["haddadfarid", "yildizelif"]),
    "moodle": (["Ada Lovelace", "Béla Novák", "Chen Wei"], ["Dario Conti", "Elif Yıldız"]),
    "gradescope": (["Ada Lovelace (0007)", "Béla Novák, Chen Wei"], ["Ada Lovelace (0009)"]),
}


def test_a_class_is_graded_as_the_platform_exports_it(grade: Trivium, export: tuple[str, Path]) -> None:
    platform, path = export
    graded, unread = GRADED[platform]
    said = grade(path)
    assert said.status == 1
    assert [(row["submission"], row["total"]) for row in rows(Path("grades/gradebook.csv"))] == [
        *((name, "5") for name in graded),
        *((name, "") for name in unread),
    ]
    count = len(graded) + len(unread)
    note = f"note: {path}: {count} submissions, as {platform.capitalize()} exports them"
    assert note in said.out.splitlines()
    assert [line.split(":")[0] for line in said.err.splitlines() if "not read: " in line] == unread


def test_a_dry_run_grades_and_writes_nothing(grade: Trivium, export: tuple[str, Path]) -> None:
    platform, path = export
    before = sorted(Path().rglob("*"))
    said = grade(path, "--dry-run")
    graded, unread = GRADED[platform]
    assert (said.status, said.err) == (1, "")
    lines = said.out.splitlines()
    asked_for = ", ".join(sorted(load_assignment("a2").manifest.submit))
    assert [line for line in lines if line.endswith(asked_for)] == [f"{name}: {asked_for}" for name in graded]
    assert [line.split(":")[0] for line in lines if ": not read: " in line] == unread
    assert lines[-1] == f"class of {len(graded) + len(unread)}, {len(unread)} not read; nothing was graded"
    assert sorted(Path().rglob("*")) == before


def test_a_dry_run_of_one_that_is_right(grade: Trivium, right: Path) -> None:
    said = grade(right, "--dry-run")
    assert (said.status, said.err, said.out.splitlines()[-1]) == (0, "", "class of 1; nothing was graded")
    assert one_line(grade(right, "--dry-run", "--feedback", "sentence")).endswith("grades nothing; leave it out")
    line = one_line(grade(right, "--dry-run", "--junit", "out.xml"))
    assert line == "trivium grade: --junit: --dry-run grades nothing; leave it out"


def test_a_roster_is_made_and_joins(trivium: Trivium, grade: Trivium, right: Path) -> None:
    files = {path.name: path.read_bytes() for path in right.iterdir() if path.is_file()}
    Path("e.zip").write_bytes(
        class_exports.zipped({f"lovelaceada_101_{i}_{n}": c for i, (n, c) in enumerate(files.items())})
    )
    Path("sheet.csv").write_text('Student,ID,SIS User ID,Section\n"Lovelace, Ada",101,0007,A\n', encoding="utf-16")
    assert trivium("roster", "e.zip", "sheet.csv", "-o", "roster.csv") == Said(0, "roster.csv: 1 student\n", "")
    text = "name,id,email,canvas_id,moodle_id,section,group\nAda Lovelace,0007,,101,,A,\n"
    assert Path("roster.csv").read_text() == text
    assert trivium("roster", "roster.csv") == Said(0, text, "")
    assert grade("e.zip", "--roster", "roster.csv").err.startswith("1/1 Ada Lovelace: 5/5")
    assert one_line(grade("e.zip", "--roster", "nowhere.csv")) == (
        "trivium grade: nowhere.csv: cannot be read: No such file or directory"
    )
    assert one_line(trivium("roster", right)) == (
        f"trivium roster: {right}: no export of Canvas, Moodle or Gradescope, and no sheet of theirs"
    )


def test_a_fault_of_ours_on_one_submission_is_named_and_the_others_are_graded(
    grade: Trivium, right: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs no mark: exit status is 1, and the next run tries again."""
    shutil.copytree(right, tmp_path / "class" / "unlucky")
    real = graders.grading.submission.ungraded

    def ungraded(plan: Any, submission: Any, signature: Any, *why: Any) -> Any:
        if submission.name == "unlucky" and not why:
            raise OverflowError("hidden value 42")
        return real(plan, submission, signature, *why)

    with monkeypatch.context() as patch:
        patch.setattr("graders.grading.submission.ungraded", ungraded)
        said = grade("class")
    assert said.status == 1
    assert "unlucky: could not be graded: the grader failed: OverflowError in " in said.err
    assert "hidden value 42" not in said.err
    assert rows(Path("grades/gradebook.csv"))[0]["total"] == "5"
    again = grade("class")
    assert again.status == 0
    assert [row["total"] for row in rows(Path("grades/gradebook.csv"))] == ["5", "5"]


def test_a_second_run_takes_the_seed_of_the_first_and_grades_nothing_twice(grade: Trivium, right: Path) -> None:
    assert grade(right).status == 0
    first = Path("grades/gradebook.csv").read_bytes()
    said = grade(right)
    assert said.err == "1/1 right: 5/5 (graded before)\n"
    assert said.out.splitlines()[-1] == "grades/results/right.json"
    assert Path("grades/gradebook.csv").read_bytes() == first
    assert "graded before" not in grade(right, "--seed", 5).err


def test_only_the_questions_asked_for_are_graded(trivium: Trivium, isolation: Isolation, right: Path) -> None:
    assert trivium("grade", "a2", right, "--isolation", isolation, "-q", "1e").status == 0
    [row] = rows(Path("grades/gradebook.csv"))
    assert (row["1e"], row["total"], row["max"], "1a" in row) == ("3", "3", "3", False)


def test_a_threshold_decides_the_exit_status(grade: Trivium, right: Path, stub: Path) -> None:
    assert grade(right, "--fail-under", 100).status == 0
    assert grade("class", "--fail-under", 0).status == 0
    said = grade("class", "--fail-under", 80)
    assert said.status == 1
    assert said.err.splitlines()[-1] == "stub: 0 of 5 points is below --fail-under 80 %"


def test_junit_is_written_for_a_machine_to_read(grade: Trivium, right: Path, stub: Path) -> None:
    assert grade("class", "--junit", "reports/junit.xml").status == 0
    suites = ET.parse("reports/junit.xml").getroot()
    assert [suite.get("name") for suite in suites] == ["right", "stub"]
    assert (suites[0].get("errors"), suites[1].get("errors")) == ("0", suites[1].get("tests"))


def test_github_is_told_which_line_to_look_at(
    grade: Trivium, stub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "class"))
    lines = grade(stub).out.splitlines()
    sigmoid, descent = (line_of(stub / name, text) for name, text in (("word2vec.py", "sigmoid"), ("sgd.py", "sgd")))
    assert f"::error file=stub/word2vec.py,line={sigmoid},title=1a Sigmoid::not implemented yet" in lines
    assert f"::error file=stub/sgd.py,line={descent},title=1e Gradient descent::not implemented yet" in lines
    assert "::notice title=a2::stub: 0 of 5 points" in lines


def test_in_a_repository_lines_are_those_of_the_students_file(
    grade: Trivium, right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hw2 = shutil.copytree(right, right.parents[1] / "repository" / "hw2")
    path = hw2 / "word2vec.py"
    path.write_text("# mine\n" * 5 + path.read_text().replace("def sigmoid(x", "def sigmoid(x, *, y=1 / 0", 1))
    monkeypatch.chdir(hw2.parent)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    said = grade(".", "--out", "../grades")
    assert f"::error file=hw2/word2vec.py,line={line_of(path, 'sigmoid')},title=1a Sigmoid::" in said.out
    assert "| 1a Sigmoid | 0 of 2 | could not run" in Path("summary.md").read_text()


def test_a_checkout_in_a_folder_of_the_job_has_the_paths_of_its_repository(
    grade: Trivium, right: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the names need escaping, and where the workspace is a repository, too."""
    checkout = tmp_path / "work" / "student"
    path = shutil.copytree(right, checkout / "100%, mine: ünï") / "word2vec.py"
    path.write_text(path.read_text().replace("def sigmoid(x", "def sigmoid(x, *, y=1 / 0", 1))
    for repository in (checkout, checkout.parent):
        (repository / ".git").mkdir()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(checkout.parent))
    said = grade(checkout)
    line = line_of(path, "sigmoid")
    assert f"::error file=100%25%2C mine%3A ünï/word2vec.py,line={line},title=1a Sigmoid::" in said.out


def test_a_gradebook_that_came_with_a_checkout_is_refused_in_ci(
    grade: Trivium, right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its author may have written the marks in it."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.chdir(right)
    assert grade(".", "--seed", 3).status == 0
    assert one_line(grade(".", "--seed", 3)) == (
        "trivium grade: --out grades: the gradebook there came with .; choose a folder outside of it"
    )
    assert grade(".", "--seed", 3, "--out", "../../grades").status == 0
    assert grade(".", "--seed", 3, "--out", "../../grades").status == 0
    monkeypatch.delenv("CI")
    assert "graded before" in grade(".", "--seed", 3).err


def test_in_ci_the_table_tells_what_students_may_read(
    grade: Trivium, right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = right / "word2vec.py"
    path.write_text(path.read_text() + "\nright = sigmoid\ndef sigmoid(x):\n    return -right(x)\n")
    staff = grade(right, "--feedback", "sentence").out
    monkeypatch.setenv("CI", "true")
    student = grade(right, "--feedback", "sentence").out
    [told, everything] = [next(line for line in out.splitlines() if "1a: " in line) for out in (student, staff)]
    assert "1a: sigmoid() gives the right number" in told and "flipped" not in told
    assert "1a: the sign of sigmoid is flipped" in everything


def line_of(path: Path, function: str) -> int:
    return 1 + next(n for n, line in enumerate(path.read_text().splitlines()) if line.startswith(f"def {function}("))


def test_feedback_tells_more_or_less_and_grades_nothing_again(grade: Trivium, right: Path) -> None:
    path = right / "word2vec.py"
    path.write_text(path.read_text() + "\nright = sigmoid\ndef sigmoid(x):\n    return -right(x)\n")
    report, outputs = Path("grades/results/right.json"), {}
    for level in ("location", "sentence", "diagnosis", "counterexample", "sentence,1a=location"):
        said = grade(right, "--feedback", level, "--junit", "junit.xml")
        assert ("graded before" in said.err) is (level != "location")
        [outputs[level], *_] = [
            test["output"] for test in json.loads(report.read_text())["tests"] if test["output"]
        ] or [""]
        assert outputs[level] in (ET.parse("junit.xml").getroot().findtext(".//failure") or "")
    assert outputs["sentence"] == ""
    assert outputs["diagnosis"].startswith("likely: ") and "shape" not in outputs["diagnosis"]
    assert outputs["location"].startswith("sigmoid has the right shape") and "case: " not in outputs["location"]
    assert outputs["counterexample"].startswith(f"{outputs['location']}\ncase: ")
    assert outputs["sentence,1a=location"] == outputs["location"]
    assert grade(right, "--feedback", "all").err.startswith(
        "trivium grade: --feedback all: 'all' is no level: expected"
    )


def test_a_valid_result_is_there_before_the_first_question_is_graded(
    grade: Trivium, right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = graders.grading.submission.grade_question, []

    def look_first(*arguments: object) -> object:
        report = json.loads(Path("grades/results/right.json").read_text())
        seen.append((report["score"], report["tests"][0]["output"]))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("graders.grading.submission.grade_question", look_first)
    assert grade(right).status == 0
    assert seen == [(0, "not graded yet"), (2, "")]


def test_a_submission_that_the_grader_fails_on_is_told_and_tried_again(
    grade: Trivium, right: Path, stub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = graders.grading.submission.judge_question

    def fail_on_a_stub(plan: object, question: object, session: object, reference: object) -> object:
        if b"not implemented yet" in session._files["sgd.py"]:  # type: ignore[attr-defined]
            raise LookupError
        return real(plan, question, session, reference)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("graders.grading.submission.judge_question", fail_on_a_stub)
        said = grade("class")
    assert said.status == 1
    why = said.err.splitlines()[-1]
    assert why.startswith("stub: could not be graded: the grader failed: LookupError in test_cli.py, line ")
    assert why.endswith("; grade again")
    assert [row["total"] for row in rows(Path("grades/gradebook.csv"))] == ["5", "0"]

    said = grade("class")
    assert said.status == 0
    assert "right: 5/5 (graded before)" in said.err
    assert "stub: 0/5 (graded before)" not in said.err


def one_line(said: Said) -> str:
    """Return the one line of a usage error."""
    assert said.status == 2
    assert said.out == ""
    [line] = said.err.splitlines()
    return line


def test_names_that_there_are_not(trivium: Trivium, right: Path) -> None:
    known = ", ".join(assignment_names())
    for command in ["grade", "a9", right], ["handout", "a9"], ["stubs", "a9"]:
        line = one_line(trivium(*command))
        assert line == f"trivium {command[0]}: no assignment 'a9': choose from {known}"
    line = one_line(trivium("grade", "a4", right, "-q", "1a,1z"))
    assert line == "trivium grade: a4 has no question '1z': choose from 1a, 1b, 1c, 1d, 1e, 1f, 2b, 2c, 2d"
    assert not Path("grades").exists()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--jobs", "0", "--jobs 0: expected 1 or more"),
        ("--seed", "-1", "--seed -1: expected a number from 0 to 9223372036854775807"),
        ("--seed", 2**63, "--seed 9223372036854775808: expected a number from 0 to 9223372036854775807"),
        ("--fail-under", "101", "--fail-under 101: expected a percentage from 0 to 100"),
        ("--fail-under", "nan", "--fail-under nan: expected a percentage from 0 to 100"),
    ],
)
def test_numbers_that_make_no_sense(grade: Trivium, right: Path, option: str, value: object, said: str) -> None:
    assert one_line(grade(right, option, value)) == f"trivium grade: {said}"
    assert not Path("grades").exists()


def test_options_that_are_no_numbers_or_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["grade", "a4", "x", "--jobs", "two"], "argument -j/--jobs: invalid int value: 'two'"),
        (["grade", "a4"], "the following arguments are required: PATH"),
        (["grade", "a4", "x", "--isolation", "docker"], "argument --isolation: invalid choice: 'docker'"),
        ([], "the following arguments are required: COMMAND"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert said in capsys.readouterr().err.splitlines()[-1]


def test_submissions_that_are_not_there(grade: Trivium, tmp_path: Path) -> None:
    assert one_line(grade("nowhere")) == "trivium grade: nowhere: cannot be read: No such file or directory"
    Path("empty").mkdir()
    assert one_line(grade("empty")) == (
        "trivium grade: empty: no submission found; expected word2vec.py or sgd.py or batch.py or sampling.py or "
        "huffman.py or information.py or jacobians.py in it, or a folder or zip archive for each student"
    )


def test_a_folder_that_cannot_be_written(grade: Trivium, right: Path) -> None:
    Path("file").write_text("")
    assert one_line(grade(right, "--out", "file/grades")) == (
        "trivium grade: file/grades/gradebook.sqlite: cannot use this gradebook: "
        "Not a directory; choose another folder, or move the file away and grade again"
    )
    said = grade(right, "--junit", "file/junit.xml")
    assert (said.status, said.err.splitlines()[-1]) == (2, "trivium grade: file: File exists")


def test_a_gradebook_that_is_none(grade: Trivium, right: Path) -> None:
    Path("grades").mkdir()
    Path("grades/gradebook.sqlite").write_text("a text that is long enough to be taken for the head of a database")
    assert one_line(grade(right)) == (
        "trivium grade: grades/gradebook.sqlite: cannot use this gradebook: file is not a database; "
        "choose another folder, or move the file away and grade again"
    )
    Path("grades/gradebook.sqlite").unlink()
    with sqlite3.connect("grades/gradebook.sqlite") as other:
        other.execute("CREATE TABLE photos (name TEXT)")
    other.close()
    assert one_line(grade(right)) == (
        "trivium grade: grades/gradebook.sqlite: this database is not a gradebook; choose another folder"
    )


def test_no_sandbox_here(trivium: Trivium, right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "graders.sandbox.isolation.walls", lambda: {"sandlock": "", "Landlock": "the kernel offers ABI 1"}
    )
    assert one_line(trivium("grade", "a4", right)) == (
        "trivium grade: the sandbox is not available: Landlock: the kernel offers ABI 1. "
        "`trivium doctor` tells more. Use `--isolation none` to run trusted code without it"
    )
    assert not Path("grades").exists()


def test_no_answers_here(grade: Trivium, right: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVIUM_SOLUTIONS", str(tmp_path / "nowhere"))
    assert one_line(grade(right)) == (
        f"trivium grade: {tmp_path}/nowhere/a2: the reference of a2 is not here; work in a clone of the course, "
        "or set TRIVIUM_SOLUTIONS to the folder with a2/"
    )


def test_a_package_that_is_missing(right: Path) -> None:
    code = "import sys\nsys.modules['msgspec'] = None\nfrom graders.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "grade", "a4", str(right)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "trivium grade: msgspec is not installed: pip install 'trivium[graders]'\n"


def test_an_import_of_our_own_that_fails_is_our_mistake(right: Path) -> None:
    for module, said in (
        ("graders.exports.table", "import of graders.exports.table halted; None in sys.modules"),
        ("sqlite3", "import of sqlite3 halted; None in sys.modules"),
    ):
        code = f"import sys\nsys.modules['{module}'] = None\n"
        code += "from graders.cli.main import main\nsys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "grade", "a4", str(right)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (
            2,
            f"trivium grade: a bug in trivium, please report it: {said}\n",
        )


def test_a_reader_that_leaves_early_costs_nothing(
    right: Path, stub: Path, isolation: Isolation, tmp_path: Path
) -> None:
    """As in `trivium grade … | head -1`: the exports are there, and the exit status is that of the class."""
    command = [sys.executable, "-m", "graders.cli", "grade", "a2", str(right.parent), "-q", "1a", "-j", "1"]
    command += ["--isolation", isolation, "-o", str(tmp_path / "out"), "--fail-under", "50"]
    environment = {**os.environ, "PYTHONPATH": str(course_root())}
    graded = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert graded.stdout and graded.stderr
    graded.stdout.close()
    said = graded.stderr.read()
    assert graded.wait() == 1
    assert said.splitlines()[-1] == "stub: 0 of 2 points is below --fail-under 50 %"
    assert [row["total"] for row in rows(tmp_path / "out" / "gradebook.csv")] == ["2", "0"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_that_lacks_characters_gets_others(
    stub: Path, isolation: Isolation, tmp_path: Path, encoding: str
) -> None:
    (stub / "word2vec.py").write_text("def sigmoid(x):\n    raise ValueError('→ 字')\n")
    named = stub.rename(stub.parent / "李")
    command = [sys.executable, "-m", "graders.cli", "grade", "a2", str(named), "-q", "1a", "--isolation", isolation]
    environment = {**os.environ, "PYTHONPATH": str(course_root()), "PYTHONIOENCODING": encoding}
    said = subprocess.run(command, env=environment, capture_output=True, cwd=tmp_path)
    assert (said.returncode, b"Traceback" in said.stderr) == (0, False)
    assert said.stderr.startswith(b"1/1 ?: 0/2") and b" ? " in said.stdout


HEAVY = {"torch", "numpy", "hypothesis", "rich", "jinja2", "msgspec", "sqlite3", "sandlock"}


def test_help_is_quick() -> None:
    """It imports nothing heavy."""
    code = f"""
import sys
from graders.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    print(sorted({HEAVY} & set(sys.modules)), ended.code)
"""
    for arguments in ["--help"], ["grade", "--help"]:
        command = [sys.executable, "-c", code, *arguments]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert out.splitlines()[-1] == "[] 0"
        assert out.startswith("usage: trivium ")


def test_stubs_are_checked_and_written(trivium: Trivium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "course"
    for part in ("assignments", "solutions"):
        shutil.copytree(course_root() / part / "a4", root / part / "a4")
    monkeypatch.setattr("graders.course.assignment.course_root", lambda: root)
    stub = root / "assignments" / "a4" / "utils.py"

    assert trivium("stubs", "--check") == Said(0, "up to date\n", "")
    stub.write_text(stub.read_text() + "# mine\n")
    told = "run `trivium stubs` and commit the files that it writes\n"
    assert trivium("stubs", "--check") == Said(1, f"stale: {stub}\n", told)
    assert trivium("handout", "a4").status == 2
    assert trivium("stubs", "a4") == Said(0, f"wrote {stub}\n", "")
    assert trivium("stubs", "a4") == Said(0, "up to date\n", "")


def test_what_is_handed_out_is_packed_and_graded(grade: Trivium, trivium: Trivium, tmp_path: Path) -> None:
    """From the course to the student and back."""
    assert trivium("handout", "a2", "-o", "a2.zip") == Said(0, "a2.zip\n", "")
    assert trivium("handout", "a2", "-o", "again.zip").status == 0
    assert Path("a2.zip").read_bytes() == Path("again.zip").read_bytes()
    with ZipFile("a2.zip") as archive:
        archive.extractall(tmp_path)
    line = one_line(trivium("pack", "a2"))
    assert line == "trivium pack: a2: no question is answered yet; is this the folder you worked in?"

    shutil.copy(load_assignment("a2").solutions / "sgd.py", "a2")
    said = trivium("pack", "a2", "-o", "anna.zip")
    assert said.status == 0
    assert said.out.splitlines()[-1] == "anna.zip"
    assert "note: word2vec.py: 1a is not answered yet" in said.out.splitlines()
    assert grade("anna.zip").err.startswith("1/1 anna.zip: 3/5 (")


class Started(NamedTuple):
    """A `trivium grade` of its own, over slow submissions."""

    process: subprocess.Popen[str]
    scratch: Path
    book: Path

    def graded(self) -> int:
        """Return how many results are in the gradebook."""
        if not self.book.exists():
            return 0
        with sqlite3.connect(f"file:{self.book}?mode=ro", uri=True) as database:
            try:
                (count,) = database.execute("SELECT count(*) FROM results").fetchone()
            except sqlite3.OperationalError:  # not made yet
                count = 0
        database.close()
        return int(count)

    def wait_for_a_result(self) -> None:
        while self.graded() == 0:
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)


CLASS = [f"student{number}" for number in range(6)]


@pytest.fixture
def started(tmp_path: Path, isolation: Isolation) -> Started:
    """A run over a class of which each takes a while."""
    for name in CLASS:
        folder = shutil.copytree(load_assignment("a2").solutions, tmp_path / "class" / name)
        answer = folder / "sgd.py"
        answer.write_text(f"import time\ntime.sleep(0.3)\n{answer.read_text()}\nprint({name!r})\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "graders.cli", "grade", "a2", "class", "--isolation", isolation]
    process = subprocess.Popen(
        [*command, "--seed", "11", "--jobs", "1", "--questions", "1a,1e"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(course_root())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Started(process, scratch, tmp_path / "grades" / "gradebook.sqlite")


def test_a_killed_run_goes_on_where_it_stopped(grade: Trivium, started: Started) -> None:
    started.wait_for_a_result()
    started.process.kill()
    started.process.communicate()
    before = started.graded()
    assert 1 <= before < len(CLASS)

    resumed = grade("class", "--jobs", 2)
    assert resumed.status == 0
    assert resumed.err.count("(graded before)") == before
    assert len(resumed.err.splitlines()) == len(CLASS)
    uninterrupted = grade("class", "--seed", 11, "--out", "other")
    assert "graded before" not in uninterrupted.err
    assert Path("grades/gradebook.csv").read_bytes() == Path("other/gradebook.csv").read_bytes()
    assert [row["submission"] for row in rows(Path("grades/gradebook.csv"))] == CLASS
    assert {row["seed"] for row in rows(Path("grades/gradebook.csv"))} == {"11"}


def test_ctrl_c_ends_a_run_in_order(grade: Trivium, started: Started) -> None:
    started.wait_for_a_result()
    started.process.send_signal(signal.SIGINT)
    _, err = started.process.communicate()
    assert started.process.returncode == 130
    lines = err.splitlines()
    assert lines[-1] == "trivium: interrupted; finished results are kept, run the same command again to resume"
    assert all("student" in line for line in lines[:-1])
    assert list(started.scratch.iterdir()) == []
    assert running(str(started.scratch)) == []

    before = started.graded()
    assert 1 <= before < len(CLASS)
    assert grade("class").err.count("(graded before)") == before


@pytest.mark.parametrize("name", ["héctor → ∞", "łukasz"])
def test_what_the_encoding_lacks_is_replaced(name: str, right: Path, tmp_path: Path) -> None:
    packed = right.rename(right.parent / name)
    command = [sys.executable, "-m", "graders.cli", "pack", packed, "--out", f"{name}.zip"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(course_root())}
    shutil.copytree(handout_folder("a2"), tmp_path / "a2", dirs_exist_ok=True)
    shutil.copy(tmp_path / "a2" / "assignment.toml", packed)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert done.stdout.isascii() and done.stdout.endswith(".zip\n") and (tmp_path / f"{name}.zip").is_file()
