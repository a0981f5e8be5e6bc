"""Notebooks on their way out and back in: derived, handed in under either name, packed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.course.notebooks import to_notebook
from graders.course.planted import reference_files
from graders.course.stubs import derive_stubs
from graders.intake.pack import PackError, pack
from graders.intake.path_policy import IntakeError, IntakeLimits
from graders.intake.submission import read_submission
from sanity.core.manifest import solution_name
from sanity.core.notebook import read_cells

NOTEBOOK, PYTHON = "exploring_word_vectors.ipynb", "exploring_word_vectors.py"
MANIFEST = load_assignment("a1").manifest
TEXT = "# %% [markdown]\n# # Title\n#\n# Text.\n\n# %%\nx = 1\n\n\n# %%\ndef f():\n    return 'ü'\n"


def test_a_percent_file_becomes_a_notebook() -> None:
    notebook = nbformat.reads(to_notebook(TEXT), as_version=4)
    nbformat.validate(notebook)
    assert [(cell.cell_type, cell.id, cell.source) for cell in notebook.cells] == [
        ("markdown", "cell-1", "# Title\n\nText."),
        ("code", "cell-2", "x = 1"),
        ("code", "cell-3", "def f():\n    return 'ü'"),
    ]


def test_the_same_text_gives_the_same_bytes() -> None:
    assert to_notebook(TEXT) == to_notebook(TEXT)
    assert "jupytext" not in to_notebook(TEXT)


def test_a_notebook_made_and_turned_back_is_the_same_code() -> None:
    reference = reference_files(load_assignment("a1"))[PYTHON]
    notebook = nbformat.reads(to_notebook(reference), as_version=4)
    back = jupytext.writes(notebook, fmt="py:percent")
    assert to_notebook(back) == to_notebook(reference)


def test_the_handout_is_a_valid_notebook_without_answers() -> None:
    [(path, text)] = derive_stubs(load_assignment("a1")).items()
    assert path == handout_folder("a1") / NOTEBOOK
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert path.read_text(encoding="utf-8") == text
    assert "SOLUTION" not in text and "co_occurrences" not in text
    for question in MANIFEST.questions:
        assert f"{question.id}: not implemented yet" in text


def test_a_notebook_has_two_names() -> None:
    assert MANIFEST.spellings(NOTEBOOK) == (NOTEBOOK, PYTHON)
    assert MANIFEST.spellings("utils.py") == ("utils.py",)
    assert solution_name(NOTEBOOK) == PYTHON
    assert [MANIFEST.spelling(NOTEBOOK, names) for names in ([PYTHON], [PYTHON, NOTEBOOK], [])] == [
        PYTHON,
        NOTEBOOK,
        None,
    ]
    assert MANIFEST.modules == (("vectors.py",), (NOTEBOOK, PYTHON))


def hand_in(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for stem, text in files.items():
        name, _, suffix = stem.rpartition("_")
        (folder / f"{name}.{suffix}").write_text(text)
    return folder


def test_either_name_is_taken_in(tmp_path: Path) -> None:
    for suffix, name in (("ipynb", NOTEBOOK), ("py", PYTHON)):
        submission = read_submission(hand_in(tmp_path / suffix, **{f"exploring_word_vectors_{suffix}": "x"}), MANIFEST)
        assert (list(submission.files), submission.notes) == ([name], ())


def test_of_both_the_notebook_is_taken_in_with_a_note(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "s", exploring_word_vectors_ipynb="{}", exploring_word_vectors_py="x", helper_py="y")
    submission = read_submission(folder, MANIFEST)
    assert list(submission.files) == [NOTEBOOK, "helper.py"]
    assert submission.notes == (f"ignored: {PYTHON}: {NOTEBOOK} counts",)


def test_a_notebook_may_be_larger_than_a_source_file(tmp_path: Path) -> None:
    limits = IntakeLimits(file_bytes=10, notebook_bytes=30)
    folder = hand_in(tmp_path / "s", exploring_word_vectors_ipynb="x" * 30)
    assert len(read_submission(folder, MANIFEST, limits).files[NOTEBOOK]) == 30
    (folder / NOTEBOOK).write_text("x" * 31)
    with pytest.raises(IntakeError, match=r"^s: exploring_word_vectors\.ipynb is larger than 30 bytes"):
        read_submission(folder, MANIFEST, limits)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    shutil.copytree(handout_folder("a1"), tmp_path / "a1", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "a1"


def test_an_answered_notebook_is_packed_whatever_magics_it_has(work: Path, tmp_path: Path) -> None:
    notebook = json.loads(to_notebook(reference_files(load_assignment("a1"))[PYTHON]))
    notebook["cells"].append({"cell_type": "code", "source": "%matplotlib inline"})
    (work / NOTEBOOK).write_text(json.dumps(notebook))
    assert pack(work, tmp_path)[1] == ["written.md: nothing below the headings of 1.5, 2.7"]
    (work / "written.md").unlink()
    path, warnings = pack(work, tmp_path)
    assert warnings == ["written.md: missing; it answers 1.5, 2.7"]
    assert list(read_submission(path, MANIFEST).files) == [NOTEBOOK]
    (work / "written.md").write_text("1.5: because\n")
    path, warnings = pack(work, tmp_path)
    assert warnings == [] and read_submission(path, MANIFEST).files["written.md"] == b"1.5: because\n"


def test_what_is_not_answered_is_a_warning(work: Path, tmp_path: Path) -> None:
    cells = "\n".join(cell.text for cell in read_cells(work / NOTEBOOK))
    answered = cells.replace('raise NotImplementedError("1.1: not implemented yet")', "pass")
    (work / NOTEBOOK).unlink()
    (work / PYTHON).write_text(answered)
    path, warnings = pack(work, tmp_path)
    assert warnings[0] == f"{NOTEBOOK}: 1.2 is not answered yet"
    assert len(warnings) == len(MANIFEST.questions)  # all but 1.1, and written.md
    assert list(read_submission(path, MANIFEST).files) == [PYTHON, "written.md"]


def test_what_is_no_notebook_is_not_packed(work: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no question is answered yet"):
        pack(work, tmp_path)
    (work / NOTEBOOK).write_text("[]")
    with pytest.raises(PackError) as error:
        pack(work, tmp_path)
    assert str(error.value) == f"{work}: {NOTEBOOK} is not a notebook: it holds list, expected an object"
