"""Question 1.1: the words of a corpus."""

from __future__ import annotations

from itertools import chain
from typing import Any

from sanity.a1.corpora import DOCUMENTS, LONELY, TWO_DOCUMENTS, copied_corpus
from sanity.a1.notebook import notebook
from sanity.a1.rows import as_index
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import describe, size_text

check = Checks("1.1")


@probe("words, count", of="distinct_words()")
def distinct_words(code: Any, case: Case) -> Any:
    """List the words of the corpus."""
    answer = notebook(code).distinct_words(copied_corpus(case))
    if isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[0], list):
        words, count = answer  # numpy's strings are strings
        return [str(word) if isinstance(word, str) else word for word in words], count
    return answer


def words_of(run: Run, case: Case) -> list[str]:
    """Return the words that the submission lists; raise CheckFailed unless it is a list of strings."""
    words = run(distinct_words, case)["words"]
    if not isinstance(words, list):
        raise CheckFailed(f"words is {describe(words)}, expected a list", output="words")
    if not all(isinstance(word, str) for word in words):
        raise CheckFailed("words holds something other than strings", output="words")
    return words


@check(DOCUMENTS, weight=4, outputs=("words",))
def lists_the_words(run: Run, expect: Run, case: Case) -> None:
    """words has every word of the corpus once, sorted."""
    same_words(run, expect, case)


@check(LONELY)
def lists_words_of_short_documents(run: Run, expect: Run, case: Case) -> None:
    """A document may have one word, or none."""
    same_words(run, expect, case)


def same_words(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless the submission lists the right words."""
    got, want = words_of(run, case), expect(distinct_words, case)["words"]
    if got == want:
        return
    detail = f"got {got}, expected {want}"
    missing, extra = set(want) - set(got), set(got) - set(want)
    if not missing and not extra:
        said = "words are listed more than once" if len(got) > len(want) else "the words are not sorted"
        raise CheckFailed(said, detail=detail, output="words")
    said = f"{len(missing)} words are missing" if missing else f"{size_text(len(extra))} words are not in the corpus"
    raise CheckFailed(said, detail=detail, output="words")


@check(DOCUMENTS, weight=2, outputs=("count",))
def counts_the_words(run: Run, expect: Run, case: Case) -> None:
    """count is the number of distinct words."""
    got, want = as_index(run(distinct_words, case)["count"]), expect(distinct_words, case)["count"]
    if got != want:
        every = len(list(chain.from_iterable(case.corpus)))
        diagnosis = "repeated words are counted each time" if got == every else ""
        raise CheckFailed(
            "count is not the number of distinct words", diagnosis=diagnosis, detail=f"got {got}", output="count"
        )


@check(TWO_DOCUMENTS)
def finds_the_same_in_any_order(run: Run, case: Case) -> None:
    """The order of the documents, and a document that occurs twice, change nothing."""
    shuffled = case.having(corpus=[*reversed(case.corpus), case.corpus[0]])
    if run(distinct_words, shuffled) != run(distinct_words, case):
        raise CheckFailed("the words change if the documents come in another order, or one of them twice")
