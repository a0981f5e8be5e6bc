"""The report of a training, one HTML page: scores, plots, translations next to their references, and how to repeat it.

The same training gives the same page, to the byte, but for the rows "finished" and "training time".
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nmt import plots, scoring
from nmt.atomic import write_atomically
from nmt.recipe import Recipe, option

if TYPE_CHECKING:
    import torch

    from nmt.batches import Pair
    from nmt.corpus import Corpus
    from nmt.training import TrainingResult

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


def report_on(
    folder: Path,
    title: str,
    model: Any,
    log: Iterable[Mapping[str, Any]],
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[str],
    facts: Facts,
) -> scoring.Score:
    """Score the translations of a model, write the plots and report.html into a folder, and return the score.

    Args:
        folder: the output folder; it is made if necessary.
        title: the heading of the page.
        model: an NMT.
        log: the entries of log.jsonl.
        sources, translations, references: lines of text.
        facts: see `facts_of`.

    Raises:
        ScoreError: the three have different lengths, or are empty.
        SaveError: a file can't be written.
    """
    found = scoring.score(translations, references)
    bins = scoring.by_length([len(model.vocab.src.split(text)) for text in sources], translations, references)
    samples = worst_and_best(sources, translations, references)
    maps = [plots.attention_of(model, sources[i], translations[i]) for i in good_to_map(sources)]
    write_report(folder, title, facts, plots.curves_of(log), found, samples, maps, bins)
    return found


def write_report(
    folder: Path,
    title: str,
    facts: Facts,
    curves: plots.Curves,
    score: scoring.Score | None = None,
    samples: Sequence[Sample] = (),
    attention: Sequence[plots.Attention] = (),
    by_length: Sequence[scoring.Bin] = (),
) -> Path:
    """Write curves.svg, bleu_by_length.svg, attention_1.svg, … and report.html; return the path of the page.

    Without a test set there is no score, and only the curves are shown. Raises SaveError.
    """
    drawn = {"curves.svg": plots.draw_curves(curves)} if any(curves) else {}
    drawn |= {"bleu_by_length.svg": plots.draw_by_length(by_length)} if by_length else {}
    drawn |= {f"attention_{i}.svg": plots.draw_attention(one) for i, one in enumerate(attention, 1)}
    path = folder / "report.html"
    files = {**drawn, path.name: page_of(title, score, drawn, samples, facts)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_atomically(folder / name, lambda file, text=text: file.write(text.encode()))
    return path


def page_of(
    title: str, score: scoring.Score | None, drawn: Mapping[str, str], samples: Sequence[Sample], facts: Facts
) -> str:
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
    sources: Sequence[str], translations: Sequence[str], references: Sequence[str], most: int = SAMPLES
) -> list[Sample]:
    """Return the `most` sentences with the lowest chrF and as many with the highest, in ascending order."""
    samples = [
        Sample(source, reference, translation, scoring.sentence_chrf(translation, reference))
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
    corpus: Corpus,
    model: Any,
    recipe: Recipe,
    pairs: Sequence[Pair],
    dev: Sequence[Pair],
    device: torch.device,
    trained: TrainingResult,
) -> Facts:
    """Return the table "This training": what is needed to get the same numbers again, and how long it took.

    Args:
        argv: the arguments of run.py.
        corpus: the text.
        model: the trained NMT.
        recipe: the hyper-parameters.
        pairs, dev: the pairs of train and of dev that were used, as word indices.
        device: where it was trained.
        trained: how training ended.
    """
    import torch

    from nmt.checkpoint import crc, fingerprint

    marks = fingerprint(model, pairs, recipe, dev)  # a number of things, then the CRC-32 of them
    progress, test = trained.progress, corpus.test
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
            ("training pairs", marks["training pairs"], "number, and CRC-32 of what the model read"),
            ("dev pairs", marks["pairs of dev"], "the same"),
            ("test pairs", f"{len(test)}, {crc((test.source, test.target))}" if len(test) else "none", "the same"),
            ("vocabulary", marks["vocabulary"], "of the source and of the target, and CRC-32"),
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
            (option(one.name), "no limit" if value is None else f"{value}", one.metadata["help"])
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
