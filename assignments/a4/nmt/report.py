"""The report of a training, one HTML page: scores, plots, and translations next to their references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nmt import scoring
from nmt.atomic import write_atomically
from nmt.plots import (
    Attention,
    Curves,
    attention_of,
    curves_of,
    displayable,
    draw_attention,
    draw_by_length,
    draw_curves,
)
from nmt.scoring import Bin, Score

SAMPLES, MAPS = 8, 3
ATTENTION = "Attention: for each word of the translation, dark where in the source the decoder looked"
MAPPED_LENGTH = 10  # words; sentences of about this length make readable attention maps


class Sample(NamedTuple):
    """A sentence, its reference, its translation, and the chrF of that."""

    source: str
    reference: str
    translation: str
    chrf: float


class Plot(NamedTuple):
    """A plot of the report."""

    name: str
    """The file name."""
    caption: str
    """The heading above it; may be empty."""
    svg: str


def report_on(
    folder: Path,
    title: str,
    model: Any,
    log: Iterable[Mapping[str, Any]],
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[str],
) -> Score:
    """Score the translations of a model, write the plots and report.html into a folder, and return the score.

    Args:
        folder: the output folder; it is made if necessary.
        title: the heading of the page.
        model: an NMT.
        log: the entries of log.jsonl.
        sources, translations, references: lines of text.

    Raises:
        ScoreError: the three have different lengths, or are empty.
        SaveError: a file can't be written.
    """
    found = scoring.score(translations, references)
    bins = scoring.by_length([len(model.vocab.src.split(text)) for text in sources], translations, references)
    samples = worst_and_best(sources, translations, references)
    maps = [attention_of(model, sources[i], translations[i]) for i in good_to_map(sources)]
    write_report(folder, title, curves_of(log), found, samples, maps, bins)
    return found


def write_report(
    folder: Path,
    title: str,
    curves: Curves,
    score: Score | None = None,
    samples: Sequence[Sample] = (),
    attention: Sequence[Attention] = (),
    by_length: Sequence[Bin] = (),
) -> Path:
    """Write curves.svg, bleu_by_length.svg, attention_1.svg, … and report.html; return the path of the page.

    Without a test set there is no score, and only the curves are shown. Raises SaveError.
    """
    plots = []
    if any(curves):
        plots.append(Plot("curves.svg", "Training", draw_curves(curves)))
    if by_length:
        plots.append(Plot("bleu_by_length.svg", "BLEU by the length of the source sentence", draw_by_length(by_length)))
    for i, one in enumerate(attention, 1):
        plots.append(Plot(f"attention_{i}.svg", "" if i > 1 else ATTENTION, draw_attention(one)))
    folder.mkdir(parents=True, exist_ok=True)
    for plot in plots:
        write_atomically(folder / plot.name, lambda file, plot=plot: file.write(plot.svg.encode()))
    path = folder / "report.html"
    page = page_of(title, score, plots, samples)
    write_atomically(path, lambda file: file.write(page.encode()))
    return path


def page_of(title: str, score: Score | None, plots: Sequence[Plot], samples: Sequence[Sample]) -> str:
    """Return the HTML page, which loads nothing from elsewhere; any text is safe in it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["displayable"] = displayable
    template = environment.get_template("report.html.jinja")
    return template.render(title=title, score=score, plots=plots, samples=samples)


def worst_and_best(
    sources: Sequence[str], translations: Sequence[str], references: Sequence[str], most: int = SAMPLES
) -> list[Sample]:
    """Return the `most` sentences with the lowest chrF and as many with the highest, in ascending order."""
    samples = [
        Sample(source, reference, translation, scoring.sentence_chrf(translation, reference))
        for source, translation, reference in zip(sources, translations, references, strict=True)
    ]
    samples.sort(key=lambda sample: sample.chrf)
    return samples if len(samples) <= 2 * most else samples[:most] + samples[-most:]


def good_to_map(sources: Sequence[str], most: int = MAPS) -> list[int]:
    """Return the indices of at most `most` sentences whose attention maps are readable, neither short nor long."""
    lengths = {i: len(source.split()) for i, source in enumerate(sources) if source.strip()}
    return sorted(sorted(lengths, key=lambda i: abs(lengths[i] - MAPPED_LENGTH))[:most])
