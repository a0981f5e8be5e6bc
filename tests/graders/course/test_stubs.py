"""Stubs are the solutions without the answers, and nothing but."""

import shutil
import subprocess
import sys
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import course_root, handout_folder, load_assignment
from graders.course.stubs import StubError, derive, derive_stubs, stale_stubs, write_stubs
from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import placeholder

line = st.text(st.characters(exclude_characters="\n"), max_size=20).filter(
    lambda text: "###" not in text and "SOLUTION" not in text
)
lines = st.lists(line, max_size=5)
indent = st.integers(0, 3).map("    ".__mul__)


@st.composite
def solutions(draw):
    """Outside lines and answers: (the lines around the blocks, the blocks as (indent, question, lines))."""
    blocks = draw(st.lists(st.tuples(indent, st.from_regex(r"[1-9][a-z]", fullmatch=True), lines), max_size=3))
    around = [draw(lines) for _ in range(len(blocks) + 1)]
    return around, blocks


def write(around, blocks, fill):
    text = list(around[0])
    for (pad, question, answer), after in zip(blocks, around[1:], strict=True):
        text += [*fill(pad, question, answer), *after]
    return "\n".join(text)


def marked(pad, question, answer):
    return [f"{pad}### BEGIN SOLUTION {question}", *answer, f"{pad}### END SOLUTION"]


def blank(pad, question, answer):
    return [
        f"{pad}# Question {question}: your code starts here.",
        pad + placeholder(question),
        f"{pad}# Question {question}: your code ends here.",
    ]


@given(solutions())
def test_what_is_around_answers_is_kept_verbatim_and_answers_are_replaced(solution):
    around, blocks = solution
    assert derive(write(around, blocks, marked), "s.py") == write(around, blocks, blank)


@given(solutions())
def test_no_line_of_an_answer_survives(solution):
    around, blocks = solution
    left = set(derive(write(around, blocks, marked), "s.py").split("\n"))
    outside = {text for part in around for text in part}
    inside = {text for _, _, answer in blocks for text in answer}
    assert not (inside - outside) & left


def test_a_block_becomes_its_placeholder():
    solution = """\
        def f(x):
            ### BEGIN SOLUTION 1d
            if x:
                return 1
            ### END SOLUTION
            return 2
        """
    stub = """\
        def f(x):
            # Question 1d: your code starts here.
            raise NotImplementedError("1d: not implemented yet")
            # Question 1d: your code ends here.
            return 2
        """
    assert derive(dedent(solution), "s.py") == dedent(stub)


def test_stub_lines_stand_in_for_the_answer():
    solution = """\
        ### BEGIN SOLUTION 2
        weights = train()
        ### STUB weights = None
            ### STUB deeper
        ### END SOLUTION
        """
    stub = """\
        # Question 2: your code starts here.
        weights = None
            deeper
        # Question 2: your code ends here.
        """
    assert derive(dedent(solution), "s.py") == dedent(stub)


MARKERS = "### BEGIN SOLUTION <question>, ### STUB <code> or ### END SOLUTION"


@pytest.mark.parametrize(
    ("solution", "message"),
    [
        ("### END SOLUTION", "s.py:1: ### END SOLUTION without a ### BEGIN SOLUTION"),
        ("x\n  ### BEGIN SOLUTION 1d\ny", "s.py:2: ### BEGIN SOLUTION 1d has no ### END SOLUTION"),
        ("### BEGIN SOLUTION\n### END SOLUTION", "s.py:1: name the question, as in ### BEGIN SOLUTION 1d"),
        (
            "### BEGIN SOLUTION 1d\n\n### BEGIN SOLUTION 1e\n### END SOLUTION\n### END SOLUTION",
            "s.py:3: ### BEGIN SOLUTION inside the block begun on line 1",
        ),
        ("### STUB x = 1", "s.py:1: ### STUB outside a solution block"),
        ("### BEGIN SOLUTON 1d", f"s.py:1: not a marker: ### BEGIN SOLUTON 1d; write {MARKERS}"),
        ("\n # END SOLUTION", f"s.py:2: not a marker: # END SOLUTION; write {MARKERS}"),
        ("### BEGIN SOLUTION 1d 1e", f"s.py:1: not a marker: ### BEGIN SOLUTION 1d 1e; write {MARKERS}"),
        ("### BEGIN SOLUTION 1d\n### STUB", f"s.py:2: not a marker: ### STUB; write {MARKERS}"),
    ],
)
def test_wrong_markers_are_refused(solution, message):
    with pytest.raises(StubError) as error:
        derive(solution, "s.py")
    assert str(error.value) == message


def test_the_committed_stubs_are_those_of_the_solutions():
    assert stale_stubs(load_assignment("a4")) == []


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of a4 to spoil."""
    for part in ("assignments", "solutions"):
        shutil.copytree(course_root() / part / "a4", tmp_path / part / "a4")
    monkeypatch.setattr("graders.course.assignment.course_root", lambda: tmp_path)
    return tmp_path


def test_an_edited_and_a_missing_stub_are_noticed_and_written_again(course):
    edited, missing = (course / "assignments/a4" / name for name in ("utils.py", "nmt_model.py"))
    edited.write_text(edited.read_text() + "# a small edit\n")
    missing.unlink()
    assert stale_stubs(load_assignment("a4")) == [edited, missing]
    assert write_stubs(load_assignment("a4")) == [edited, missing]
    assert stale_stubs(load_assignment("a4")) == write_stubs(load_assignment("a4")) == []


def test_an_edited_solution_is_noticed(course):
    solution = course / "solutions/a4/utils.py"
    solution.write_text(solution.read_text().replace("on the right", "at the end"))
    assert stale_stubs(load_assignment("a4")) == [course / "assignments/a4/utils.py"]


def test_a_solution_without_its_markers_is_refused(course):
    solution = course / "solutions/a4/utils.py"
    solution.write_text(solution.read_text().replace("### BEGIN SOLUTION 1a", "").replace("### END SOLUTION", ""))
    with pytest.raises(StubError) as error:
        derive_stubs(load_assignment("a4"))
    assert str(error.value) == f"{solution}: has solutions of none; assignment.toml expects 1a"


def test_a_missing_solution_is_named(course):
    solution = course / "solutions/a4/utils.py"
    solution.unlink()
    with pytest.raises(StubError) as error:
        write_stubs(load_assignment("a4"))
    assert str(error.value) == f"{solution}: cannot read the solution: No such file or directory"


def test_a_stub_that_cannot_be_written_is_named(course):
    stub = course / "assignments/a4/utils.py"
    stub.unlink()
    stub.symlink_to(course / "nowhere/utils.py")
    with pytest.raises(StubError) as error:
        write_stubs(load_assignment("a4"))
    assert str(error.value) == f"{stub}: cannot write the stub: No such file or directory"


CALLS = """
import model_embeddings, nmt_model, utils
from nmt_model import NMT
from vocab import Vocab, VocabEntry

def says(call):
    try:
        call()
    except NotImplementedError as error:
        print(error)

vocab = Vocab(VocabEntry(), VocabEntry())
says(lambda: utils.pad_sents([], 0))
says(lambda: model_embeddings.ModelEmbeddings(3, vocab))
nmt_model.ModelEmbeddings = lambda size, vocab: None
says(lambda: NMT(3, 2, vocab))
says(lambda: NMT.encode(None, None, None))
says(lambda: NMT.decode(None, None, None, None, None))
says(lambda: NMT.step(None, None, None, None, None, None))
"""


def test_every_stub_runs_and_says_which_question_is_open():
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=handout_folder("a4"), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"1{letter}: not implemented yet" for letter in "abcdef"]


def test_the_stubs_are_the_files_that_students_submit():
    folder = handout_folder("a4")
    assert list(derive_stubs(load_assignment("a4"))) == [folder / name for name in read_manifest(folder).submit]
