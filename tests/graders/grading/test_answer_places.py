"""Where answers lie: paths relative to the repository, and the lines of the student's own functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.course.assignment import load_assignment
from graders.exports.annotations import Places
from graders.grading.answer_places import answer_line, answer_places, repository_of
from graders.intake.submission import read_submission
from tests.support import class_exports

ASSIGNMENT = load_assignment("a4")


def test_files_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "hw4"
    folder.mkdir(parents=True)
    for name, content in ASSIGNMENT.reference.items():
        (folder / name).write_bytes(b"# mine\n" * 3 + content)
    places = answer_places(ASSIGNMENT, read_submission(folder.parent, ASSIGNMENT.manifest), folder.parent)
    assert places.paths["utils.py"] == "hw4/utils.py"
    text = (folder / "nmt_model.py").read_text().splitlines()
    file, line = places.answers["1d"]
    assert (file, text[line - 1].split("(")[0]) == ("nmt_model.py", "    def encode")
    assert places.of("1d", "") == {"file": "hw4/nmt_model.py", "line": str(line)}


def test_the_repository_of_a_path_is_the_nearest_clone_around_it(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner" / "hw4"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / ".git").mkdir()
    assert repository_of(inner) == tmp_path / "outer"
    (inner.parent / ".git").write_text("gitdir: elsewhere\n")  # as a worktree or a submodule has it
    assert repository_of(inner) == repository_of(inner.parent) == inner.parent


def test_an_archive_made_on_windows_keeps_names_that_are_found(tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    path.write_bytes(class_exports.zipped({f"hw4\\{name}": content for name, content in ASSIGNMENT.reference.items()}))
    places = answer_places(ASSIGNMENT, read_submission(path, ASSIGNMENT.manifest), tmp_path)
    assert places.of("1d", "encode() raised ValueError in utils.py, line 7") == {"file": "utils.py", "line": "7"}


def test_files_in_an_archive_keep_their_names(tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    path.write_bytes(class_exports.zipped({f"hw4/{name}": content for name, content in ASSIGNMENT.reference.items()}))
    places = answer_places(ASSIGNMENT, read_submission(path, ASSIGNMENT.manifest), tmp_path)
    assert places.paths["utils.py"] == "utils.py"


def test_every_answer_of_a_stub_has_its_line() -> None:
    for name in ("a2", "a3", "a4"):
        assignment = load_assignment(name)
        for question in assignment.manifest.questions:
            stub = (assignment.folder / question.file).read_text()
            line = answer_line(stub, stub, question.id)
            assert "def " in stub.splitlines()[line - 1] or "class " in stub.splitlines()[line - 1]


STUB = 'class NMT:\n    def encode(self):\n        # Question 1d: your code starts here.\n        return "("\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (STUB, 2),
        ("def encode():\n    pass\nclass NMT:\n\n    async def encode(self): ...\n", 5),
        ("class NMT:\n    def encode(self:\n", 2),  # not valid Python
        ("class NMT:\n    def encoded(self): ...\n", 0),
        ("", 0),
    ],
)
def test_the_line_of_a_function_in_any_text(text: str, line: int) -> None:
    assert answer_line(STUB, text, "1d") == line
    assert answer_line(STUB, text, "9z") == 0


PLACES = Places({"utils.py": "hw4/utils.py", "nmt_model.py": "hw4/nmt_model.py"}, {"1d": ("nmt_model.py", 81)})


@pytest.mark.parametrize(
    ("said", "file", "line"),
    [
        ("encode() raised ValueError in utils.py, line 7", "hw4/utils.py", "7"),
        ("utils.py is not valid Python: SyntaxError at line 3\nlikely: x", "hw4/utils.py", "3"),
        ("encode() raised ValueError in other.py, line 7", "hw4/nmt_model.py", "81"),
        ("encode() raised ValueError in a module of yours, line 7", "hw4/nmt_model.py", "81"),
        ("", "hw4/nmt_model.py", "81"),
    ],
)
def test_an_exception_has_a_line_of_its_own(said: str, file: str, line: str) -> None:
    assert PLACES.of("1d", said) == {"file": file, "line": line}
    assert PLACES.of("9z", "") == {}
