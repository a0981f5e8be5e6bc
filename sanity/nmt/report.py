"""The report of a translation model: BLEU, plots, translations next to their references, and how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sanity.nmt import plots
from sanity.training.plots import Attention, draw_attention
from sanity.training.report import Fact, Facts, page_of

TEMPLATE = Path(__file__).parent / "report.html.jinja"
SAMPLES, MAPS = 8, 3
MAPPED_LENGTH = 10  # words; sentences of about this length make readable attention maps
ATTENTION = "Attention: for each word of the translation, dark where in the source the decoder looked"
CAPTIONS = {
    "curves.svg": "Training",
    "bleu_by_length.svg": "BLEU by the length of the source sentence",
    "attention_1.svg": ATTENTION,
}
"""The headings above plots, by the names of their files."""
LIBRARIES = ("torch", "numpy", "sentencepiece", "sacrebleu", "matplotlib")
"""The packages that the numbers depend on."""


class Sample(NamedTuple):
    """A sentence, its reference, its translation, and the chrF of that."""

    source: str
    reference: str
    translation: str
    chrf: float


def report_files(
    title: str,
    facts: Facts,
    curves: plots.Curves,
    score: Any = None,
    samples: Sequence[Sample] = (),
    attention: Sequence[Attention] = (),
    by_length: Sequence[plots.Bin] = (),
) -> dict[str, str]:
    """Return the contents, by name, of curves.svg, bleu_by_length.svg, attention_1.svg, … and report.html.

    Args:
        title: the heading of the page.
        facts: see `sanity.training.report.facts_of`.
        curves: of the log.
        score: a `Score` of nmt/scoring.py; None without a test set, and then only the curves are shown.
        samples: translations to read.
        attention: of translations.
        by_length: BLEU by source length.
    """
    drawn = {"curves.svg": plots.draw_curves(curves)} if any(curves) else {}
    drawn |= {"bleu_by_length.svg": plots.draw_by_length(by_length)} if by_length else {}
    drawn |= {f"attention_{i}.svg": draw_attention(one) for i, one in enumerate(attention, 1)}
    page = page_of(TEMPLATE, title, drawn, CAPTIONS, facts, score=score, samples=samples)
    return {**drawn, "report.html": page}


def worst_and_best(
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[str],
    chrf: Callable[[str, str], float],
    most: int = SAMPLES,
) -> list[Sample]:
    """Return the `most` sentences with the lowest chrF and as many with the highest, in ascending order.

    chrf: called with a translation and its reference.
    """
    samples = [
        Sample(source, reference, translation, chrf(translation, reference))
        for source, translation, reference in zip(sources, translations, references, strict=True)
    ]
    samples.sort(key=lambda sample: sample.chrf)
    return samples if len(samples) <= 2 * most else samples[:most] + samples[-most:]


def good_to_map(sources: Sequence[str]) -> list[int]:
    """Return the indices of at most MAPS sentences whose attention maps are readable, neither short nor long."""
    lengths = {i: len(source.split()) for i, source in enumerate(sources) if source.strip()}
    return sorted(sorted(lengths, key=lambda i: abs(lengths[i] - MAPPED_LENGTH))[:MAPS])


def data_facts(corpus: Any, model: Any, checksums: Mapping[str, str]) -> list[Fact]:
    """Return the rows on the data.

    Args:
        corpus: a `Corpus` of nmt/corpus.py.
        model: the trained NMT.
        checksums: of "vocabulary", "training pairs", "pairs of dev" and "test pairs", each a number of things, then the
            CRC-32 of them: see `fingerprint` in nmt/checkpoint.py.
    """
    return [
        ("name", f"{corpus.name}, {corpus.src} to {corpus.tgt}"),
        ("training pairs", checksums["training pairs"], "number, and CRC-32 of what the model read"),
        ("dev pairs", checksums["pairs of dev"], "the same"),
        ("test pairs", checksums["test pairs"], "the same"),
        ("vocabulary", checksums["vocabulary"], "of the source and of the target, and CRC-32"),
        ("weights", f"{sum(weight.numel() for weight in model.parameters())}", "numbers to learn"),
    ]
