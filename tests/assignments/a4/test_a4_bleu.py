"""The reference's BLEU is sacreBLEU's, for one sentence without smoothing."""

from __future__ import annotations

import math
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from graders.course.assignment import load_assignment

WORDS = st.lists(st.sampled_from(["the", "tide", "comes", "in"]), min_size=1, max_size=9)


@pytest.fixture(scope="module")
def answers() -> ModuleType:
    spec = spec_from_file_location("bleu", load_assignment("a4").solutions / "bleu.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(WORDS, st.lists(WORDS, min_size=1, max_size=3), st.integers(1, 4))
def test_it_is_the_bleu_of_sacrebleu(
    answers: ModuleType, candidate: list[str], references: list[list[str]], order: int
) -> None:
    metric = BLEU(smooth_method="none", tokenize="none", max_ngram_order=order, effective_order=False)
    whole = metric.sentence_score(" ".join(candidate), [" ".join(words) for words in references])
    assert answers.bleu(candidate, references, [1 / order] * order) == pytest.approx(whole.score / 100)
    assert answers.brevity_penalty(candidate, references) == pytest.approx(whole.bp)
    for n in range(1, order + 1):
        precision = answers.modified_ngram_precision(candidate, references, n)
        assert precision == pytest.approx(whole.counts[n - 1] / max(1, whole.totals[n - 1]))


BOTH = ["rain falls on the old roof", "the rain is falling on the roof"]


@pytest.mark.parametrize(
    ("candidate", "references", "precisions", "penalty"),
    [
        ("it is raining on the old roof", BOTH, (5 / 7, 3 / 6), 1),
        ("the rain falls on the the roof", BOTH, (6 / 7, 5 / 6), 1),
        ("rain on the roof", BOTH, (4 / 4, 2 / 3), math.exp(-1 / 2)),
        ("it is raining on the old roof", BOTH[:1], (4 / 7, 3 / 6), 1),
        ("the rain falls on the the roof", BOTH[:1], (5 / 7, 3 / 6), 1),
    ],
)
def test_the_example_of_question_2a(
    answers: ModuleType, candidate: str, references: list[str], precisions: tuple[float, float], penalty: float
) -> None:
    """Worked out by hand, as students do: the marks follow from these numbers."""
    words, others = candidate.split(), [reference.split() for reference in references]
    assert tuple(answers.modified_ngram_precision(words, others, n) for n in (1, 2)) == precisions
    assert answers.brevity_penalty(words, others) == pytest.approx(penalty)
    assert answers.bleu(words, others, [0.5, 0.5]) == pytest.approx(penalty * math.sqrt(math.prod(precisions)))
