"""The report of a parser: its scores, plots, trees that are wrong and right, and how to train it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sanity.parsing import plots
from sanity.parsing.svg import alone, svg_of_tree
from sanity.training.report import Fact, Facts, page_of

TEMPLATE = Path(__file__).parent / "report.html.jinja"
EXAMPLES = 3
"""Trees that are wrong, and trees that are right."""
SHORTEST, LONGEST = 6, 13
"""Words of an example, so that its tree can be read."""
CAPTIONS = {
    "curves.svg": "Training",
    "uas_by_sentence_length.svg": "UAS by the length of the sentence",
    "uas_by_arc_length.svg": "UAS by the length of the arc, from a word to its right head",
    "confusion.svg": "Relations: for each right one, how often it was predicted as which",
    "wrong_1.svg": "Trees with wrong arcs: dashed what was predicted, below the words the right arc",
    "right_1.svg": "Trees that are right",
}
"""The headings above plots, by the names of their files."""
LIBRARIES = ("torch", "numpy", "conllu", "matplotlib")
"""The packages that the numbers depend on."""


class Example(NamedTuple):
    """A sentence with the right tree and the predicted one, by the place of each word's head; 0 is ROOT."""

    words: Sequence[str]
    tags: Sequence[str]
    heads: Sequence[int]
    relations: Sequence[str]
    found: Sequence[int]
    found_relations: Sequence[str] | None = None

    @property
    def errors(self) -> int:
        """The number of words with a wrong head."""
        return sum(head != found for head, found in zip(self.heads, self.found, strict=True))


class Groups(NamedTuple):
    """Scores of groups of words, as parsing/scoring.py makes them."""

    by_sentence_length: Sequence[plots.Bin] = ()
    by_arc_length: Sequence[plots.Bin] = ()
    by_relation: Sequence[Any] = ()
    """Each with its `relation`, `words`, `uas` and `las`."""
    confusion: Any = None
    """Its `relations` and `counts`; None if no relations are predicted."""


def report_files(
    title: str,
    facts: Facts,
    curves: plots.Curves,
    score: Any = None,
    groups: Groups | None = None,
    examples: Sequence[Example] = (),
) -> dict[str, str]:
    """Return the contents, by name, of the plots, of wrong_1.svg, …, right_1.svg, …, and of report.html.

    Args:
        title: the heading of the page.
        facts: see `sanity.training.report.facts_of`.
        curves: of the log.
        score: a `Score` of parsing/scoring.py; None without a test set, and then only the curves are shown.
        groups: of the words of test.
        examples: all sentences of test, of which some are shown: see `worst_of` and `right_of`.
    """
    groups = groups or Groups()
    drawn = {"curves.svg": plots.draw_curves(curves)} if any(curves) else {}
    for name, bins, what in (
        ("uas_by_sentence_length.svg", groups.by_sentence_length, "words in the sentence"),
        ("uas_by_arc_length.svg", groups.by_arc_length, "words from the head to its dependent"),
    ):
        drawn |= {name: plots.draw_by_length(bins, what)} if bins else {}
    if groups.confusion:
        drawn["confusion.svg"] = plots.draw_confusion(groups.confusion.relations, groups.confusion.counts)
    trees = {f"wrong_{i}.svg": tree_of(one) for i, one in enumerate(worst_of(examples), 1)}
    trees |= {f"right_{i}.svg": tree_of(one) for i, one in enumerate(right_of(examples), 1)}
    page = page_of(TEMPLATE, title, drawn | trees, CAPTIONS, facts, score=score, relations=groups.by_relation)
    return {**drawn, **{name: alone(svg) for name, svg in trees.items()}, "report.html": page}


def tree_of(one: Example) -> str:
    """Return the picture of an example."""
    return svg_of_tree(one.words, one.found, one.found_relations, one.tags, one.heads, one.relations)


def worst_of(examples: Sequence[Example], most: int = EXAMPLES) -> list[Example]:
    """Return the sentences of readable length with the largest share of wrong heads, the worst first."""
    wrong = [one for one in examples if one.errors and SHORTEST <= len(one.words) <= LONGEST]
    return sorted(wrong, key=lambda one: -one.errors / len(one.words))[:most]


def right_of(examples: Sequence[Example], most: int = EXAMPLES) -> list[Example]:
    """Return the longest sentences of readable length without a wrong head."""
    right = [one for one in examples if not one.errors and SHORTEST <= len(one.words) <= LONGEST]
    return sorted(right, key=lambda one: -len(one.words))[:most]


def data_facts(name: str, checksums: Mapping[str, str], weights: int, left_out: int) -> list[Fact]:
    """Return the rows on the data.

    Args:
        name: of the treebank.
        checksums: by name, each a number of things and the CRC-32 of them.
        weights: the number of the model's weights.
        left_out: training sentences whose arcs cross.
    """
    return [
        ("name", name),
        *((one, checksum, "number, and CRC-32 of what the model read") for one, checksum in checksums.items()),
        ("left out of training", f"{left_out}", "sentences whose arcs cross: no transitions lead to their trees"),
        ("weights", f"{weights}", "numbers to learn"),
    ]
