"""The report of a training, one HTML page: scores, plots, translations next to their references, and how to repeat it.

The same training gives the same page, to the byte, but for the rows "finished" and "training time".
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sanity.nmt import plots

if TYPE_CHECKING:
    import torch

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

Facts = Mapping[str, Sequence[tuple[str, ...]]]
"""The table "This training": rows by their heading, each a name, a value, and perhaps its meaning."""


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
    attention: Sequence[plots.Attention] = (),
    by_length: Sequence[plots.Bin] = (),
) -> dict[str, str]:
    """Return the contents, by name, of curves.svg, bleu_by_length.svg, attention_1.svg, … and report.html.

    Args:
        title: the heading of the page.
        facts: see `facts_of`.
        curves: of the log.
        score: a `Score` of nmt/scoring.py; None without a test set, and then only the curves are shown.
        samples: translations to read.
        attention: of translations.
        by_length: BLEU by source length.
    """
    drawn = {"curves.svg": plots.draw_curves(curves)} if any(curves) else {}
    drawn |= {"bleu_by_length.svg": plots.draw_by_length(by_length)} if by_length else {}
    drawn |= {f"attention_{i}.svg": plots.draw_attention(one) for i, one in enumerate(attention, 1)}
    return {**drawn, "report.html": page_of(title, score, drawn, samples, facts)}


def page_of(title: str, score: Any, drawn: Mapping[str, str], samples: Sequence[Sample], facts: Facts) -> str:
    """Return the HTML page, which loads nothing from elsewhere; any text is safe in it. drawn: SVG by file name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["displayable"] = plots.displayable
    template = environment.get_template("report.html.jinja")
    return template.render(title=title, score=score, plots=drawn, captions=CAPTIONS, samples=samples, facts=facts)


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


def facts_of(
    argv: Sequence[str],
    corpus: Any,
    model: Any,
    recipe: Any,
    checksums: Mapping[str, str],
    device: torch.device,
    trained: Any,
) -> Facts:
    """Return the table "This training": what is needed to get the same numbers again, and how long it took.

    Args:
        argv: the arguments of run.py.
        corpus: a `Corpus` of nmt/corpus.py.
        model: the trained NMT.
        recipe: a `Recipe` of nmt/recipe.py.
        checksums: of "vocabulary", "training pairs", "pairs of dev" and "test pairs", each a number of things, then the
            CRC-32 of them: see `fingerprint` in nmt/checkpoint.py.
        device: where it was trained.
        trained: a `TrainingResult` of nmt/training.py.
    """
    import torch

    progress = trained.progress
    versions = {name: version_of(name) for name in LIBRARIES}
    hyperparameters = {one: getattr(recipe, one.name) for one in fields(recipe)}
    return {
        "Run": [
            ("command", shlex.join(("python", "run.py", *argv))),
            ("seed", f"{recipe.seed}"),
            ("updates", f"{progress.update}, the last in epoch {progress.epoch}"),
            ("best weights", f"of update {trained.best_update}", "saved in the model, and used for test"),
            ("finished", in_words(datetime.now().astimezone())),
            ("training time", duration(progress.seconds), "with validation, without the translation of test"),
        ],
        "Data": [
            ("name", f"{corpus.name}, {corpus.src} to {corpus.tgt}"),
            ("training pairs", checksums["training pairs"], "number, and CRC-32 of what the model read"),
            ("dev pairs", checksums["pairs of dev"], "the same"),
            ("test pairs", checksums["test pairs"], "the same"),
            ("vocabulary", checksums["vocabulary"], "of the source and of the target, and CRC-32"),
            ("weights", f"{sum(weight.numel() for weight in model.parameters())}", "numbers to learn"),
        ],
        "Machine": [
            ("device", device_in_words(device)),
            ("threads", f"{torch.get_num_threads()}", "of the CPU; another number rounds sums differently"),
            ("system", f"{platform.system()} {platform.machine()}"),
        ],
        "Versions": [
            ("Python", platform.python_version()),
            *((name, installed) for name, installed in versions.items() if installed),
        ],
        "Recipe": [
            (f"--{one.name.replace('_', '-')}", "no limit" if value is None else f"{value}", one.metadata["help"])
            for one, value in hyperparameters.items()
        ],
    }


def device_in_words(device: torch.device) -> str:
    """Return the device and its kind: `cpu, AVX2` or `cuda, NVIDIA H200, CUDA 12.8`."""
    import torch

    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
    return f"{device}, {torch.backends.cpu.get_cpu_capability()}"


def version_of(package: str) -> str | None:
    """Return the version of an installed package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def in_words(time: datetime) -> str:
    """Return a time with its zone in words: `Sunday 29 November 2026, 12:35 CET`."""
    return f"{time:%A} {time.day} {time:%B %Y, %H:%M %Z}"


def duration(seconds: float) -> str:
    """Return a number of seconds in words: `7.3 s`, `1 min 23 s` or `2 h 5 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
