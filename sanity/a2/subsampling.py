"""Question 2a: which words are kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.core.arguments import copied
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array, as_array, same_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import sizes_text

check = Checks("2a")
STATED = {0.0026: 1.0, 0.00746: 0.5, 1.0: 0.033}
"""Probabilities of keeping a word, to the third digit, by how frequent it is, with the threshold 0.001."""


def make_frequencies(*, seed: int, n: int, rare: int) -> dict[str, Any]:
    """Make parts of a corpus, 1e-5 to 1, and a threshold; n = 0 for one number."""
    rng = np.random.default_rng(seed)
    z = 10.0 ** rng.uniform(-5, 0, n or 1)
    return {"z": z if n else float(z[0]), "t": 10.0 ** -(3 + rare)}


FREQUENCIES = Cases(
    make_frequencies,
    {"n": (2, 8), "rare": (0, 2)},
    "{n} words, t = 1e-3 / 10^{rare}",
    ({"n": 8}, {"n": 6, "rare": 2}),
)
"""How frequent words are."""
SINGLE = Cases(make_frequencies, {"n": (0, 1), "rare": (0, 2)}, "one word, t = 1e-3 / 10^{rare}", ({"n": 1},), drawn=1)
"""How frequent one word is: a number, or an array with one."""


@probe("probability: n|", of="keep_probability()")
def keep_probability(code: Any, case: Case) -> Any:
    """Call keep_probability."""
    return code.sampling.keep_probability(copied(case.z), case.t)


@probe("probability", of="keep_probability()")
def keep_by_default(code: Any, case: Case) -> Any:
    """Call keep_probability without a threshold."""
    return code.sampling.keep_probability(copied(case.z))


def probability_of(run: Run, case: Case) -> Array:
    """Return the probabilities of keeping words, or raise CheckFailed if there is not one for each."""
    z = np.asarray(case.z)
    kept = as_array("probability", run(keep_probability, case)["probability"], z)
    if kept.shape != z.shape:
        raise CheckFailed(f"probability has shape {sizes_text(kept.shape)}, expected {z.shape}", output="probability")
    return kept


@check(FREQUENCIES, outputs=("probability",))
def keeps_words(run: Run, expect: Run, case: Case) -> None:
    """keep_probability() gives the right probability for every word."""
    want = np.asarray(expect(keep_probability, case)["probability"])
    same_array("probability", run(keep_probability, case)["probability"], want, "n" * want.ndim)


@check(SINGLE)
def keeps_a_single_word(run: Run, expect: Run, case: Case) -> None:
    """keep_probability() is right for one word, too, given as a number or in an array."""
    want = np.asarray(expect(keep_probability, case)["probability"])
    same_array("probability", run(keep_probability, case)["probability"], want, "n" * want.ndim)


@check(FREQUENCIES)
def keeps_the_stated_words(run: Run, case: Case) -> None:
    """By default a word is always kept up to 0.0026 of the corpus, half of the time at 0.00746, hardly ever at 1."""
    z = np.array(list(STATED))
    kept = as_array("probability", run(keep_by_default, case.having(z=z))["probability"], z)
    if kept.shape != z.shape or not np.allclose(kept, list(STATED.values()), rtol=0, atol=5e-4):
        raise CheckFailed(
            "the probabilities with the default threshold are not those that the question states", output="probability"
        )


@check(FREQUENCIES)
def keeps_rare_words_surely(run: Run, case: Case) -> None:
    """No probability is above one, and none is zero."""
    kept = probability_of(run, case)
    if not ((kept > 0) & (kept <= 1)).all():
        raise CheckFailed("some probabilities are not above 0 and at most 1", hint="limit probabilities to at most 1")
