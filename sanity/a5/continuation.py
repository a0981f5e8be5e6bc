"""Question 3g: a text that goes on."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import as_array, equal, shaped
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe

check = Checks("3g")

DRAWS = 3000
"""Words that are drawn to see how often each of them is."""
FALSE_ALARMS = 1e-9
"""The odds that a right answer fails the check on how often words are drawn."""
CERTAIN = 1e6
"""What multiplies the logits of a model that doubts nothing."""


def make_model(*, seed: int, V: int, H: int, length: int, given: int) -> dict[str, Any]:
    """Make a model whose state follows from all words so far, a prefix, and the probabilities of another model."""
    rng = np.random.default_rng(seed)
    return {
        "embeddings": 3 * rng.standard_normal((V, H)),
        "U": 2 * rng.standard_normal((H, H)),
        "W": rng.standard_normal((V, H)),
        "h": rng.uniform(-1, 1, H),
        "prefix": rng.integers(V, size=given),
        "length": length,
        "certainty": 1.0,
        "probabilities": rng.permutation([0.5, 0.25, 0.15, 0.07, 0.03]),
        "seed": seed,
    }


SIZES = {"V": (9, 12), "H": (4, 6), "length": (5, 8), "given": (3, 4)}
WORDS = "V = {V}, {given} words and {length} more"
MODELS = Cases(
    make_model, SIZES, WORDS, ({"V": 13, "H": 5, "length": 7, "given": 2}, {"V": 10, "length": 12, "given": 5})
)
"""Models with prefixes of several words."""
SHORT = Cases(make_model, {**SIZES, "given": (1, 1)}, WORDS, drawn=1)
"""Models with a prefix of one word."""
DICE = Cases(make_model, SIZES, "a model that always has the same five probabilities", drawn=1)
"""A model whose words are independent of each other."""


@probe("added: n", of="generate()", needs=("torch",))
def greedy(code: Any, case: Case) -> Any:
    """Continue the prefix by the most probable words."""
    from sanity.a5.beside.continuation import model

    prefix = [int(token) for token in case.prefix]
    return code.recurrent.generate(*model(case), prefix, case.length)


@probe("added: n", of="generate()", needs=("torch",))
def sampled(code: Any, case: Case) -> Any:
    """Continue the prefix by drawn words."""
    from sanity.a5.beside.continuation import model
    from sanity.a5.beside.recurrent import seeded

    prefix = [int(token) for token in case.prefix]
    return code.recurrent.generate(*model(case), prefix, case.length, seeded(case.seed))


@probe("first: n, next: n, with the same seed: n", of="generate()", needs=("torch",))
def thrown(code: Any, case: Case) -> Any:
    """Draw many words of a model that has no memory, then a few more, and the first of them again."""
    from sanity.a5.beside.continuation import dice
    from sanity.a5.beside.recurrent import seeded

    generate, generator = code.recurrent.generate, seeded(case.seed)
    first, after = (generate(dice(case), None, [0, 1], length, generator) for length in (DRAWS, 50))
    again = seeded(case.seed)
    generate(dice(case), None, [0, 1], 7, seeded(0))  # what comes from the global generator differs now
    return first, after, generate(dice(case), None, [0, 1], 50, again)


check.compares(greedy, MODELS, "added", weight=5, says="Without a generator each word added is the most probable one.")


@check(SHORT)
def continues_a_single_word(run: Run, expect: Run, case: Case) -> None:
    """A prefix of one word is continued, too, and nothing is added where nothing is asked for."""
    said = "what follows a prefix of one word is wrong"
    equal("added", run(greedy, case)["added"], expect(greedy, case)["added"], said)
    nothing = as_array("added", run(greedy, case.having(length=0))["added"], np.zeros(0, np.int64))
    if nothing.size:
        raise CheckFailed("words are added although the length is zero")


@check(MODELS)
def goes_on_from_what_it_has_added(run: Run, case: Case) -> None:
    """What is added to the prefix and the first words added is the rest."""
    whole = shaped(run(greedy, case), "added", "n", np.zeros(case.length, np.int64))
    longer = case.having(prefix=np.concatenate([case.prefix, whole[:3]]), length=case.length - 3)
    said = "the text goes on in another way if the words added so far are a part of the prefix"
    equal("added", run(greedy, longer)["added"], whole[3:], said)


@check(DICE, weight=2)
def draws_words_as_often_as_they_are_probable(run: Run, expect: Run, case: Case) -> None:
    """With a generator each word is drawn as often as the softmax of its logits says, within what chance allows."""
    drawn = shaped(run(thrown, case), "first", "n", np.asarray(expect(thrown, case)["first"]))
    often = np.array([(drawn == token).mean() for token in range(5)])
    # By Hoeffding's inequality a right answer is farther off, for any of five words, with these odds.
    if np.abs(often - case.probabilities).max() > np.sqrt(np.log(10 / FALSE_ALARMS) / (2 * DRAWS)):
        diagnosis = "the most probable word is taken although there is a generator" if often.max() == 1 else ""
        said = "words are not drawn with the probabilities that the model gives them"
        raise CheckFailed(said, diagnosis=diagnosis, hint="softmax makes probabilities of logits")


@check(DICE)
def draws_words_by_the_generator(run: Run, case: Case) -> None:
    """All chance comes from the generator: the same seed draws the same words, and the next call others."""
    found = run(thrown, case)
    first = shaped(found, "first", "n", np.zeros(DRAWS, np.int64))[:50]
    after, again = (shaped(found, name, "n", np.zeros(50, np.int64)) for name in ("next", "with the same seed"))
    if not np.array_equal(first, again):
        raise CheckFailed("the same seed draws other words", hint="pass the generator to what draws")
    if np.array_equal(first, after):
        raise CheckFailed("two calls with one generator draw the same words")


@check(MODELS, weight=2)
def a_certain_model_leaves_no_choice(run: Run, case: Case) -> None:
    """Where the model doubts nothing, drawing gives the most probable words: each is read before the next is drawn."""
    certain = case.having(certainty=CERTAIN)
    like = np.zeros(case.length, np.int64)
    first, other = (shaped(run(asked, certain), "added", "n", like) for asked in (greedy, sampled))
    equal("added", other, first, "drawn words differ from the most probable ones although the model is certain")
