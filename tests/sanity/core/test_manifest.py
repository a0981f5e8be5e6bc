"""assignment.toml: read, searched, and refused in one line."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import load_assignment
from sanity.core.assignment_toml import read_manifest
from sanity.core.durations import seconds_of
from sanity.core.manifest import Manifest, ManifestError, Question, QuestionLimits, TrainedQuestion

GOOD = """
name = "a0"
title = "Warming up"
submit = ["words.ipynb", "utils.py"]
given = ["vocab.py"]
[limits]
seconds = 2.5
memory_mb = 256
[[question]]
id = "1a"
name = "First"
points = 2
file = "utils.py"
[[question]]
id = "1b"
name = "Second"
points = 3.5
file = "words.ipynb"
needs = ["1a"]
"""

TRAINED = """
[[trained]]
id = "1h"
name = "Training"
points = 8
task = "translation"
metric = "BLEU"
data = "toy"
budget = "1.5m"
thresholds = [[20, 2], [50.5, 4], [90, 8]]
"""


ROWS = "[[20, 2], [50.5, 4], [90, 8]]"


def written(folder: Path, text: str) -> Path:
    (folder / "assignment.toml").write_text(text)
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return read_manifest(written(tmp_path, GOOD))


def test_it_says_what_stands_there(manifest):
    first, second = Question("1a", "First", 2, "utils.py"), Question("1b", "Second", 3.5, "words.ipynb", ("1a",))
    assert manifest == Manifest(
        "a0", "Warming up", ("words.ipynb", "utils.py"), ("vocab.py",), (first, second), QuestionLimits(2.5, 256)
    )
    assert manifest.points == 5.5
    assert manifest.question("1b") is manifest.questions[1]


def test_a_notebook_may_be_handed_in_as_python(manifest):
    assert manifest.accepted == ("words.ipynb", "words.py", "utils.py")
    assert manifest.modules == (("vocab.py",), ("words.ipynb", "words.py"), ("utils.py",))
    assert manifest.spelling("words.ipynb", ["words.py"]) == "words.py"
    assert manifest.spelling("words.ipynb", ["words.py", "words.ipynb"]) == "words.ipynb"
    assert manifest.spelling("utils.py", ["utils.ipynb"]) is None


@pytest.mark.parametrize(
    ("ids", "chosen"), [([], ["1a", "1b"]), (["1b"], ["1b"]), (["1b", "1a"], ["1a", "1b"]), (["1a", "1a"], ["1a"])]
)
def test_questions_are_chosen_in_the_assignments_order(manifest, ids, chosen):
    assert [question.id for question in manifest.select_questions(ids)] == chosen


def test_an_unknown_question_is_named_with_those_that_there_are(manifest):
    with pytest.raises(ManifestError, match=r"^a0 has no question '1z': choose from 1a, 1b$"):
        manifest.select_questions(["1a", "1z"])


def test_a_folder_without_one_is_named(tmp_path):
    with pytest.raises(ManifestError) as error:
        read_manifest(tmp_path)
    assert str(error.value) == f"{tmp_path}/assignment.toml: not found; run this in an assignment's folder"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "a0"', "", ": name is missing"),
        ('name = "a0"', 'name = "4a"', ": name = '4a': expected a name such as a4"),
        ('title = "Warming up"', 'title = ""', ": title = '': expected text of length >= 1"),
        ("memory_mb = 256", "", ": limits: memory_mb is missing"),
        ("seconds = 2.5", "seconds = 0", ": limits.seconds = 0: expected a number above 0"),
        ("seconds = 2.5", "seconds = inf", ": limits.seconds = inf: expected a number up to 3600"),
        ('submit = ["words.ipynb", "utils.py"]', "submit = 1", ": submit = 1: expected a list"),
        ('submit = ["words.ipynb", "utils.py"]', 'submit = "utils.py"', ": submit = 'utils.py': expected a list"),
        ('given = ["vocab.py"]', 'given = ["../v.py"]',
         ": given[0] = '../v.py': expected a file name such as utils.py"),
        ('given = ["vocab.py"]', 'given = ["utils.py"]',
         ": files: utils.py is listed twice in submit, given and aliases"),
        ('given = ["vocab.py"]', 'given = []\nhandouts = []', ": handouts is not known here; known are name, title, "
         "submit, given, question, limits, written, trained, handout, own, forbidden, legacy, rules, aliases, "
         "feedback"),
        ('given = ["vocab.py"]', 'given = []\naliases = {"a.py" = ["b.py"]}',
         ": aliases: a.py: expected one of submit: words.ipynb, utils.py"),
        ('given = ["vocab.py"]', 'given = []\nhandout = ["../a2/*.py"]',
         ": handout: '../a2/*.py': expected a path or pattern inside the folder, such as nmt/*.py"),
        ('given = ["vocab.py"]', 'given = []\nhandout = ["/etc/passwd"]',
         ": handout: '/etc/passwd': expected a path or pattern inside the folder, such as nmt/*.py"),
        ('given = ["vocab.py"]', 'given = []\naliases = {utils = ["u.py"]}',
         ": aliases: one of its keys: expected a file name such as utils.py"),
        ("points = 2\n", "", ":9: [[question]] 1a: points is missing"),
        ("points = 2\n", "points = -2\n", ":9: [[question]] 1a: points = -2: expected a number above 0"),
        ("points = 2\n", 'points = "2"\n', ":9: [[question]] 1a: points = '2': expected a number"),
        ("points = 2\n", "points = true\n", ":9: [[question]] 1a: points = True: expected a number"),
        ("points = 2\n", "points = 2\nbonus = 1\n",
         ":9: [[question]] 1a: bonus is not known here; known are id, name, points, file, needs, feedback"),
        ('id = "1b"', "id = 1", ":14: [[question]] 1: id = 1: expected text"),
        ('id = "1b"', 'id = "b"', ":14: [[question]] b: id = 'b': expected a question's id such as 1d or 2.3"),
        ('id = "1b"', 'id = "1a"', ":14: [[question]] 1a: a [[question]] has this id, too"),
        ('needs = ["1a"]', 'needs = ["9z"]', ":14: [[question]] 1b: needs = '9z': expected the id of another question"),
        ('needs = ["1a"]', 'needs = ["1b"]', ":14: [[question]] 1b: needs = '1b': expected the id of another question"),
        ('file = "utils.py"', 'file = "utlis.py"',
         ":9: [[question]] 1a: file = 'utlis.py': expected one of submit: words.ipynb, utils.py"),
        ("[limits]", 'feedback = "sentence"\n[limits]', ": feedback = 'sentence': expected a table"),
        ("[limits]", "[feedback]\n[limits]", ": [feedback]: level is missing"),
        ("[limits]", '[feedback]\nlevel = "all"\n[limits]', ": [feedback]: level = 'all': expected sentence or "
         "diagnosis or location or counterexample"),
        ("[limits]", '[feedback]\nlevel = "sentence"\nuntil = 2026-11-20T23:59:00\nthen = "diagnosis"\n[limits]',
         ": [feedback]: until = 2026-11-20T23:59:00: expected a date with a time such as 2026-11-20T23:59:00+01:00, "
         "with its offset"),
        ("[limits]", '[feedback]\nlevel = "sentence"\nuntil = 2026-11-20\nthen = "diagnosis"\n[limits]',
         ": [feedback]: until = 2026-11-20: expected a date with a time such as 2026-11-20T23:59:00"),
        ("[limits]", '[feedback]\nlevel = "sentence"\nthen = "diagnosis"\n[limits]',
         ": [feedback]: expected until and then, or neither: a date, and the level from then on"),
        ("points = 2\n", 'points = 2\nfeedback = {level = "sentence", when = 1}\n',
         ":9: [question.feedback] 1a: when is not known here; known are level, until, then, visibility"),
        ("points = 2\n", 'points = 2\nfeedback = {level = "sentence", visibility = "never"}\n',
         ":9: [question.feedback] 1a: visibility = 'never': expected visible or after_due_date or after_published or "
         "hidden"),
        ("seconds = 2.5", "seconds =", ": not valid TOML: Invalid value (at line 7, column 10)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_is_one_line_that_names_file_table_and_field(tmp_path, old, new, said):
    assert GOOD.count(old) == 1
    with pytest.raises(ManifestError) as error:
        read_manifest(written(tmp_path, GOOD.replace(old, new)))
    assert str(error.value) == f"{tmp_path}/assignment.toml{said}"


@given(st.text("[]=\"'#.,\\n\t 1a\x00é\ud83d" + GOOD, max_size=60), st.integers(0, len(GOOD)))
def test_no_file_is_anything_but_a_manifest_or_one_line(insert, at):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "assignment.toml")
        path.write_bytes((GOOD[:at] + insert + GOOD[at:]).encode(errors="replace"))
        try:
            read_manifest(Path(folder))
        except ManifestError as error:
            assert str(error).startswith(f"{path}:") and "\n" not in str(error)


def test_another_encoding_is_refused(tmp_path):
    (tmp_path / "assignment.toml").write_bytes(GOOD.replace("Warming", "Übung").encode("latin-1"))
    with pytest.raises(ManifestError, match="not valid TOML: 'utf-8' codec can't decode byte 0xdc"):
        read_manifest(tmp_path)


def test_a_file_may_have_other_names(tmp_path):
    aliases = 'given = ["vocab.py"]\naliases = {"utils.py" = ["tools.py", "helpers.py"]}'
    manifest = read_manifest(written(tmp_path, GOOD.replace('given = ["vocab.py"]', aliases)))
    assert manifest.spellings("utils.py") == ("utils.py", "tools.py", "helpers.py")
    assert manifest.spelling("utils.py", ["helpers.py", "tools.py"]) == "tools.py"
    assert manifest.accepted == ("words.ipynb", "words.py", "utils.py", "tools.py", "helpers.py")


def test_the_assignments_here_can_be_read():
    manifest = load_assignment("a4").manifest
    known = {question.id for question in manifest.questions}
    for question in manifest.questions:
        assert question.file in manifest.submit and set(question.needs) < known and question.points > 0


def test_a_question_without_checks_says_how_it_is_marked(tmp_path):
    words = '[[written]]\nid = "1c"\nname = "Why"\npoints = 2\n'
    manifest = read_manifest(written(tmp_path, GOOD + TRAINED + words))
    for id, how in (("1h", "is earned by training"), ("1c", "is answered in words")):
        with pytest.raises(ManifestError, match=rf"^question {id} of a0 {re.escape(how)}.* choose from 1a, 1b$"):
            manifest.question(id)


def test_a_question_that_is_trained(tmp_path):
    manifest = read_manifest(written(tmp_path, GOOD + TRAINED))
    [trained] = manifest.trained
    assert trained == TrainedQuestion(
        "1h", "Training", 8, "translation", "BLEU", "toy", "1.5m", ((20, 2), (50.5, 4), (90, 8))
    )
    assert (trained.threshold, trained.seconds) == (90, 90)
    assert [trained.earned(score) for score in (0, 19.9, 20, 50.4, 50.5, 89.9, 90, 100)] == [0, 0, 2, 2, 4, 4, 8, 8]
    assert manifest.points == 5.5  # of the questions that are checked


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[trained]]", "[trained]", ": trained: expected a table under [[trained]], in two brackets"),
        ('id = "1h"\n', "", ":21: [[trained]] without an id: id is missing"),
        ('data = "toy"', "", ":21: [[trained]] 1h: data is missing"),
        ('task = "translation"', "", ":21: [[trained]] 1h: task is missing"),
        ('data = "toy"', 'data = "toy"\ntext = 1', ":21: [[trained]] 1h: text is not known here; known are id, name, "
         "points, task, metric, data, budget, thresholds, files"),
        ('metric = "BLEU"', "metric = 1", ":21: [[trained]] 1h: metric = 1: expected text"),
        ('"1.5m"', '"soon"', ":21: [[trained]] 1h: budget = 'soon': expected a time such as 90s, 10m or 1.5h"),
        ('"1.5m"', '"0s"', ":21: [[trained]] 1h: budget = '0s': expected a time such as 90s, 10m or 1.5h"),
        ('"1.5m"', "90", ":21: [[trained]] 1h: budget = 90: expected text"),
        ("points = 8", "points = 0", ":21: [[trained]] 1h: points = 0: expected a number above 0"),
        ("[20, 2]", "[nan, 2]", ":21: [[trained]] 1h: thresholds[0][0] = nan: expected a number above 0"),
        ("[20, 2]", "[20, true]", ":21: [[trained]] 1h: thresholds[0][1] = True: expected a number"),
        ("[20, 2]", "[20]", ":21: [[trained]] 1h: thresholds[0] = [20]: expected a list of length 2"),
        (ROWS, "[]", ":21: [[trained]] 1h: thresholds = []: expected a list of length >= 1"),
        (ROWS, "90", ":21: [[trained]] 1h: thresholds = 90: expected a list"),
        ("[50.5, 4]", "[20, 4]",
         ":21: [[trained]] 1h: thresholds must rise, score and points: [20, 4] comes after [20, 2]"),
        ("[50.5, 4]", "[50, 1]",
         ":21: [[trained]] 1h: thresholds must rise, score and points: [50, 1] comes after [20, 2]"),
        ("[90, 8]", "[90, 7]", ":21: [[trained]] 1h: the last threshold gives 7 points, expected all 8"),
        ('id = "1h"', 'id = "1b"', ":21: [[trained]] 1b: a [[question]] has this id, too"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_training_is_one_line(tmp_path, old, new, said):
    assert TRAINED.count(old) == 1
    with pytest.raises(ManifestError) as error:
        read_manifest(written(tmp_path, GOOD + TRAINED.replace(old, new)))
    assert str(error.value) == f"{tmp_path}/assignment.toml{said}"


def test_several_questions_may_be_trained(tmp_path):
    manifest = read_manifest(written(tmp_path, GOOD + TRAINED + TRAINED.replace("1h", "1i")))
    assert [trained.id for trained in manifest.trained] == ["1h", "1i"]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("0.5s", 0.5), ("2 m", 120)])
def test_times_have_a_unit(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "0s", "-1s", "1e3s", "1m30s", "1d", "nan s", "1.s", "90s\n", "٣s"])
def test_other_times_are_refused(text):
    with pytest.raises(ValueError) as error:
        seconds_of(text)
    assert str(error.value) == f"{text!r}: expected a time such as 90s, 10m or 1.5h"
