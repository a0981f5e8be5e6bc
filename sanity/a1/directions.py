"""Questions 2.1 to 2.6: questions to word vectors. Their directions count, and not their lengths."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from sanity.a1.asked import (
    ANALOGY,
    DISTANCES,
    LEANS,
    MATRIX,
    NEIGHBOURS,
    SIMILARITIES,
    Array,
    Ranking,
    ranking,
    rows_of,
)
from sanity.a1.cases import PAIRS, VECTORS
from sanity.core.case import Case
from sanity.core.check import Probe, Run, check
from sanity.core.compare import as_array, same_array
from sanity.core.errors import CheckFailed

# Similarities of float32 vectors, summed in any order, differ by less; wrong ones by more.
NEAR = 2e-5


@check("2.1", VECTORS, weight=2, outputs=("M",))
def stacks_the_vectors(run: Run, expect: Run, case: Case) -> None:
    """M has the vector of each required word in the row that word2ind says."""
    answers, right = run(MATRIX, case), expect(MATRIX, case)
    got = as_array("M", answers["M"], right["M"])
    if got.ndim != 2 or got.shape[1] != right["M"].shape[1]:
        raise CheckFailed(f"M has shape {got.shape}, expected {right['M'].shape}", output="M")
    rows = got[rows_of(answers, case.wanted)]
    same_array("M", rows, right["M"][rows_of(right, case.wanted)], "word axis")


@check("2.1", VECTORS)
def leaves_out_the_unknown(run: Run, expect: Run, case: Case) -> None:
    """Required words that wv does not know are left out."""
    mixed = case.having(wanted=[case.unknown[0], *case.wanted, case.unknown[1]])
    answers, right = run(MATRIX, mixed), expect(MATRIX, case)
    rows = as_array("M", answers["M"], right["M"])[rows_of(answers, case.wanted)]
    same_array("M", rows, right["M"][rows_of(right, case.wanted)], "word axis")
    if any(word in answers["word2ind"] for word in case.unknown):
        raise CheckFailed("word2ind has a word that wv does not know", output="word2ind")


@check("2.1", VECTORS)
def gives_each_row_a_word(run: Run, case: Case) -> None:
    """Each row of M is the vector of one word: word2ind has as many words as M has rows."""
    answers = run(MATRIX, case)
    rows_of(answers, case.wanted)
    if len(answers["word2ind"]) != len(answers["M"]):
        raise CheckFailed(f"word2ind has {len(answers['word2ind'])} words, M {len(answers['M'])} rows", output="M")


def numbers(run: Run, case: Case, asked: Probe) -> Array:
    """Return the answers for all pairs, (pairs,) floats."""
    name = str(asked.form)
    got = as_array(name, run(asked, case)[name], np.zeros(len(case.us)))
    if got.shape != (len(case.us),):
        raise CheckFailed(f"{asked.what} returned arrays of shape {got.shape[1:]}, expected a number", output=name)
    return got.astype(np.float64)


@check("2.2", PAIRS, weight=3, outputs=("cosine similarity",))
def measures_the_angle(run: Run, expect: Run, case: Case) -> None:
    """The cosine similarity is the dot product divided by both lengths."""
    same_array("cosine similarity", numbers(run, case, SIMILARITIES), numbers(expect, case, SIMILARITIES), "pair")


@check("2.2", PAIRS, weight=2)
def ignores_the_lengths(run: Run, case: Case) -> None:
    """The similarity does not depend on the lengths of the vectors, and changes its sign if one is negated."""
    before = numbers(run, case, SIMILARITIES)
    same_array("similarity of longer vectors", numbers(run, case.having(us=3 * case.us), SIMILARITIES), before, "pair")
    same_array("similarity of opposites", -numbers(run, case.having(vs=-case.vs / 2), SIMILARITIES), before, "pair")


@check("2.2", PAIRS, weight=2)
def is_one_for_the_same_direction(run: Run, case: Case) -> None:
    """Vectors of the same direction have similarity 1."""
    got = numbers(run, case.having(vs=2 * case.us), SIMILARITIES)
    same_array("similarity", got, np.ones(len(got)), "pair")


@check("2.2", PAIRS)
def does_not_mind_which_is_first(run: Run, case: Case) -> None:
    """The similarity of u and v is that of v and u."""
    swapped = case.having(us=case.vs, vs=case.us)
    same_array("similarity", numbers(run, swapped, SIMILARITIES), numbers(run, case, SIMILARITIES), "pair")


@check("2.3", PAIRS, outputs=("cosine distance",))
def is_one_minus_similarity(run: Run, expect: Run, case: Case) -> None:
    """The cosine distance is one minus the cosine similarity."""
    same_array("cosine distance", numbers(run, case, DISTANCES), numbers(expect, case, DISTANCES), "pair")


@check("2.3", PAIRS)
def runs_from_zero_to_two(run: Run, case: Case) -> None:
    """The distance is 0 for the same direction and 2 for opposite ones."""
    same, opposite = case.having(vs=2 * case.us), case.having(vs=-case.us / 3)
    same_array("distance", numbers(run, same, DISTANCES), np.zeros(len(case.us)), "pair")
    same_array("distance of opposites", numbers(run, opposite, DISTANCES), np.full(len(case.us), 2.0), "pair")


def same_ranking(name: str, got: Ranking, want: Mapping[str, float], k: int) -> None:
    """Raise CheckFailed unless got lists the k best of the words in want, best first; equals in any order."""
    best = sorted(want.values(), reverse=True)[:k]
    if len(got) != len(best):
        raise CheckFailed(f"{name} has {len(got)} words, expected {len(best)}", output=name)
    words = [word for word, _ in got]
    detail = f"got {got}, expected the best of {sorted(want.items(), key=lambda item: -item[1])}"
    if not all(word in want for word in words) or len(set(words)) < len(words):
        raise CheckFailed(f"{name} has words that do not belong there", detail=detail, output=name)
    for place, ((word, claimed), right) in enumerate(zip(got, best, strict=True), start=1):
        if not abs(want[word] - right) <= NEAR:
            raise CheckFailed(f"another word should stand in place {place} of {name}", detail=detail, output=name)
        if not abs(claimed - right) <= NEAR:
            said = f"the word in place {place} of {name} is right, but its similarity is not"
            raise CheckFailed(said, detail=detail, output=name)


def not_among(name: str, got: Ranking, asked: list[str]) -> None:
    """Raise CheckFailed if the answer repeats a word of the question."""
    if any(word in asked for word, _ in got):
        raise CheckFailed(f"{name} has a word of the question itself: leave it out", output=name)


def all_answers(expect: Run, case: Case, asked: Probe) -> dict[str, float]:
    """Return every possible answer with its similarity."""
    return dict(ranking(expect(asked, case.having(k=len(case.names))), str(asked.form)))


def with_other_lengths(case: Case) -> Case:
    """Return the case with vectors of the same directions and other lengths."""
    factors = np.random.default_rng(case.seed).uniform(0.2, 5, size=(len(case.vectors), 1))
    return case.having(vectors=(case.vectors * factors).astype(np.float32))


def in_order(name: str, got: Ranking) -> None:
    """Raise CheckFailed if a similarity is larger than the one before it."""
    similarities = [similarity for _, similarity in got]
    if any(later > earlier + NEAR for earlier, later in pairwise(similarities)):
        raise CheckFailed(f"{name} is not sorted: the most similar word comes first", output=name)


@check("2.4", VECTORS, weight=2, outputs=("neighbours",))
def finds_the_nearest(run: Run, expect: Run, case: Case) -> None:
    """The k words of highest cosine similarity are listed with it, most similar first."""
    got = ranking(run(NEIGHBOURS, case), "neighbours")
    same_ranking("neighbours", got, all_answers(expect, case, NEIGHBOURS), case.k)


@check("2.4", VECTORS)
def is_not_its_own_neighbour(run: Run, case: Case) -> None:
    """A word is not among its own neighbours."""
    not_among("neighbours", ranking(run(NEIGHBOURS, case), "neighbours"), [case.a])


@check("2.4", VECTORS)
def nearest_by_direction(run: Run, case: Case) -> None:
    """Longer or shorter vectors of the same directions have the same neighbours."""
    before, after = (ranking(run(NEIGHBOURS, c), "neighbours") for c in (case, with_other_lengths(case)))
    same_ranking("neighbours", after, dict(before), len(before))


@check("2.4", VECTORS)
def lists_all_if_there_are_fewer(run: Run, case: Case) -> None:
    """If k is more than the number of other words, they are all listed, most similar first."""
    got = ranking(run(NEIGHBOURS, case.having(k=len(case.names) + 3)), "neighbours")
    if sorted(word for word, _ in got) != sorted(set(case.names) - {case.a}):
        raise CheckFailed("neighbours does not list every other word once", output="neighbours")
    in_order("neighbours", got)


@check("2.4", VECTORS)
def lists_both_of_a_tie(run: Run, case: Case) -> None:
    """Two words with the same vector are both listed, in any order, with the same similarity."""
    row, twin = (list(case.names).index(word) for word in (case.b, case.c))
    vectors = case.vectors.copy()
    vectors[twin] = vectors[row]
    got = dict(ranking(run(NEIGHBOURS, case.having(vectors=vectors, k=len(case.names))), "neighbours"))
    if not {case.b, case.c} <= got.keys() or not abs(got[case.b] - got[case.c]) <= NEAR:
        raise CheckFailed("of two words with the same vector one is missing or has another similarity")


@check("2.5", VECTORS, weight=4, outputs=("answers",))
def completes_the_analogy(run: Run, expect: Run, case: Case) -> None:
    """The k words nearest to b - a + c, each scaled to length one, are listed with their cosine similarity to it."""
    got = ranking(run(ANALOGY, case), "answers")
    same_ranking("answers", got, all_answers(expect, case, ANALOGY), case.k)


@check("2.5", VECTORS)
def answers_with_new_words(run: Run, case: Case) -> None:
    """a, b and c are not among the answers."""
    every = case.having(k=len(case.names))
    not_among("answers", ranking(run(ANALOGY, every), "answers"), [case.a, case.b, case.c])


@check("2.5", VECTORS)
def analogies_by_direction(run: Run, case: Case) -> None:
    """Longer or shorter vectors of the same directions have the same answers."""
    before, after = (ranking(run(ANALOGY, c), "answers") for c in (case, with_other_lengths(case)))
    same_ranking("answers", after, dict(before), len(before))


@check("2.5", VECTORS)
def can_be_read_across(run: Run, case: Case) -> None:
    """a : b :: c : ? has the answers of a : c :: b : ?, since b and c are added alike."""
    before, after = (ranking(run(ANALOGY, c), "answers") for c in (case, case.having(b=case.c, c=case.b)))
    same_ranking("answers", after, dict(before), len(before))


@check("2.5", VECTORS)
def finds_the_fourth_corner(run: Run, case: Case) -> None:
    """A word whose vector is b - a + c is the first answer, with similarity 1."""
    a, b, c = (list(case.names).index(word) for word in (case.a, case.b, case.c))
    fourth = next(i for i in range(len(case.names)) if i not in (a, b, c))
    units = case.vectors / np.linalg.norm(case.vectors, axis=1, keepdims=True)
    vectors = case.vectors.copy()
    vectors[fourth] = units[b] - units[a] + units[c]
    got = ranking(run(ANALOGY, case.having(vectors=vectors)), "answers")
    if not got or got[0][0] != case.names[fourth] or not abs(got[0][1] - 1) <= NEAR:
        raise CheckFailed("a word at b - a + c is not the first answer, or its similarity is not 1", output="answers")


def leans(run: Run, case: Case) -> Array:
    """Return the lean of every word, (V,) floats."""
    got = as_array("lean", run(LEANS, case)["lean"], np.zeros(len(case.names)))
    if got.shape != (len(case.names),):
        raise CheckFailed(f"lean() returned arrays of shape {got.shape[1:]}, expected a number", output="lean")
    return got.astype(np.float32)


@check("2.6", VECTORS, weight=3, outputs=("lean",))
def measures_the_lean(run: Run, expect: Run, case: Case) -> None:
    """The lean is the mean cosine similarity with one group minus that with the other."""
    same_array("lean", leans(run, case), leans(expect, case), "word")


@check("2.6", VECTORS)
def leans_the_other_way(run: Run, case: Case) -> None:
    """With the two groups swapped the lean changes its sign, and between two equal groups it is zero."""
    before = leans(run, case)
    same_array("lean with the groups swapped", -leans(run, case.having(one=case.other, other=case.one)), before, "word")
    same_array("lean between equal groups", leans(run, case.having(other=case.one)), np.zeros_like(before), "word")


@check("2.6", VECTORS)
def leans_by_direction(run: Run, case: Case) -> None:
    """Longer or shorter vectors of the same directions have the same lean."""
    same_array("lean", leans(run, with_other_lengths(case)), leans(run, case), "word")


@check("2.6", VECTORS)
def groups_count_by_their_mean(run: Run, case: Case) -> None:
    """A group with each of its words twice has the same effect as with each once."""
    same_array("lean", leans(run, case.having(one=[*case.one, *case.one])), leans(run, case), "word")
