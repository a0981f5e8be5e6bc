"""assignment.toml: read, searched, and refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graders.course.assignment import handout_folder
from sanity.core.manifest import Manifest, ManifestError, Question, Trained, read_manifest, seconds_of, spelling

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
metric = "BLEU"
data = "toy"
budget = "1.5m"
thresholds = [[20, 2], [50.5, 4], [90, 8]]
"""


def written(folder: Path, text: str) -> Path:
    (folder / "assignment.toml").write_text(text)
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return read_manifest(written(tmp_path, GOOD))


def test_it_says_what_stands_there(manifest):
    first, second = Question("1a", "First", 2, "utils.py"), Question("1b", "Second", 3.5, "words.ipynb", ("1a",))
    assert manifest == Manifest(
        "a0", "Warming up", ("words.ipynb", "utils.py"), ("vocab.py",), (first, second), seconds=2.5, memory_mb=256
    )
    assert manifest.points == 5.5
    assert manifest.question("1b") is manifest.questions[1]


def test_a_notebook_may_be_handed_in_as_python(manifest):
    assert manifest.accepted == ("words.ipynb", "words.py", "utils.py")
    assert manifest.modules == ("vocab.py", "words.ipynb", "words.py", "utils.py")
    assert spelling("words.ipynb", ["words.py"]) == "words.py"
    assert spelling("words.ipynb", ["words.py", "words.ipynb"]) == "words.ipynb"
    assert spelling("utils.py", ["utils.ipynb"]) is None


@pytest.mark.parametrize(
    ("ids", "chosen"), [([], ["1a", "1b"]), (["1b"], ["1b"]), (["1b", "1a"], ["1a", "1b"]), (["1a", "1a"], ["1a"])]
)
def test_questions_are_chosen_in_the_assignments_order(manifest, ids, chosen):
    assert [question.id for question in manifest.choose(ids)] == chosen


def test_an_unknown_question_is_named_with_those_that_there_are(manifest):
    with pytest.raises(ManifestError, match=r"^a0 has no question '1z': choose from 1a, 1b$"):
        manifest.choose(["1a", "1z"])


def test_a_folder_without_one_is_named(tmp_path):
    with pytest.raises(ManifestError) as error:
        read_manifest(tmp_path)
    assert str(error.value) == f"{tmp_path}/assignment.toml: not found; run this in an assignment's folder"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "a0"', "", "KeyError('name')"),
        ("memory_mb = 256", "", "KeyError('memory_mb')"),
        ("points = 2", "", "missing 1 required positional argument: 'points'"),
        ("points = 2", "points = 2\nbonus = 1", "unexpected keyword argument 'bonus'"),
        ("seconds = 2.5", "seconds =", "TOMLDecodeError"),
        ('submit = ["words.ipynb", "utils.py"]', "submit = 1", "TypeError"),
    ],
)
def test_what_is_wrong_with_one_is_said_in_one_line(tmp_path, old, new, said):
    with pytest.raises(ManifestError) as error:
        read_manifest(written(tmp_path, GOOD.replace(old, new, 1)))
    message = str(error.value)
    assert message.startswith(f"{tmp_path}/assignment.toml: not a valid manifest: ")
    assert said in message and "\n" not in message


def test_another_encoding_is_refused(tmp_path):
    (tmp_path / "assignment.toml").write_bytes(GOOD.replace("Warming", "Übung").encode("latin-1"))
    with pytest.raises(ManifestError, match="not a valid manifest: UnicodeDecodeError"):
        read_manifest(tmp_path)


def test_the_assignments_here_can_be_read():
    manifest = read_manifest(handout_folder("a4"))
    known = {question.id for question in manifest.questions}
    for question in manifest.questions:
        assert question.file in manifest.submit and set(question.needs) < known and question.points > 0


def test_a_question_without_checks_says_how_it_is_marked(tmp_path):
    words = '[[written]]\nid = "1c"\nname = "Why"\npoints = 2\n'
    manifest = read_manifest(written(tmp_path, GOOD + TRAINED + words))
    for id, how in (("1h", "is earned by training (python run.py train)"), ("1c", "is answered in words")):
        with pytest.raises(ManifestError, match=rf"^question {id} of a0 {re.escape(how)}.* choose from 1a, 1b$"):
            manifest.question(id)


def test_a_question_that_is_trained(tmp_path):
    manifest = read_manifest(written(tmp_path, GOOD + TRAINED))
    [trained] = manifest.trained
    assert trained == Trained("1h", "Training", 8, "BLEU", "toy", 90, ((20, 2), (50.5, 4), (90, 8)))
    assert trained.threshold == 90
    assert [trained.earned(score) for score in (0, 19.9, 20, 50.4, 50.5, 89.9, 90, 100)] == [0, 0, 2, 2, 4, 4, 8, 8]
    assert manifest.points == 5.5  # of the questions that are checked


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[trained]]", "[trained]", "trained: expected a table under [[trained]], in two brackets"),
        ('id = "1h"\n', "", "[[trained]] without an id: id is missing"),
        ('data = "toy"', "", "[[trained]] 1h: data is missing"),
        ('data = "toy"', 'data = "toy"\ntext = 1', "[[trained]] 1h: text is not known here"),
        ('metric = "BLEU"', "metric = 1", "[[trained]] 1h: metric = 1: expected a text"),
        ('"1.5m"', '"soon"', "[[trained]] 1h: budget 'soon': expected a time such as 90s, 10m or 1.5h"),
        ('"1.5m"', "90", "[[trained]] 1h: budget = 90: expected a text"),
        ("points = 8", "points = 0", "[[trained]] 1h: 0: expected a number above 0"),
        ("points = 8", 'points = "8"', "[[trained]] 1h: '8': expected a number above 0"),
        ("[20, 2]", "[nan, 2]", "[[trained]] 1h: nan: expected a number above 0"),
        ("[20, 2]", "[20, true]", "[[trained]] 1h: True: expected a number above 0"),
        (
            "[20, 2]",
            "[20]",
            "[[trained]] 1h: thresholds: expected pairs of score and points, such as [[20, 2], [90, 8]]",
        ),
        (
            "[[20, 2], [50.5, 4], [90, 8]]",
            "[]",
            "[[trained]] 1h: thresholds: expected pairs of score and points, such as [[20, 2], [90, 8]]",
        ),
        (
            "[[20, 2], [50.5, 4], [90, 8]]",
            "90",
            "[[trained]] 1h: thresholds: expected pairs of score and points, such as [[20, 2], [90, 8]]",
        ),
        ("[50.5, 4]", "[20, 4]", "[[trained]] 1h: thresholds must rise, score and points: [20, 4] comes after [20, 2]"),
        ("[50.5, 4]", "[50, 1]", "[[trained]] 1h: thresholds must rise, score and points: [50, 1] comes after [20, 2]"),
        ("[90, 8]", "[90, 7]", "[[trained]] 1h: the last threshold gives 7 points, expected all 8"),
        ('id = "1h"', 'id = "1b"', "[[trained]] 1b: another question has this id"),
    ],
)
def test_what_is_wrong_with_training_is_one_line(tmp_path, old, new, said):
    assert TRAINED.count(old) == 1
    with pytest.raises(ManifestError) as error:
        read_manifest(written(tmp_path, GOOD + TRAINED.replace(old, new)))
    assert str(error.value) == f"{tmp_path}/assignment.toml: {said}"


def test_one_question_at_most_is_trained(tmp_path):
    with pytest.raises(ManifestError) as error:
        read_manifest(written(tmp_path, GOOD + TRAINED + TRAINED.replace("1h", "1i")))
    assert str(error.value) == f"{tmp_path}/assignment.toml: 2 [[trained]] tables: expected one at most"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("0.5s", 0.5), ("2 m", 120)])
def test_times_have_a_unit(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "0s", "-1s", "1e3s", "1m30s", "1d", "nan s", "1.s", "90s\n", "٣s"])
def test_other_times_are_refused(text):
    with pytest.raises(ManifestError) as error:
        seconds_of(text)
    assert str(error.value) == f"budget {text!r}: expected a time such as 90s, 10m or 1.5h"
