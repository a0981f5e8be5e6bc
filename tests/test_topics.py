"""docs/topics.md is complete: every topic of the notes has a question, and every question that is named exists."""

from __future__ import annotations

import re

import pytest

from graders.course.assignment import assignment_names, course_root, load_assignment

TOPICS = (
    "softmax and its shift",
    "logistic regression as K = 2",
    "entropy",
    "cross-entropy",
    "ŷ − y",
    "the seven matrix identities",
    "SVD",
    "subsampling",
    "negative sampling",
    "hierarchical softmax",
    "Xavier",
    "optimisers and schedules",
    "vanishing gradients",
    "GRU",
    "LSTM",
    "seq2seq",
    "teacher forcing and exposure bias",
    "beam search",
    "attention kinds",
    "masks",
    "BLEU",
    "transformer",
    "positions",
    "add & norm",
    "LayerNorm/BatchNorm",
    "soft/hard attention",
    "BPE",
    "highway",
    "ELMo",
    "GPT",
    "BERT",
    "fine-tuning",
    "splits",
    "baselines",
    "ablation",
    "overfitting a few sentences first",
)
REFERENCE = re.compile(r"(a\d+) (\d[\w.]*)")

PAGE = (course_root() / "docs" / "topics.md").read_text(encoding="utf-8")
ROWS = {
    topic: questions
    for topic, questions, _ in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")
    )
    if not topic.startswith(("---", "topic"))
}


def known() -> set[tuple[str, str]]:
    """Return all questions: those that are checked, answered in words, or earned by training."""
    manifests = [load_assignment(name).manifest for name in assignment_names()]
    return {(m.name, q.id) for m in manifests for q in (*m.questions, *m.written, *m.trained)}


def test_each_topic_is_there_once() -> None:
    assert sorted(ROWS) == sorted(TOPICS)
    assert PAGE.count("\n| ") == len(TOPICS) + 1  # and the header


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_has_questions_and_all_of_them_exist(topic: str) -> None:
    questions = ROWS[topic].split(", ")
    named = [REFERENCE.fullmatch(question) for question in questions]
    assert all(named), questions
    there = known()
    assert [m[0] for m in named if m and m.groups() not in there] == []
