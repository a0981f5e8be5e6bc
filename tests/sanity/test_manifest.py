"""assignment.toml: read, searched, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.course import handout_folder
from sanity.manifest import Manifest, ManifestError, Question, read_manifest, spelling

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
