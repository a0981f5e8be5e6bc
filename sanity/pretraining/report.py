"""The page that reports the training of a transformer: curves, answers right and wrong, attention pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sanity.training.plots import Attention, draw_attention, draw_bars, draw_panels, line_of
from sanity.training.report import Fact, page_of

TEMPLATE = Path(__file__).with_name("report.html.jinja")
SHOWN = 8
"""Answers of each kind, right and wrong."""
CAPTIONS = {
    "curves.svg": "Learning curves",
    "pretraining.svg": "Without pretraining and with it",
    "attention_1.svg": "What the heads attend to when the answer begins",
}
"""The headings above plots, by the names of their files."""


class Answered(NamedTuple):
    """A question of the test with the right answer and the model's."""

    question: str
    right: str
    answer: str


class Heads(NamedTuple):
    """The attention of all heads at one position."""

    characters: list[str]
    """The text up to that position."""
    names: list[str]
    """Of the heads."""
    weights: list[list[float]]
    """Of each head, one for each character."""


def report_files(
    title: str,
    log: Sequence[Mapping[str, Any]],
    answered: Sequence[Answered],
    heads: Sequence[Heads],
    facts: Mapping[str, Sequence[Fact]],
    pretrained: bool,
) -> dict[str, str]:
    """Return the contents, by name, of report.html and of its plots.

    Args:
        title: the heading of the page.
        log: the entries of log.jsonl.
        answered: the test.
        heads: of a few questions.
        facts: the table "This training", by headings.
        pretrained: whether round 0 of the log is what fine-tuning alone learns.
    """
    losses = [entry for entry in log if entry.get("stage") == "main"]
    scores = [entry for entry in log if "score" in entry]
    panels = {
        "loss per character": {"train": line_of(losses, "loss")},
        "exact match": {"dev": line_of(scores, "score")},
    }
    drawn = {"curves.svg": draw_panels(panels)} if losses or scores else {}
    if pretrained and len(scores) > 1:
        best = max(scores[1:], key=lambda entry: entry["score"])
        bars = [("without", scores[0]["update"], scores[0]["score"]), ("with", best["update"], best["score"])]
        drawn["pretraining.svg"] = draw_bars(bars, "pretraining, and its updates", "exact match on dev")
    for number, one in enumerate(heads, start=1):
        drawn[f"attention_{number}.svg"] = draw_attention(Attention(one.characters, one.names, one.weights))
    wrong = [one for one in answered if one.answer != one.right]
    right = [one for one in answered if one.answer == one.right]
    page = page_of(
        TEMPLATE,
        title,
        drawn,
        CAPTIONS,
        facts,
        right=right[:SHOWN],
        wrong=wrong[:SHOWN],
        score=100 * len(right) / max(1, len(answered)),
        n=len(answered),
    )
    return {**drawn, "report.html": page}
