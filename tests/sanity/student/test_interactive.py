"""`check("1.2")` in a notebook or at Python's prompt: on what is in memory, as text and as HTML."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graders.course.assignment import handout_folder, load_assignment
from graders.course.notebooks import to_notebook
from sanity.core.verdict import Outcome, Verdict
from sanity.student.interactive import Report
from sanity.student.parts import question_parts

RIGHT = """\
def distinct_words(corpus):
    words = sorted({word for document in corpus for word in document})
    return words, len(words)
"""
PASSED = """\
Running Sanity Check for Question 1.1: Distinct words
words Sanity Checks Passed!
count Sanity Checks Passed!
and 2 more checks passed
All Sanity Checks Passed for Question 1.1: Distinct words!
"""
Type = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of assignment 1, and in it the session."""
    shutil.copytree(handout_folder("a1"), tmp_path / "a1")
    monkeypatch.chdir(tmp_path / "a1")
    return tmp_path / "a1"


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Type:
    """Type at Python's prompt; return what is printed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("from sanity import check", names)

    def typed(text: str) -> str:
        exec(compile(text, "<stdin>", "exec"), names)
        return capsys.readouterr().out

    return typed


def test_what_is_in_memory_counts_not_what_is_saved(folder: Path, typed: Type) -> None:
    assert "distinct_words() is not there: run the cell that defines it; or has it another name?" in " ".join(
        typed('check("1.1")').split()
    )
    typed(RIGHT)
    assert typed('check("1.1")') == PASSED
    typed(RIGHT.replace("len(words)", "len(words) + 1"))
    assert "Question 1.1: Distinct words.\n\nfailed: " in typed('check("1.1")')


def test_an_exception_has_its_place(folder: Path, typed: Type) -> None:
    typed("def distinct_words(corpus):\n    return corpus / 2\n")
    said = typed('check("1.1")')
    assert "  found   distinct_words() raised TypeError in <stdin>, line 2\n" in said
    assert '      File "<stdin>", line 2, in distinct_words\n' in said


def test_a_loop_is_stopped(folder: Path, typed: Type) -> None:
    manifest = folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("seconds = 20", "seconds = 0.2"))
    typed("def distinct_words(corpus):\n    while True:\n        len(corpus)\n")
    said = typed('check("1.1")')
    assert "distinct_words() took too long: it was in <stdin>, line " in said
    assert "  hint    the grader would stop it after 0.2 s\n" in said


def test_ctrl_c_is_one_line(folder: Path, typed: Type) -> None:
    typed("def distinct_words(corpus):\n    raise KeyboardInterrupt\n")
    place = "stopped in <stdin>, line 2, in question 1.1: Distinct words"
    assert typed('check("1.1")') == f"{place}; the grader would stop it after 20 s\n"


def test_what_can_be_mended_is_one_line(folder: Path, typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed('check("9")').startswith("a1 has no question '9': choose from 1.1, 1.2, ")
    monkeypatch.chdir(folder.parent)
    assert typed('check("1.1")').endswith("assignment.toml: not found; run this in an assignment's folder\n")


def test_several_questions_are_summed_up(folder: Path, typed: Type) -> None:
    typed(RIGHT)
    assert typed('check("1.1", "1.2")').endswith("\n\n1 of 2 questions pass; not yet: 1.2\n")
    assert typed("check()").endswith(
        "\n\n1 of 10 questions pass; not yet: 1.2, 1.3, 1.4, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6\n"
    )


def test_the_session_stays_as_it_was(folder: Path, typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(RIGHT)
    for backend in None, "svg":
        monkeypatch.delenv("MPLBACKEND", raising=False)
        if backend:
            monkeypatch.setenv("MPLBACKEND", backend)
        before = list(sys.path), list(sys.meta_path), list(warnings.filters), dict(os.environ)
        typed("check()")
        assert (list(sys.path), list(sys.meta_path), list(warnings.filters), dict(os.environ)) == before


def test_of_an_assignment_without_a_notebook_the_files_count(
    typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(handout_folder("a2"), tmp_path / "a2")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    typed("import information\nbefore = information.entropy\n")
    assert "Question 2g: Entropy is not implemented yet." in typed('check("2g")')
    (folder / "information.py").write_bytes(load_assignment("a2").reference["information.py"])
    assert "All Sanity Checks Passed for Question 2g: Entropy!" in typed('check("2g")')
    typed("import information\nassert information.entropy is before\n")
    for name in ("information", "utils", "utils.utils"):
        sys.modules.pop(name, None)


def test_a_notebook_that_is_imported_checks_nothing(folder: Path) -> None:
    (folder / "exploring_word_vectors.ipynb").unlink()
    (folder / "exploring_word_vectors.py").write_text(
        f"# %%\nfrom sanity import check\n{RIGHT}\n# %%\ncheck('1.1')\nassert check() is None\n"
    )
    script = (
        "import sys; from pathlib import Path; from sanity.core.submission_modules import SubmissionModules; "
        "code = SubmissionModules(Path.cwd(), [('exploring_word_vectors.py',)]); "
        "print(code.exploring_word_vectors.distinct_words([['a']]), 'sanity.student' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("(['a'], 1) False\n", "")


def test_in_html_nothing_of_a_submission_is_markup() -> None:
    nasty = '<script>alert("1")</script>&'
    question = load_assignment("a1").manifest.question("1.1")
    wrong = Verdict("1.1", "x", nasty, Outcome.COULD_NOT_RUN, 1, False, (nasty,), nasty, nasty, nasty, nasty, nasty)
    failed = Verdict("1.1", "y", nasty, Outcome.FAILED, 1, False, (nasty,), nasty, nasty, nasty, nasty, nasty)
    right = Verdict("1.1", "z", nasty, Outcome.PASSED, 1, False, (), "")
    hint = Verdict("1.1", "h", nasty, Outcome.PASSED, 0, False, (), nasty, hint=nasty)
    for verdicts in [wrong], [failed, wrong], [right, hint]:
        bundle = Report(tuple(question_parts(question, verdicts)))._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        assert "<script>" not in bundle["text/html"] and '"1"' not in bundle["text/html"]
        assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;" in bundle["text/html"]
        assert nasty in bundle["text/plain"] and "--verbose" not in bundle["text/plain"]


@pytest.mark.slow
def test_in_a_kernel_every_question_of_the_reference_passes(folder: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    course = load_assignment("a1")
    for name, content in course.reference.items():
        (folder / name).write_bytes(content)
    text = (folder / "exploring_word_vectors.py").read_text(encoding="utf-8")
    (folder / "exploring_word_vectors.py").unlink()
    notebook = nbformat.reads(to_notebook(text), as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("if __name__")]  # seconds of demos
    wrong = "def cosine_similarity(u, v):\n    return u @ v * '<b>'\n"
    loop = "def cosine_similarity(u, v):\n    while True: len(u)\n"
    for source in (wrong, 'check("2.2")', loop, 'check("2.2")', "import os\nprint(os.environ['MPLBACKEND'])"):
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    manifest = folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("seconds = 20", "seconds = 5"))
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    checked = [cell for cell in notebook.cells if cell.source.startswith("check(")]
    shown = [[output.data for output in cell.outputs if output.output_type == "display_data"] for cell in checked]
    assert all(len(displays) == 1 for displays in shown), "a figure of a check was shown, or no report"
    for question, [data] in zip(course.manifest.questions, shown[:-2], strict=True):
        said = f"All Sanity Checks Passed for Question {question.id}: {question.name}!"
        assert said in data["text/plain"] and said in data["text/html"]
    [error], [stopped] = shown[-2:]
    assert (
        "raised TypeError in cell In[" in error["text/plain"]
        and "return u @ v * &#x27;&lt;b&gt;&#x27;" in error["text/html"]
    )
    assert "took too long: it was in cell In[" in stopped["text/plain"]
    [backend] = notebook.cells[-1].outputs
    assert backend.text == "module://matplotlib_inline.backend_inline\n"
