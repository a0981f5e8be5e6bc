"""One page that says how a training went: scores, pictures, and translations beside what a person wrote."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from nmt import scoring
from nmt.checkpoint import write
from nmt.pictures import Attention, Curves, attend, curves_of, draw_attention, draw_by_length, draw_curves, showable
from nmt.scoring import Bin, Score

SAMPLES, MAPS = 8, 3
ATTENTION = "Attention: for each word of the translation, dark where in the source the decoder looked"
MAPPED_LENGTH = 10  # words of a sentence that makes a good attention map

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ddd; }
td { overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
figure { margin: 1.5rem 0; }
svg { max-width: 100%; height: auto; }
.score { font-size: 1.3rem; }
code { color: #555; overflow-wrap: anywhere; }
</style>
<h1>$title</h1>
$body
</html>
""")


class Sample(NamedTuple):
    """A sentence and two translations of it."""

    source: str
    reference: str
    translation: str
    chrf: float


def report_on(
    folder: Path,
    title: str,
    model: Any,
    log: Iterable[Mapping[str, Any]],
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[str],
) -> Score:
    """Score translations of a model and write all pictures and report.html into a folder.

    Args:
        folder: where to; it is made if it isn't there.
        title: what was trained.
        model: an NMT.
        log: entries of log.jsonl.
        sources, translations, references: lines of text.

    Raises:
        ScoreError: not the same number of all three, or none.
        SaveError: a file can't be written.
    """
    found = scoring.score(translations, references)
    bins = scoring.by_length([len(model.vocab.src.split(text)) for text in sources], translations, references)
    samples = worst_and_best(sources, translations, references)
    maps = [attend(model, sources[i], translations[i]) for i in good_to_map(sources)]
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
    """Write curves.svg, bleu_by_length.svg, attention_1.svg and so on, and report.html; return the path of the last.

    Without a test there is no score, and nothing but the curves to show.
    """
    pictures = {}
    if any(curves):
        pictures["curves.svg"] = ("Training", draw_curves(curves))
    if by_length:
        pictures["bleu_by_length.svg"] = ("BLEU by the length of the source sentence", draw_by_length(by_length))
    for i, one in enumerate(attention, 1):
        pictures[f"attention_{i}.svg"] = ("" if i > 1 else ATTENTION, draw_attention(one))
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, svg) in pictures.items():
        write(folder / name, lambda file, svg=svg: file.write(svg.encode()))
    parts = [
        scores_of(score) if score else "<p>Trained without a test: there are no translations to score and show.",
        *(figure(caption, svg) for caption, svg in pictures.values()),
        table_of(samples),
    ]
    path = folder / "report.html"
    page = PAGE.substitute(title=shown(title), body="\n".join(parts))
    write(path, lambda file: file.write(page.encode()))
    return path


def scores_of(score: Score) -> str:
    """Return scores as a part of a page."""
    return (
        f'<p class="score">BLEU <b>{score.bleu:.2f}</b> ({score.low:.2f} to {score.high:.2f}), chrF {score.chrf:.2f}\n'
        f"<p>{score.sentences} sentences; 95 % interval from resampled sentences."
        f"<br>BLEU <code>{shown(score.signature)}</code><br>chrF <code>{shown(score.chrf_signature)}</code>"
    )


def worst_and_best(
    sources: Sequence[str], translations: Sequence[str], references: Sequence[str], most: int = SAMPLES
) -> list[Sample]:
    """Return the sentences whose translations are least and most like the reference, as many of each; worst first."""
    samples = [
        Sample(source, reference, translation, scoring.sentence_chrf(translation, reference))
        for source, translation, reference in zip(sources, translations, references, strict=True)
    ]
    samples.sort(key=lambda sample: sample.chrf)
    return samples if len(samples) <= 2 * most else samples[:most] + samples[-most:]


def good_to_map(sources: Sequence[str], most: int = MAPS) -> list[int]:
    """Return the places of sentences that are neither too short nor too long for a picture."""
    lengths = {i: len(source.split()) for i, source in enumerate(sources) if source.strip()}
    return sorted(sorted(lengths, key=lambda i: abs(lengths[i] - MAPPED_LENGTH))[:most])


def shown(text: str) -> str:
    """Return a text as HTML shows it."""
    return html.escape(showable(text))


def figure(caption: str, svg: str) -> str:
    """Return a picture as a part of a page, with a heading if there is a caption."""
    heading = f"<h2>{shown(caption)}</h2>\n" if caption else ""
    return f"{heading}<figure>{inline(svg)}</figure>"


def inline(svg: str) -> str:
    """Return an SVG file as a part of a page: without what says that it is a file."""
    return svg[svg.index("<svg") :].rstrip()


def table_of(samples: Sequence[Sample]) -> str:
    """Return samples side by side; each text runs in the direction of its own letters."""
    if not samples:
        return ""
    rows = (
        "<tr>"
        + "".join(f'<td dir="auto">{shown(text)}</td>' for text in (s.source, s.reference, s.translation))
        + f'<td class="number">{s.chrf:.1f}</td></tr>'
        for s in samples
    )
    head = "<tr><th>source</th><th>reference</th><th>translation</th><th>chrF</th></tr>"
    return (
        f"<h2>Translations that are least and most like the reference</h2>\n<table>\n{head}\n"
        + "\n".join(rows)
        + "\n</table>"
    )
