"""How questions 2.4 and 2.5 read and compare words listed by similarity."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from sanity.a1.vectors import NEAR
from sanity.core.case import Case
from sanity.core.compare import as_array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Answers, Probe, Run
from sanity.core.values import describe, size_text

Ranking = list[tuple[str, float]]
"""Words with their similarity, most similar first."""


def same_ranking(name: str, got: Ranking, want: Mapping[str, float], k: int) -> None:
    """Raise CheckFailed unless got lists the k best of the words in want, best first; equals in any order."""
    best = sorted(want.values(), reverse=True)[:k]
    if len(got) != len(best):
        raise CheckFailed(f"{name} has {size_text(len(got))} words, expected {len(best)}", output=name)
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


def in_order(name: str, got: Ranking) -> None:
    """Raise CheckFailed if a similarity is larger than the one before it."""
    similarities = [similarity for _, similarity in got]
    if any(later > earlier + NEAR for earlier, later in pairwise(similarities)):
        raise CheckFailed(f"{name} is not sorted: the most similar word comes first", output=name)


def ranking(answers: Answers, name: str) -> Ranking:
    """Return a list of words with their similarities; raise CheckFailed if the answer has another form."""
    found: Ranking = []
    listed = answers[name]
    if not isinstance(listed, list):
        raise CheckFailed(f"{name} is {describe(listed)}, expected a list of (word, similarity)", output=name)
    for item in listed:
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str)):
            raise CheckFailed(f"{name} holds something other than (word, similarity)", output=name)
        similarity = as_array("a similarity", item[1], np.zeros(()))
        if similarity.shape != () or not np.isfinite(similarity):
            raise CheckFailed(f"{name} holds a similarity that is not a finite number", output=name)
        found.append((item[0], float(similarity)))
    return found


def listed(answer: Any) -> Any:
    """Return a list of (word, similarity) with words that are plain strings, if it is one."""

    def with_plain_word(item: Any) -> Any:
        match item:
            case (str(word), similarity):
                return [str(word), similarity]
            case _:
                return item

    return [with_plain_word(item) for item in answer] if isinstance(answer, list) else answer
