"""What a training looks like afterwards: curves, BLEU by length, attention maps.

All are SVG, as text: the same numbers give the same bytes, and a browser shows each word in a font that has its
letters, in the direction that they are written.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nmt.scoring import Bin

Line = Sequence[tuple[int, float]]
"""Updates and what was measured then."""

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "trivium",  # ids would be drawn at random otherwise
    "text.parse_math": False,  # "$5 or $6" is no formula
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
COLORS = {"train": "#2a6f9e", "dev": "#d1661f"}
FEW = 30  # points, each of which gets a mark
LONGEST_WORD = 20  # letters shown on an axis
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters: XML has no place for them, or they would turn the text around them."""


class Curves(NamedTuple):
    """What was measured while training."""

    loss: Line = ()
    """Of the training batches, per sentence."""
    perplexity: Line = ()
    """Of the training batches."""
    dev_perplexity: Line = ()
    dev_bleu: Line = ()


class Attention(NamedTuple):
    """Where the decoder looked while it wrote each word."""

    source: list[str]
    target: list[str]
    """</s> included."""
    weights: list[list[float]]
    """For each target word the share of each source word; they add up to 1."""


def curves_of(log: Iterable[Mapping[str, Any]]) -> Curves:
    """Return the curves that are in the entries of log.jsonl; what is not finite is left out."""
    entries = list(log)
    return Curves(
        *(
            [(entry["update"], entry[key]) for entry in entries if math.isfinite(entry.get(key, math.nan))]
            for key in ("loss", "perplexity", "perplexity/dev", "bleu/dev")
        )
    )


def attend(model: Any, source: str, translation: str) -> Attention:
    """Return where the decoder looks when it is made to write a translation: the softmax of step's e_t.

    Args:
        model: an NMT.
        source: a line of text with at least one word.
        translation: a line of text.
    """
    import torch

    from nmt.beams import begin
    from nmt.search import evaluating

    source_words, target_words = model.vocab.src.split(source), model.vocab.tgt.split(translation)
    weights = []
    with evaluating(model), torch.inference_mode():
        looked_at, beams = begin(model, [model.vocab.src.words2indices(source_words)])
        h, c, o_t = beams.memory
        for word in ["<s>", *target_words]:
            index = torch.tensor([model.vocab.tgt[word]], device=h.device)
            Ybar_t = torch.cat((model.model_embeddings.target(index), o_t), dim=1)
            (h, c), o_t, e_t = model.step(Ybar_t, (h, c), *looked_at)
            weights.append(torch.softmax(e_t[0].float(), dim=0).tolist())
    return Attention(source_words, [*target_words, "</s>"], weights)


def draw_curves(curves: Curves) -> str:
    """Draw the loss, the perplexity of training and dev, and BLEU of dev, by update: at least one of them."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    panels: dict[str, dict[str, Line]] = {
        "loss per sentence": {"train": curves.loss},
        "perplexity": {"train": curves.perplexity, "dev": curves.dev_perplexity},
        "BLEU": {"dev": curves.dev_bleu},
    }
    panels = {name: lines for name, lines in panels.items() if any(lines.values())}

    def draw(figure: Figure) -> None:
        for axes, (name, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
            for label, line in ((label, line) for label, line in lines.items() if line):
                mark = "." if len(line) < FEW else None
                axes.plot(*zip(*line, strict=True), label=label, color=COLORS[label], marker=mark)
            axes.set(title=name, xlabel="updates")
            axes.set_xlim(left=0)
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            if name == "perplexity":
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_minor_locator(NullLocator())
                axes.yaxis.set_major_formatter("{x:g}")
            else:
                axes.set_ylim(bottom=0)
            axes.legend(frameon=False)

    return svg_of(draw, 3.2 * len(panels), 2.6)


def draw_by_length(bins: Sequence[Bin]) -> str:
    """Draw BLEU of short and long sentences, and how many there were."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        bars = axes.bar(range(len(bins)), [b.bleu for b in bins], color=COLORS["train"])
        axes.bar_label(bars, [f"{b.bleu:.1f}" for b in bins], padding=2)
        names = [f"{b.low}–{b.high}" if b.low < b.high else f"{b.low}" for b in bins]
        labels = [f"{name}\n{b.sentences:,}" for name, b in zip(names, bins, strict=True)]
        axes.set_xticks(range(len(bins)), labels)
        axes.set(xlabel="words of the source sentence, and how many sentences", ylabel="BLEU", ylim=(0, 108))

    return svg_of(draw, 1.6 + 0.75 * len(bins), 2.8)


def draw_attention(attention: Attention) -> str:
    """Draw where the decoder looked: source words across, target words downwards, dark for a large share."""
    across, down = ([label_of(word) for word in words] for words in (attention.source, attention.target))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.pcolormesh(attention.weights, cmap="Blues", vmin=0, vmax=1, edgecolors="face", linewidth=0.2)
        axes.invert_yaxis()
        axes.xaxis.tick_top()
        axes.set_xticks([i + 0.5 for i in range(len(across))], across, rotation=90)
        axes.set_yticks([i + 0.5 for i in range(len(down))], down)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    beside, above = (0.5 + 0.1 * max(map(len, labels)) for labels in (down, across))
    return svg_of(draw, beside + 0.3 * len(across), above + 0.26 * len(down))


def svg_of(draw: Callable[[Figure], None], width: float, height: float) -> str:
    """Return what draw(figure) draws, as SVG; width and height in inches."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    written = io.StringIO()
    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing")  # the browser has other fonts
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()


def label_of(word: str) -> str:
    """Return a word as an axis shows it."""
    word = showable(word)
    return word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + "…"


def showable(text: str) -> str:
    """Return a text with a mark in place of each character that a picture or a page can't have."""
    return UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text)
