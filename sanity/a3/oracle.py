"""Question 2a: the table of a sentence, and the transitions of a tree."""

from __future__ import annotations

from typing import Any

from sanity.a3.trees import CROSSING, SINGLE, TREES, heads_of
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2a")

SENTENCE = ["Yesterday", "my", "neighbour", "fixed", "the", "radio"]
"""The sentence of the table, as in oracle.py."""
ARCS = {
    ("fixed", "Yesterday"),
    ("neighbour", "my"),
    ("fixed", "neighbour"),
    ("ROOT", "fixed"),
    ("radio", "the"),
    ("fixed", "radio"),
}
"""Its arcs, head first."""


def make_sentence(*, seed: int) -> dict[str, Any]:
    """Return the sentence; the seed changes nothing."""
    return {"sentence": SENTENCE}


TABLE = Cases(make_sentence, {}, "the sentence of the table", drawn=1)
"""The one sentence whose table is asked for."""


@probe("rows", of="step_table()")
def step_table(code: Any, case: Case) -> Any:
    """Ask for the table."""
    return code.oracle.step_table()


@probe("transitions", of="transitions_of()")
def transitions_of(code: Any, case: Case) -> Any:
    """Ask for the transitions of a tree."""
    return code.oracle.transitions_of(list(case.heads))


@probe("refused", of="transitions_of()")
def crossing(code: Any, case: Case) -> Any:
    """Ask for the transitions of a tree with crossing arcs; return whether that raises ValueError."""
    try:
        code.oracle.transitions_of(list(case.heads))
    except ValueError:
        return True
    return False


Row = tuple[str, list[str], list[str], tuple[str, str] | None]


def rows_of(answers: Answers) -> list[Row]:
    """Return the rows of a table; raise CheckFailed at the first that has another form."""
    rows = answers["rows"]
    if not isinstance(rows, list):
        raise CheckFailed("step_table() does not return a list of rows", output="rows")
    found: list[Row] = []
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != 4:
            raise CheckFailed(f"row {number} does not have four parts: transition, stack, buffer, arc", output="rows")
        transition, stack, buffer, arc = row
        for name, words in (("stack", stack), ("buffer", buffer)):
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise CheckFailed(f"row {number}: the {name} is not a list of words", output="rows")
        if arc is not None and not (isinstance(arc, list) and len(arc) == 2 and all(isinstance(w, str) for w in arc)):
            raise CheckFailed(f"row {number}: the arc is neither None nor a pair of words", output="rows")
        found.append((transition, stack, buffer, (arc[0], arc[1]) if arc else None))
    return found


def wrong_row(before: Row, row: Row) -> str:
    """Say what is wrong with a row, "" if it follows from the one before."""
    transition, stack, buffer, arc = row
    _, was, left, _ = before
    below, top = was[-2:] if len(was) > 1 else (None, was[-1])
    if transition == "S":
        if not left:
            return "the buffer is empty, so that S cannot be taken"
        if arc is not None:
            return "S adds no arc"
        gone, height = None, len(was) + 1
    elif transition not in ("LA", "RA"):
        return "the transition is not S, LA or RA"
    elif below is None or (transition == "LA" and below == "ROOT"):
        return f"the stack is too short, so that {transition} cannot be taken"
    else:
        head, dependent = (top, below) if transition == "LA" else (below, top)
        if arc != (head, dependent):
            if arc == (dependent, head):
                return "the arc has the dependent first: the head comes first"
            return f"the arc is not the one between the two words on top that {transition} adds"
        gone, height = dependent, len(was) - 1
    words = [word for word in (*was, *left) if word != gone]  # in the order of the sentence, none of them twice
    if [stack, buffer] != [words[:height], words[height:]]:
        return f"the {'stack' if stack != words[:height] else 'buffer'} does not follow from the row before"
    return ""


@check(TABLE, weight=2, outputs=("rows",))
def table_has_the_arcs_of_the_tree(run: Run, expect: Run, case: Case) -> None:
    """The table adds the arcs of the sentence's tree, each once."""
    mine = [arc for *_, arc in rows_of(run(step_table, case)) if arc]
    right = [arc for *_, arc in rows_of(expect(step_table, case)) if arc]
    if sorted(mine) != sorted(right):
        raise CheckFailed("the arcs of the table are not those of the tree", output="rows")


@check(TABLE, weight=3)
def each_row_follows(run: Run, case: Case) -> None:
    """Each row follows from the one before by its transition."""
    rows = rows_of(run(step_table, case))
    if not rows or rows[0] != ("", ["ROOT"], SENTENCE, None):
        raise CheckFailed("row 0 is not the start: no transition, ROOT alone on the stack, all words in the buffer")
    for number in range(1, len(rows)):
        if problem := wrong_row(rows[number - 1], rows[number]):
            raise CheckFailed(f"row {number}: {problem}")


@check(TABLE)
def table_comes_to_an_end(run: Run, case: Case) -> None:
    """After the last row the buffer is empty and ROOT is alone on the stack: that takes two steps a word."""
    rows = rows_of(run(step_table, case))
    if not rows or rows[-1][1:3] != (["ROOT"], []):
        raise CheckFailed("the table ends before the parse does")
    if len(rows) != 1 + 2 * len(SENTENCE):
        raise CheckFailed("the table does not have one row for the start and two for each word")


def found(answers: Answers, case: Case) -> list[int]:
    """Return the heads that transitions make; raise CheckFailed if they parse nothing."""
    transitions = answers["transitions"]
    if not isinstance(transitions, list) or not all(isinstance(one, str) for one in transitions):
        raise CheckFailed("transitions_of() does not return a list of transitions", output="transitions")
    try:
        return heads_of(transitions, len(case.heads))
    except ValueError as error:
        raise CheckFailed(f"the transitions cannot all be taken: {error}", output="transitions") from None


@check(TREES, weight=6, outputs=("transitions",))
def transitions_rebuild_the_tree(run: Run, expect: Run, case: Case) -> None:
    """The transitions of a tree, taken one after the other, make this tree. More than one way may be right."""
    mine, right = found(run(transitions_of, case), case), found(expect(transitions_of, case), case)
    if mine != right:
        wrong = sum(a != b for a, b in zip(mine, right, strict=True))
        hint = "attach a word as a dependent only after all of its own dependents are attached"
        raise CheckFailed(f"the transitions give {wrong} words another head", hint=hint, output="transitions")


@check(SINGLE)
def one_word_is_a_tree(run: Run, expect: Run, case: Case) -> None:
    """A sentence of one word takes two transitions."""
    if run(transitions_of, case)["transitions"] != expect(transitions_of, case)["transitions"]:
        raise CheckFailed("the transitions of a sentence of one word are wrong", output="transitions")


@check(TREES)
def takes_two_transitions_a_word(run: Run, case: Case) -> None:
    """Each word is shifted once and attached once: there are two transitions a word."""
    transitions = run(transitions_of, case)["transitions"]
    n = len(case.heads)
    if not isinstance(transitions, list) or len(transitions) != 2 * n:
        raise CheckFailed("there are not two transitions for each word")
    if transitions.count("S") != n:
        raise CheckFailed("not every word is shifted once")


@check(CROSSING, weight=2)
def refuses_crossing_arcs(run: Run, case: Case) -> None:
    """A tree whose arcs cross raises ValueError: no transitions make it."""
    if run(crossing, case)["refused"] is not True:
        raise CheckFailed("transitions_of() finds transitions for a tree that none make", hint="raise ValueError")
