"""Question 2f: attachment errors by kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a3.trees import draw_heads
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2f")

KINDS = ("prepositional phrase", "verb phrase", "modifier", "coordination", "other")
LISTED = ("nmod", "obl", "acl", "advcl", "ccomp", "xcomp", "advmod", "amod", "nummod", "conj", "cc")
UNLISTED = ("nsubj", "obj", "det", "case", "punct", "mark")
SUBTYPES = (
    "nmod:poss",
    "obl:unmarked",
    "acl:relcl",
    "advcl:relcl",
    "obl:agent",
    "cc:preconj",
    "nsubj:pass",
    "aux:pass",
)
"""Two that attachment.py lists, four whose first part it lists, and two that it does not know at all."""


def make_parse(*, seed: int, n: int, wrong: int, subtypes: int) -> dict[str, Any]:
    """Make a tree with relations, and a parse of it with some wrong heads; both in no order."""
    rng = np.random.default_rng(seed)
    heads = draw_heads(n, rng)
    names = [*LISTED, *UNLISTED]
    relations = [str(name) for name in rng.choice(SUBTYPES if subtypes else names, n)]
    found = list(heads)
    for word in rng.choice(n, min(wrong, n), replace=False):
        others = [head for head in range(n + 1) if head not in (heads[word], word + 1)]
        found[word] = int(rng.choice(others)) if others else found[word]
    shuffled = [[int(i) for i in rng.permutation(n)] for _ in range(2)]
    gold = [[heads[i], i + 1, relations[i]] for i in shuffled[0]]
    return {"parse": [[found[i], i + 1] for i in shuffled[1]], "gold": gold}


PARSES = Cases(
    make_parse,
    {"n": (4, 9), "wrong": (2, 9), "subtypes": (0, 0)},
    "a sentence of {n} words, up to {wrong} of them attached wrongly",
    ({"n": 12, "wrong": 8}, {"n": 20, "wrong": 20}),
)
"""Parses with wrong arcs."""
SUBTYPED = Cases(
    make_parse,
    {"n": (6, 9), "wrong": (5, 9), "subtypes": (1, 1)},
    "a sentence of {n} words whose relations have subtypes",
    ({"n": 20, "wrong": 20},),
    drawn=2,
)
"""The same with relations such as acl:relcl."""
RIGHT = Cases(make_parse, {"n": (1, 6), "wrong": (0, 0), "subtypes": (0, 0)}, "a right parse of {n} words", drawn=1)
"""Parses without a wrong arc."""


@probe("rows", of="wrong_arcs()")
def wrong_arcs(code: Any, case: Case) -> Any:
    """Ask for the wrong arcs."""
    parse = [tuple(arc) for arc in case.parse]
    return code.attachment.wrong_arcs(parse, [tuple(arc) for arc in case.gold])


def rows_of(answers: Answers) -> dict[str, list[list[int]]]:
    """Return the rows of each kind; raise CheckFailed for another form."""
    rows = answers["rows"]
    if not isinstance(rows, dict) or set(rows) != set(KINDS):
        raise CheckFailed("wrong_arcs() does not return a dict with a list for each of the five kinds", output="rows")
    for kind, found in rows.items():
        if not isinstance(found, list) or not all(isinstance(row, list) and len(row) == 3 for row in found):
            raise CheckFailed(f"the rows of kind {kind!r} are not triples", output="rows")
    return rows


def same_rows(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed at the first kind whose rows are not right."""
    mine, right = rows_of(run(wrong_arcs, case)), rows_of(expect(wrong_arcs, case))
    every = [row for rows in right.values() for row in rows]
    for kind in KINDS:
        if mine[kind] == right[kind]:
            continue
        detail = f"got {mine[kind]}, expected {right[kind]}"
        if sorted(mine[kind]) == sorted(right[kind]):
            said = f"the rows of kind {kind!r} are not in the order of the sentence"
        elif sorted(row for rows in mine.values() for row in rows) == sorted(every):
            said = "all wrong arcs are found, but some are of another kind"
        elif sorted([w, b, a] for rows in mine.values() for w, a, b in rows) == sorted(every):
            said = "the two heads of a row are swapped: the one in the parse comes before the right one"
        else:
            said = f"the rows of kind {kind!r} are wrong"
        raise CheckFailed(said, detail=detail, output="rows")


@check(PARSES, weight=6, outputs=("rows",))
def finds_wrong_arcs_by_kind(run: Run, expect: Run, case: Case) -> None:
    """The rows of each kind are the words with a wrong head, with both heads, in the order of the sentence."""
    same_rows(run, expect, case)


@check(SUBTYPED, weight=4, outputs=("rows",))
def knows_subtypes(run: Run, expect: Run, case: Case) -> None:
    """A relation with a subtype is looked up whole, and then without the subtype."""
    same_rows(run, expect, case)


@check(RIGHT, weight=2)
def finds_nothing_in_a_right_parse(run: Run, expect: Run, case: Case) -> None:
    """A right parse has an empty list for each of the five kinds."""
    same_rows(run, expect, case)


@check(PARSES, weight=2)
def lists_each_wrong_word_once(run: Run, case: Case) -> None:
    """The words in the rows are those whose head is not the right one, each once."""
    rows = [row for found in rows_of(run(wrong_arcs, case)).values() for row in found]
    right = {dependent: head for head, dependent, _ in case.gold}
    expected = sorted([dependent, head, right[dependent]] for head, dependent in case.parse if head != right[dependent])
    if sorted(row[0] for row in rows) != [row[0] for row in expected]:
        raise CheckFailed("the words listed are not those with a wrong head")
    if sorted(rows) != expected:
        raise CheckFailed("a row is not the word, its head in the parse and its right head")


@check(PARSES, weight=2)
def does_not_care_for_the_order(run: Run, case: Case) -> None:
    """The order in which the arcs are given does not matter."""
    turned = case.having(parse=case.parse[::-1], gold=case.gold[::-1])
    if rows_of(run(wrong_arcs, turned)) != rows_of(run(wrong_arcs, case)):
        raise CheckFailed("with the arcs in another order there are other rows")
