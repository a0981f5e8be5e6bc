"""Trainings to test with: one made by hand, and a Hypothesis strategy with hostile texts."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from graders.records.result import QuestionResult, Result
from graders.records.training import AttentionMap, Point, StopReason, Training, points_earned, student_line
from sanity.core.manifest import Manifest, QuestionLimits, TrainedQuestion
from tests.support.results import SECRET, stored, texts

TRAINED = TrainedQuestion("1h", "Training", 8, "translation", "BLEU", "toy", "10m", ((20, 2), (50, 4), (90, 8)))
MANIFEST = Manifest("a4", "Translation", (), (), (), limits=QuestionLimits(1, 1), trained=(TRAINED,))

REACHED = Training(
    assignment="a4",
    question="1h",
    submission="ada",
    digest="0" * 64,
    stop_reason=StopReason.REACHED,
    message="training reached the required score on dev",
    metric="BLEU",
    score=93.456,
    low=91.0,
    high=95.25,
    other_scores={"chrF": 96.0},
    best_dev=94.0,
    threshold=90.0,
    signature="nrefs:1|case:mixed|tok:13a|version:2.6.0",
    batch_sensitivity=0.0,
    reference_mismatch=0.0,
    seed=7,
    device="cpu",
    versions={"torch": "2.13.0", "python": "3.11.7"},
    data="toy",
    seconds=150.4,
    cpu_seconds=290.0,
    seconds_to_threshold=120.0,
    words_per_second=5400.0,
    updates=1600,
    curve=(
        Point(200, 20.0, 30.0, 100.0, None),
        Point(400, 40.0, None, None, 30.0),
        Point(800, 80.0, 10.0, 10.0, None),
        Point(1600, 150.0, 3.0, 1.0, 94.0),
    ),
    samples=((f"{SECRET} ba do", "do ba", "do <b> ba"),),
)


def trained(**changes: Any) -> Training:
    """Return a training that reached its threshold, with these changes."""
    return msgspec.structs.replace(REACHED, **changes)


def trainings() -> st.SearchStrategy[Training]:
    """Any training, with the SECRET where only staff may read."""
    text = texts().map(stored)
    number = st.floats(0, 1e6) | st.floats(allow_nan=False, allow_infinity=False)
    some = st.none() | number
    scores = st.none() | st.floats(0, 100)
    looks = st.builds(Point, st.integers(0, 10**9), number, some, some, scores)
    secret = text.map(lambda words: SECRET + words)
    return st.builds(
        Training,
        assignment=st.just("a4"), question=st.just("1h"), submission=text, digest=st.just("0" * 64),
        stop_reason=st.sampled_from(StopReason), message=text, metric=st.just("BLEU"),
        score=scores, low=some, high=some,
        other_scores=st.dictionaries(text, number, max_size=2), best_dev=scores, threshold=st.floats(0.1, 100),
        signature=text, batch_sensitivity=st.none() | st.floats(0, 1), reference_mismatch=st.none() | st.floats(0, 1),
        seed=st.integers(0, 2**63 - 1), device=text, versions=st.dictionaries(text, text, max_size=2),
        data=st.sampled_from(["toy", "multi30k"]), seconds=number, cpu_seconds=number, seconds_to_threshold=some,
        words_per_second=number, updates=st.integers(0, 10**9), curve=st.lists(looks, max_size=6).map(tuple),
        samples=st.lists(st.tuples(secret, secret, secret), max_size=2).map(tuple),
        attention=st.lists(st.builds(drawn_map, secret, st.integers(0, 4), st.floats(0, 1)), max_size=2).map(tuple),
    )  # fmt: skip


def drawn_map(word: str, count: int, weight: float) -> AttentionMap:
    """A map of as many words, which all are the same."""
    return AttentionMap([word] * count, [word] * count, [[weight] * count] * count)


def with_training(result: Result, training: Training) -> Result:
    """Return result with the question that was trained."""
    earned, comment = points_earned(training, TRAINED, right=True), student_line(training, TRAINED)
    question = QuestionResult("1h", "Training", earned, 8, (), comment=comment, training=training, metric="BLEU")
    return msgspec.structs.replace(result, questions=(*result.questions, question))
