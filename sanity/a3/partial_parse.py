"""Question 2c: a partial parse, and what a transition does to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a3.trees import draw_heads, draw_transitions
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2c")

WORDS = ("rain", "green", "paints", "lamps", "who", "softly", "north", "gives", "tea", "under", "seven", "maps")
"""Words of sentences; what they mean does not matter."""
PARTS = ("stack", "buffer", "dependencies")


def make_sentence(*, seed: int, n: int, numbers: int) -> dict[str, Any]:
    """Make a sentence of different words, or of their numbers, and transitions that parse it."""
    rng = np.random.default_rng(seed)
    names = [str(word) for word in rng.permutation(WORDS)[:n]]
    draw_heads(n, rng)  # transitions to the left and to the right: the next draw is as mixed
    transitions = draw_transitions(n, rng)
    while n > 2 and not {"LA", "RA"} <= set(transitions[:-1]):
        transitions = draw_transitions(n, rng)
    ids = [int(number) for number in rng.permutation(90)[:n] + 5]
    return {"sentence": ids if numbers else names, "transitions": transitions, "root": None}


SENTENCES = Cases(
    make_sentence,
    {"n": (3, 7), "numbers": (0, 0)},
    "a sentence of {n} words, {transitions}",
    ({"n": 5}, {"n": 8}),
)
"""Sentences with transitions that parse them."""
NUMBERS = Cases(
    make_sentence,
    {"n": (3, 7), "numbers": (1, 1)},
    "a sentence of {n} numbers, {transitions}",
    ({"n": 6},),
    drawn=2,
)
"""Sentences of numbers, as a parser with a vocabulary has them."""
SINGLE = Cases(make_sentence, {"n": (1, 1), "numbers": (0, 1)}, "a sentence of one word", drawn=1)
"""Sentences of one word."""


def make_repeats(*, seed: int, n: int) -> dict[str, Any]:
    """Make a sentence some of whose words stand there twice, on the stack at the same time, and its transitions."""
    words = make_sentence(seed=seed, n=n, numbers=0)["sentence"]
    sentence = [words[0], words[1], words[0], *words[2:]]
    transitions = [*["S"] * 4, "LA", *["S"] * (n - 3), *["RA"] * n]  # LA takes the second of the two
    return {"sentence": sentence, "transitions": transitions, "root": None}


REPEATS = Cases(make_repeats, {"n": (3, 5)}, "a sentence with a word that stands there twice", drawn=1)
"""Sentences with repeated words."""


@probe("steps", of="parse_step()")
def walk(code: Any, case: Case) -> Any:
    """Begin a parse and take the case's transitions; return stack, buffer and arcs at the start and after each.

    As a parser with a vocabulary does, ROOT is replaced by a number if the case has one.
    """
    parse = code.parser_transitions.PartialParse(list(case.sentence))
    if case.root is not None:
        parse.stack[0] = case.root
    steps = [state(parse)]
    for transition in case.transitions:
        parse.parse_step(transition)
        steps.append(state(parse))
    return steps


def state(parse: Any) -> dict[str, Any]:
    """Return the stack, the buffer and the arcs of a partial parse, as lists."""
    return {
        "stack": list(parse.stack),
        "buffer": list(parse.buffer),
        "dependencies": [list(arc) for arc in parse.dependencies],
    }


@probe("its own sentence, changed, buffer apart", of="PartialParse")
def sentence_of(code: Any, case: Case) -> Any:
    """Parse a sentence; return whether the parse has this very object, if it changed, and if the buffer is another."""
    sentence = list(case.sentence)
    parse = code.parser_transitions.PartialParse(sentence)
    apart = parse.buffer is not sentence
    for transition in case.transitions:
        parse.parse_step(transition)
    return parse.sentence is sentence, sentence != list(case.sentence), apart


def steps_of(answers: Answers, case: Case) -> list[dict[str, list[Any]]]:
    """Return the state at the start and after each transition."""
    steps: list[dict[str, list[Any]]] = answers["steps"]
    if len(steps) != 1 + len(case.transitions):
        raise CheckFailed("parse_step() was not called as often as there are transitions")
    return steps


def same_steps(run: Run, expect: Run, case: Case, parts: tuple[str, ...] = PARTS) -> None:
    """Raise CheckFailed at the first part of a state that is not the reference's; the order of arcs is free."""
    mine, right = steps_of(run(walk, case), case), steps_of(expect(walk, case), case)
    for number, (got, want) in enumerate(zip(mine, right, strict=True)):
        before = right[number - 1] if number else {}
        for name in parts:
            if arranged(name, got[name]) != arranged(name, want[name]):
                transition = case.transitions[number - 1] if number else ""
                after = f"after {transition}, transition {number}," if number else "at the start"
                raise CheckFailed(
                    f"{after} the {name} {'are' if name == 'dependencies' else 'is'} wrong",
                    hint=hint_of(name, got[name], want[name], before.get(name)),
                    detail=f"got {got[name]}, expected {want[name]}",
                    output=name,
                )


def arranged(name: str, value: list[Any]) -> list[str]:
    """Return a part of a state for comparison: arcs in any order, and words by what they are, not only their text."""
    spelt = [repr(item) for item in value]
    return sorted(spelt) if name == "dependencies" else spelt


def hint_of(name: str, got: list[Any], want: list[Any], before: list[Any] | None) -> str:
    """Return where to look."""
    if name == "dependencies" and len(got) == len(want) and got[:-1] == want[:-1] and got[-1] == want[-1][::-1]:
        return "an arc is (head, dependent): LA makes the top of the stack the head, RA the word below it"
    if name == "stack" and got == want[::-1]:
        return "the top of the stack is the last of the list"
    if got == before:
        return f"this transition does not change the {name}"
    return ""


def after_shifts(case: Case, *transitions: str) -> Case:
    """Return the case with two shifts and then these transitions."""
    return case.having(transitions=["S", "S", *transitions])


@check(SENTENCES, weight=3, outputs=("PartialParse",))
def begins_with_root_and_all_words(run: Run, expect: Run, case: Case) -> None:
    """A new parse has "ROOT" on the stack, all words in the buffer and no arcs."""
    same_steps(run, expect, case.having(transitions=[]))


@check(SENTENCES, weight=3, outputs=("S",))
def shifts(run: Run, expect: Run, case: Case) -> None:
    """S moves the next word of the buffer to the top of the stack."""
    same_steps(run, expect, case.having(transitions=["S"] * len(case.sentence)))


@check(SENTENCES, weight=4, outputs=("LA",))
def draws_arcs_to_the_left(run: Run, expect: Run, case: Case) -> None:
    """LA makes the top of the stack the head of the word below, which leaves the stack."""
    same_steps(run, expect, after_shifts(case, "LA"))


@check(SENTENCES, weight=4, outputs=("RA",))
def draws_arcs_to_the_right(run: Run, expect: Run, case: Case) -> None:
    """RA makes the word below the head of the top of the stack, which leaves the stack."""
    same_steps(run, expect, after_shifts(case, "RA"))


@check(SENTENCES, weight=2)
def parses_to_the_end(run: Run, expect: Run, case: Case) -> None:
    """All transitions of a sentence, one after the other, give its arcs and leave ROOT alone on the stack."""
    same_steps(run, expect, case)


@check(NUMBERS, weight=2)
def parses_numbers(run: Run, expect: Run, case: Case) -> None:
    """Words and ROOT may be numbers: the parser with a network has a vocabulary."""
    same_steps(run, expect, case.having(root=0))


@check(SINGLE)
def parses_one_word(run: Run, expect: Run, case: Case) -> None:
    """A sentence of one word is shifted and attached to ROOT."""
    same_steps(run, expect, case)


@check(REPEATS, weight=2)
def tells_repeated_words_apart(run: Run, expect: Run, case: Case) -> None:
    """A word may stand in a sentence twice: the transition takes the one that it means."""
    same_steps(run, expect, case)


@check(SENTENCES, weight=2)
def keeps_the_sentence(run: Run, case: Case) -> None:
    """The sentence given is the parse's sentence, and stays as it is: the buffer is another list."""
    answers = run(sentence_of, case)
    if answers["changed"] is not False or answers["buffer apart"] is not True:
        diagnosis = "the buffer is the sentence itself and not a new list"
        raise CheckFailed("the sentence changes while it is parsed", diagnosis=diagnosis)
    if answers["its own sentence"] is not True:
        raise CheckFailed("parse.sentence is another object than the sentence given", hint="do not copy it")


@check(SENTENCES)
def keeps_the_words_in_one_place(run: Run, case: Case) -> None:
    """A word is in the buffer, on the stack or a dependent of one arc: never in two of these places, never in none."""
    words = sorted([*case.sentence, "ROOT"])
    for number, step in enumerate(steps_of(run(walk, case), case)):
        dependents = [arc[-1] for arc in step["dependencies"] if arc]
        if sorted(map(str, [*step["stack"], *step["buffer"], *dependents])) != words:
            raise CheckFailed(f"after {number} transitions a word is in two places at once, or in none")
