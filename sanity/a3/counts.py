"""Question 2b: how many transitions there are."""

from __future__ import annotations

from typing import Any

from sanity.a3.trees import NAMES, SINGLE, TREES
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2b")


@probe("counts", of="transition_counts()")
def transition_counts(code: Any, case: Case) -> Any:
    """Ask for the counts of a tree."""
    return code.oracle.transition_counts(list(case.heads))


def counts_of(answers: Answers) -> dict[str, int]:
    """Return the counts by name; raise CheckFailed if they are no such thing."""
    counts = answers["counts"]
    if not isinstance(counts, dict) or set(counts) != set(NAMES):
        raise CheckFailed("transition_counts() does not return a number for each of S, LA and RA", output="counts")
    if not all(isinstance(count, int) for count in counts.values()):
        raise CheckFailed("the counts are not whole numbers", output="counts")
    return counts


def same_counts(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless all three counts are right."""
    mine, right = counts_of(run(transition_counts, case)), counts_of(expect(transition_counts, case))
    for name in NAMES:
        if mine[name] != right[name]:
            swapped = name != "S" and mine["LA"] == right["RA"] and mine["RA"] == right["LA"]
            diagnosis = "the counts of LA and RA are swapped: LA takes a dependent to the left" if swapped else ""
            raise CheckFailed(f"the number of {name} is wrong", diagnosis=diagnosis, output="counts")


@check(TREES, weight=4, outputs=("counts",))
def counts_each_transition(run: Run, expect: Run, case: Case) -> None:
    """The number of each transition is right."""
    same_counts(run, expect, case)


@check(SINGLE)
def counts_for_one_word(run: Run, expect: Run, case: Case) -> None:
    """A sentence of one word is shifted and attached to ROOT."""
    same_counts(run, expect, case)


@check(TREES, weight=3)
def counts_obey_the_law(run: Run, case: Case) -> None:
    """Every word is shifted once and attached once: 2n transitions, half of which are S."""
    counts, n = counts_of(run(transition_counts, case)), len(case.heads)
    if counts["S"] != n or counts["LA"] + counts["RA"] != n:
        raise CheckFailed("there are not n shifts and n arcs for n words")
