"""Question 2d: parsing in minibatches. A simple model takes the place of the network."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

from sanity.a3.partial_parse import WORDS
from sanity.a3.trees import heads_of
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Run, probe

check = Checks("2d")

FINISHED = "the model is asked for the next transition of a finished parse"
NOT_TAKEN_OUT = "finished parses are not taken out of the minibatch"
BY_NAME = "the end is told by the name ROOT, which the parser replaces by a number"


def make_sentences(*, seed: int, count: int, longest: int, batch_size: int, equal: int, numbers: int) -> dict[str, Any]:
    """Make sentences of two words and more, of words or of their numbers; of equal or of very different lengths."""
    rng = np.random.default_rng(seed)
    lengths = [longest if equal else int(rng.integers(2, longest + 1)) for _ in range(count)]
    if count > 1 and not equal:
        lengths[0], lengths[-1] = longest, 2  # the first is finished last, and the last first
    words: list[list[Any]] = [[str(word) for word in rng.choice(WORDS, n, replace=False)] for n in lengths]
    if numbers:
        words = [[5 + WORDS.index(word) for word in sentence] for sentence in words]
    return {"sentences": words, "batch_size": batch_size, "root": 0 if numbers else None, "stand_in": False}


RANGES = {"count": (3, 7), "longest": (4, 7), "batch_size": (2, 5), "equal": (0, 0), "numbers": (0, 0)}
SENTENCES = Cases(
    make_sentences,
    RANGES,
    "{count} sentences of up to {longest} words, batch_size = {batch_size}",
    (
        {"count": 7, "longest": 6, "batch_size": 1},
        {"count": 7, "longest": 6, "batch_size": 2},
        {"count": 6, "longest": 5, "batch_size": 5, "equal": 1},
        {"count": 12, "longest": 8, "batch_size": 5},
        {"count": 5, "longest": 7, "batch_size": 100},
    ),
    drawn=4,
)
"""Sentences, more than a batch and fewer."""
NUMBERS = Cases(
    make_sentences,
    {**RANGES, "numbers": (1, 1)},
    "{count} sentences of up to {longest} numbers, batch_size = {batch_size}",
    ({"count": 5, "longest": 6, "batch_size": 3},),
    drawn=2,
)
"""Sentences of numbers, whose ROOT the model turns into a number, too."""


def make_short(*, seed: int, count: int) -> dict[str, Any]:
    """Make sentences of one word, with a longer one between them if there are more than two."""
    long = make_sentences(seed=seed, count=1, longest=4, batch_size=2, equal=1, numbers=0)
    sentences: list[list[str]] = [[word] for word in WORDS[:count]]
    if count > 2:
        sentences[1] = long["sentences"][0]
    return {**long, "sentences": sentences}


SHORT = Cases(make_short, {"count": (1, 4)}, "{count} sentences, all but one of one word", ({"count": 4},), drawn=1)
"""Sentences of one word, and a minibatch of one."""


class Guessing:
    """A model whose guess depends on nothing but the words of a parse's stack and buffer; it notes what it is asked."""

    def __init__(self, root: Any, sentences: Sequence[Any]) -> None:
        self.root, self.sentences = root, sentences
        self.sizes: list[int] = []
        self.finished = 0
        self.strangers = 0

    def predict(self, partial_parses: Sequence[Any]) -> list[str]:
        """Return the next transition of each partial parse."""
        partial_parses = list(partial_parses)
        self.sizes.append(len(partial_parses))
        return [self.guess(one) for one in partial_parses]

    def guess(self, parse: Any) -> str:
        """Return the next transition of one."""
        if self.root is not None:
            parse.stack[0] = self.root
        self.strangers += all(parse.sentence is not sentence for sentence in self.sentences)
        if not parse.buffer and len(parse.stack) <= 1:
            self.finished += 1
            return "S"
        choice = crc32(repr((list(parse.stack)[1:], list(parse.buffer))).encode())
        legal = (["S"] if parse.buffer else []) + (["LA", "RA"] if len(parse.stack) > 2 else [])
        return legal[choice % len(legal)] if legal else "RA"


@probe("dependencies, largest minibatch, finished ones, strangers, changed", of="minibatch_parse()")
def minibatch(code: Any, case: Case) -> Any:
    """Parse the case's sentences; return the arcs, and what the model saw."""
    module = code.parser_transitions
    sentences = [list(sentence) for sentence in case.sentences]
    model, given, before = Guessing(case.root, sentences), list(sentences), module.PartialParse
    if case.stand_in:
        module.PartialParse = stand_in(before)
    arcs = None
    try:
        arcs = module.minibatch_parse(given, model, case.batch_size)
    except Exception:
        if not model.finished:  # else that is what is wrong: no transition of a finished parse can be taken
            raise
    finally:
        module.PartialParse = before
    changed = sentences != [list(sentence) for sentence in case.sentences] or given != sentences
    return arcs, max(model.sizes, default=0), model.finished, model.strangers, changed


@probe("right", of="PartialParse")
def partial_parse_is_right(code: Any, case: Case) -> Any:
    """Return whether the student's PartialParse parses these sentences as it should."""
    return all(parses_right(code.parser_transitions.PartialParse, sentence, case.root) for sentence in case.sentences)


def parses_right(kind: Any, sentence: Sequence[Any], root: Any) -> bool:
    """Return whether a class parses a sentence of different words to the tree that the transitions say.

    On the way, what is read and has no head waits on the stack, and all that is not read is in the buffer.
    """
    given, taken = list(sentence), list[str]()
    model, names = Guessing(root, [given]), ["ROOT" if root is None else root, *sentence]
    try:
        parse = kind(given)
        for _ in range(2 * len(given)):
            taken.append(model.guess(parse))
            parse.parse_step(taken[-1])
            read, attached = taken.count("S"), [dependent for _, dependent in parse.dependencies]
            waiting = [word for word in sentence[:read] if word not in attached]
            if [*parse.stack][1:] != waiting or [*parse.buffer] != [*sentence[read:]]:
                return False
        arcs = [(names[head], word) for head, word in zip(heads_of(taken, len(given)), sentence, strict=True)]
        same = sorted(map(repr, arcs)) == sorted(map(repr, map(tuple, parse.dependencies)))
    except Exception:
        return False
    return same and given == [*sentence] and parse.sentence is given


def stand_in(base: Any) -> Any:
    """Return a class that takes the place of a wrong PartialParse, with what else the student's class has.

    It parses nothing. It is as long as a parse with the same transitions, so that its end is told in the same way, and
    its arcs tell one word after the other which transitions it was given until then.
    """

    class PartialParse(base):  # type: ignore[misc]
        def __init__(self, sentence: Any) -> None:
            with contextlib.suppress(Exception):  # what is wrong there is for question 2c to say
                super().__init__(sentence)
            self.sentence, self.stack, self.buffer = sentence, ["ROOT"], list(sentence)
            self.dependencies: list[Any] = []
            self.given = ""

        def parse_step(self, transition: str) -> None:
            self.given += transition
            shifted, n = self.given.count("S"), len(self.sentence)
            number = self.given.count("A")
            self.buffer[:] = self.sentence[shifted:]
            self.stack[1:] = self.sentence[: max(shifted - number, 0)]
            if number > len(self.dependencies):
                head = self.stack[0] if number == n else self.given
                self.dependencies.append((head, self.sentence[(number - 1) % n]))

        def parse(self, transitions: Sequence[str]) -> Any:
            for transition in transitions:
                self.parse_step(transition)
            return self.dependencies

    return PartialParse


def fitted(run: Run, case: Case) -> Case:
    """Return the case for this submission: with a stand-in where its PartialParse is wrong, which is question 2c's."""
    return case if run(partial_parse_is_right, case)["right"] is True else case.having(stand_in=True)


def arcs_of(answers: Answers, case: Case) -> list[list[str]]:
    """Return the arcs of each sentence, sorted: their order is free; raise CheckFailed for another form."""
    found = answers["dependencies"]
    if answers["finished ones"]:
        raise CheckFailed(FINISHED, diagnosis=NOT_TAKEN_OUT if case.root is None else BY_NAME)
    if not isinstance(found, list) or not all(isinstance(arcs, list) for arcs in found):
        raise CheckFailed("minibatch_parse() does not return a list of arcs for each sentence", output="dependencies")
    if len(found) != len(case.sentences):
        said = f"minibatch_parse() returns {len(found)} parses for {len(case.sentences)} sentences"
        raise CheckFailed(said, output="dependencies")
    return [sorted(map(repr, arcs)) for arcs in found]


def same_arcs(mine: list[list[str]], right: list[list[str]], said: str) -> None:
    """Raise CheckFailed unless the sentences have the same arcs."""
    if mine != right:
        wrong = sum(a != b for a, b in zip(mine, right, strict=True))
        diagnosis = ""
        if sorted(mine) == sorted(right):
            diagnosis = "the parses are not in the order of the sentences"
        elif any(len(a) < len(b) for a, b in zip(mine, right, strict=True)):
            diagnosis = "some sentences are not parsed to their end"
        raise CheckFailed(said.format(wrong), diagnosis=diagnosis, output="dependencies")


def same_parses(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless all sentences have the reference's arcs."""
    right = {kind: expect(minibatch, case.having(stand_in=kind)) for kind in (False, True)}  # always asked for both
    case = fitted(run, case)
    mine = arcs_of(run(minibatch, case), case)
    same_arcs(mine, arcs_of(right[case.stand_in], case), "{} of the sentences have wrong arcs")


@check(SENTENCES, weight=8, outputs=("dependencies",))
def parses_every_sentence(run: Run, expect: Run, case: Case) -> None:
    """Every sentence has the right arcs, in the order of the sentences."""
    same_parses(run, expect, case)


@check(NUMBERS, weight=4)
def parses_sentences_of_numbers(run: Run, expect: Run, case: Case) -> None:
    """Words and ROOT may be numbers: the parser with a network has a vocabulary, and its model replaces ROOT."""
    same_parses(run, expect, case)


@check(SHORT, weight=3)
def parses_sentences_of_one_word(run: Run, expect: Run, case: Case) -> None:
    """Sentences of one word are parsed, too, and so is a single one."""
    same_parses(run, expect, case)


@check(SENTENCES, weight=4)
def asks_for_unfinished_parses_only(run: Run, case: Case) -> None:
    """The model is never asked for a parse that is finished."""
    if run(minibatch, fitted(run, case))["finished ones"] != 0:
        raise CheckFailed(FINISHED, diagnosis=NOT_TAKEN_OUT)


@check(SENTENCES, weight=3)
def asks_for_no_more_than_a_minibatch(run: Run, case: Case) -> None:
    """The model is asked for batch_size parses at a time at most."""
    largest = run(minibatch, fitted(run, case))["largest minibatch"]
    if not isinstance(largest, int) or largest > case.batch_size:
        diagnosis = "batch_size is not used" if largest == len(case.sentences) else ""
        raise CheckFailed("the model is asked for more parses than batch_size", diagnosis=diagnosis)


@check(SENTENCES, weight=2)
def asks_for_many_at_once(run: Run, case: Case) -> None:
    """The model is asked for as many parses at once as batch_size allows: a network is fast only then."""
    largest = run(minibatch, fitted(run, case))["largest minibatch"]
    if largest != min(case.batch_size, len(case.sentences)):
        diagnosis = "the model is asked for one parse at a time" if largest == 1 else ""
        raise CheckFailed("the minibatches are never as large as batch_size allows", diagnosis=diagnosis)


@check(SENTENCES, weight=4)
def parses_a_sentence_alone_as_in_a_batch(run: Run, case: Case) -> None:
    """A sentence is parsed the same alone and among others."""
    case = fitted(run, case)
    parts = [case.having(sentences=[sentence]) for sentence in case.sentences]
    alone = [arcs_of(run(minibatch, part), part)[0] for part in parts]
    same_arcs(arcs_of(run(minibatch, case), case), alone, "{} of the sentences are parsed in another way alone")


@check(SENTENCES, weight=2)
def leaves_the_sentences_as_they_are(run: Run, case: Case) -> None:
    """Each parse has the very sentence given, and sentences and their list stay the same: the parser looks them up."""
    answers = run(minibatch, fitted(run, case))
    if answers["changed"] is not False:
        raise CheckFailed("the sentences, or their list, are changed", hint="remove parses from a list of your own")
    if answers["strangers"] != 0:
        raise CheckFailed("a parse has another sentence than those given", hint="give each PartialParse its sentence")


@check(SENTENCES, weight=2)
def every_parse_is_a_tree(run: Run, case: Case) -> None:
    """A parse has one arc for each word, in which it is the dependent, and one arc from ROOT."""
    answers = run(minibatch, fitted(run, case))
    arcs_of(answers, case)
    for sentence, arcs in zip(case.sentences, answers["dependencies"], strict=True):
        if not all(isinstance(arc, list) and len(arc) == 2 for arc in arcs):
            raise CheckFailed("an arc is not a pair (head, dependent)", output="dependencies")
        if sorted(str(dependent) for _, dependent in arcs) != sorted(map(str, sentence)):
            raise CheckFailed("not every word is the dependent of one arc", output="dependencies")
        if sum(head == "ROOT" for head, _ in arcs) != 1:
            raise CheckFailed("there is not one arc from ROOT", output="dependencies")
