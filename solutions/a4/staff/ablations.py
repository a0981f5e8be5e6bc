"""Ablations: the BLEU of the model with one part replaced or left out.

python solutions/a4/staff/ablations.py                 all variants on a toy language pair: half an hour on a CPU
python solutions/a4/staff/ablations.py dot additive    only these; `--help` lists all

All variants start from the same seed and train on the same batches for the same number of updates. After each variant
the tables ablations.md and ablations.csv and the plot ablations.svg are written to the folder. A stopped run resumes:
finished variants are not trained again, and an unfinished one continues from its last checkpoint.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[1:1] = [str(Path(__file__).resolve().parents[3] / part / "a4") for part in ("solutions", "assignments")]

import torch

from nmt.batches import indexed
from nmt.corpus import Corpus, CorpusError
from nmt.datasets import load_corpus
from nmt.losses import evaluate_ppl
from nmt.optimization import DeviceError, device_named
from nmt.recipe import TOY, Recipe, initialise, vocabulary
from nmt.scoring import bleu, score
from nmt.search import translate
from nmt.tracking import Report
from nmt.training import Diverged, train
from sanity.training.atomic import SaveError, write_atomically
from sanity.training.checkpoint import CheckpointError, crc
from sanity.training.options import at_least
from sanity.training.plots import COLORS, svg_of
from sanity.training.recipe import RecipeError
from sanity.training.tracking import Progress, ValidationResult
from variants import VARIANTS, VariantNMT
from vocab import VocabError

PrintLine = Callable[[str], object]
"""Called with one line about the progress."""


class AblationError(ValueError):
    """An unknown variant, or an unusable output folder. The message is one line."""


@dataclass(frozen=True)
class Row:
    """The result of a variant."""

    variant: str
    about: str
    bleu: float
    """Of test, by beam search."""
    low: float
    high: float
    """With low, sacreBLEU's 95 % confidence interval."""
    dev_bleu: float
    """The best one; test is translated with its weights."""
    dev_perplexity: float
    weights: int
    updates: int
    seconds: float
    signature: str


def ablations(
    names: Sequence[str],
    corpus: Corpus,
    recipe: Recipe,
    seed: int,
    folder: Path,
    print_line: PrintLine = print,
    device: torch.device | None = None,
) -> list[Row]:
    """Train variants of the model, each in its own subfolder, and write the tables and the plot.

    Args:
        names: the names of the variants, keys of VARIANTS.
        corpus: the corpus to train and test on.
        recipe: the hyper-parameters of all variants; max_updates gives all the same number of updates.
        seed: random seed of initial weights, batch order and dropout.
        folder: the output folder. Variants that an earlier call finished there are not trained again.
        print_line: called with one line for each validation and each result.
        device: where to compute, the CPU by default.

    Returns:
        The results, in the order of names.

    Raises:
        AblationError: an unknown variant; the folder is a file, or belongs to another recipe or corpus.
    """
    unknown = [name for name in names if name not in VARIANTS]
    if unknown or not names:
        raise AblationError(f"no variant {', '.join(unknown) or 'named'}; expected some of {', '.join(VARIANTS)}")
    if folder.exists() and not folder.is_dir():
        raise AblationError(
            f"{folder}: a file; expected a new folder or that of an earlier call: name another with --out"
        )
    recipe = replace(recipe, seed=seed)
    rows = []
    for name in names:
        rows.append(_result(name, corpus, recipe, folder / name, print_line, device or torch.device("cpu")))
        print_line(f"{name}: BLEU {rows[-1].bleu:.1f} ({rows[-1].low:.1f} to {rows[-1].high:.1f}), {rows[-1].about}")
        _write(rows, folder)
    return rows


def _result(
    name: str, corpus: Corpus, recipe: Recipe, folder: Path, print_line: PrintLine, device: torch.device
) -> Row:
    """Return the result of a variant, from the folder or by training. Raises AblationError."""
    made_of = {"recipe": asdict(recipe), "corpus": f"{corpus.name} {crc(corpus)}"}
    path, origin = folder / "result.json", folder / "made_of.json"
    if origin.exists() and json.loads(origin.read_text(encoding="utf-8")) != made_of:
        raise AblationError(f"{folder}: made with another recipe or corpus; name another folder, or remove this one")
    if path.exists():
        return Row(**json.loads(path.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(origin, lambda file: file.write(json.dumps(made_of, indent=2).encode()))
    row = _train(name, corpus, recipe, folder, print_line, device)
    write_atomically(path, lambda file: file.write(json.dumps(asdict(row), indent=2).encode()))
    return row


def _train(name: str, corpus: Corpus, recipe: Recipe, folder: Path, print_line: PrintLine, device: torch.device) -> Row:
    """Train a variant, from its last checkpoint if there is one, and score it on test."""
    vocab = vocabulary(corpus.train.source, corpus.train.target, recipe)
    torch.manual_seed(recipe.seed)
    model = VariantNMT(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout, VARIANTS[name])
    initialise(model, recipe)
    dev_pairs = indexed(corpus.dev, vocab)

    def validate(model: Any, progress: Progress) -> ValidationResult:
        dev_bleu = bleu(translate(model, corpus.dev.source, beam_size=1), corpus.dev.target)
        scalars = {"perplexity/dev": evaluate_ppl(model, dev_pairs), "bleu/dev": dev_bleu}
        return ValidationResult(dev_bleu, scalars)

    trained = train(
        model, indexed(corpus.train, vocab), recipe, validate, _Lines(name, print_line), folder, device, resume=True
    )
    translations = translate(model, corpus.test.source, recipe.beam_size, recipe.max_decoding_time_step)
    test = score(translations, corpus.test.target)
    return Row(
        variant=name,
        about=VARIANTS[name].about,
        bleu=test.bleu,
        low=test.low,
        high=test.high,
        dev_bleu=trained.best_score,
        dev_perplexity=evaluate_ppl(model, dev_pairs),
        weights=sum(weight.numel() for weight in model.parameters()),
        updates=trained.progress.update,
        seconds=trained.progress.seconds,
        signature=test.signature,
    )


class _Lines:
    """The tracker of the training loop: prints one line for each validation."""

    def __init__(self, name: str, print_line: PrintLine) -> None:
        self._name, self._print = name, print_line

    def begin(self, update: int, updates: int) -> None:
        self._print(
            f"{self._name}: {VARIANTS[self._name].about}" + (f", resuming after update {update}" if update else "")
        )

    def step(self, update: int) -> bool:
        return False

    def log(self, report: Report) -> None:
        pass

    def validated(self, progress: Progress, result: ValidationResult, improved: bool) -> None:
        perplexity = result.scalars["perplexity/dev"]
        self._print(f"{self._name}: update {progress.update}, dev BLEU {result.score:.1f}, perplexity {perplexity:.2f}")

    def say(self, line: str) -> None:
        self._print(f"{self._name}: {line}")


def _write(rows: Sequence[Row], folder: Path) -> None:
    """Write the tables and the plot. Raises SaveError."""
    for ending, text in (("md", markdown(rows)), ("csv", comma_separated(rows)), ("svg", plot(rows))):
        write_atomically(folder / f"ablations.{ending}", lambda file, text=text: file.write(text.encode()))


def markdown(rows: Sequence[Row]) -> str:
    """Return the results as a Markdown table."""
    head = ("variant", "BLEU on test", "95 % interval", "perplexity of dev", "weights", "seconds", "what it is")
    lines = [head, ("---", "--:", ":-:", "--:", "--:", "--:", "---")]
    for row in rows:
        interval = f"{row.low:.1f} to {row.high:.1f}"
        numbers = (f"{row.bleu:.1f}", interval, f"{row.dev_perplexity:.2f}", f"{row.weights:,}", f"{row.seconds:.0f}")
        lines.append((row.variant, *numbers, row.about))
    notes = sorted({f"{row.updates} updates each; {row.signature}" for row in rows})
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *notes, ""])


def comma_separated(rows: Sequence[Row]) -> str:
    """Return the results as CSV."""
    written = io.StringIO()
    table = csv.DictWriter(written, list(Row.__dataclass_fields__), lineterminator="\n")
    table.writeheader()
    table.writerows(map(asdict, rows))
    return written.getvalue()


def plot(rows: Sequence[Row]) -> str:
    """Return a bar chart of BLEU with confidence intervals, as SVG."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        heights = [row.bleu for row in rows]
        around = [[row.bleu - row.low for row in rows], [row.high - row.bleu for row in rows]]
        bars = axes.barh([row.variant for row in rows], heights, xerr=around, color=COLORS["train"], ecolor="#444444")
        axes.bar_label(bars, [f"{height:.1f}" for height in heights], padding=4)
        axes.invert_yaxis()
        axes.set(xlabel="BLEU on test", xlim=(0, 112))

    return svg_of(draw, 6.4, 0.9 + 0.34 * len(rows))


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status."""
    expected = (AblationError, CorpusError, DeviceError, CheckpointError, Diverged, RecipeError, SaveError, VocabError)
    top = argparse.ArgumentParser(
        prog="ablations.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:18}{variant.about}" for name, variant in VARIANTS.items()),
    )
    top.add_argument("names", nargs="*", metavar="VARIANT", help="default: all")
    top.add_argument("--data", default="toy", help="toy, multi30k, tatoeba, or a folder (default: toy)")
    top.add_argument(
        "--seed", type=int, default=0, help="random seed of training and of the toy languages (default: 0)"
    )
    top.add_argument("--updates", type=at_least(1), help=f"updates of each variant (default: {TOY.max_updates} on toy)")
    top.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:1 (default: auto)")
    top.add_argument("-o", "--out", type=Path, default=Path("ablations"), help="output folder (default: ablations)")
    args = top.parse_args(argv)
    warnings.filterwarnings("ignore", "Using padding='same'")  # 1c wants an even kernel
    recipe = TOY if args.data == "toy" else Recipe()
    try:
        if args.updates is not None:
            recipe = replace(recipe, max_updates=args.updates)
        corpus, device = load_corpus(args.data, args.seed), device_named(args.device)
        ablations(args.names or list(VARIANTS), corpus, recipe, args.seed, args.out, device=device)
    except expected as error:
        print(f"ablations.py: {error}", file=sys.stderr)
    except OSError as error:
        print(f"ablations.py: {error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("ablations.py: stopped; the same command resumes from the last checkpoint", file=sys.stderr)
    else:
        print(f"table and plot: {args.out / 'ablations.md'}, {args.out / 'ablations.svg'}")
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
