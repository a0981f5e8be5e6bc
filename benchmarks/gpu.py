"""Assignment 4 on a GPU, all that is to be known of it, in one call: `python -m benchmarks.gpu --data multi30k`.

It prints one Markdown table, and writes it to a file with --out: words a second with the decoder's loop as it is and
recorded as CUDA graphs (solutions/a4/staff/cuda_graphs.py), with the share of the GPU's peak in products of 16-bit
matrices; how far the losses of recordings, in 32 and in 16 bits, stray from those in 32 bits, as it is; the time to
BLEU 33 on test and the best BLEU within --minutes; and sentences translated a second. --compile adds what
`torch.compile` makes of the loop instead, which takes it minutes to prepare for each shape. `--device cpu --tiny` runs
all of it on the toy pair in a minute; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.measuring import Row, folders_of

NO_GPU = (
    f"benchmarks.gpu: PyTorch {torch.__version__} finds no GPU here; run it on a machine with one, "
    "or try the script with --device cpu --tiny"
)
BLEU = 33.0
"""The BLEU on test that is waited for; the aim is 36."""


@dataclass(frozen=True)
class Sizes:
    """How large everything is."""

    large: tuple[int, int]
    """Embedding and hidden size where speed is measured: the course's large model."""
    trained: dict[str, Any]
    """The recipe for BLEU."""
    batch: int
    updates: int
    """For words a second."""
    compared: int
    """Updates whose losses are compared."""
    side: int
    """Of the square matrices whose product is the peak."""
    sentences: int
    """Most sentences of test to translate for the speed."""
    subwords: int
    """Pieces in a vocabulary; 0: words."""


FULL = Sizes(
    large=(1024, 768),
    trained={
        "embed_size": 512, "hidden_size": 512, "dropout": 0.4, "lr": 1e-3, "batch_size": 64, "label_smoothing": 0.1,
        "max_epoch": 200, "valid_niter": 450, "patience": 2, "max_num_trial": 8, "mixed_precision": "bf16",
    },
    batch=128, updates=200, compared=200, side=8192, sentences=1000, subwords=8000,
)  # fmt: skip
TINY = Sizes(
    large=(16, 12),
    trained={"embed_size": 32, "hidden_size": 32, "lr": 5e-3, "valid_niter": 60, "max_epoch": 3},
    batch=16, updates=5, compared=5, side=256, sentences=20, subwords=0,
)  # fmt: skip


class Bench:
    """A corpus, indexed, on a device."""

    def __init__(self, corpus: Any, sizes: Sizes, device: torch.device) -> None:
        from nmt.batches import indexed
        from vocab import Vocab

        self.corpus, self.sizes, self.device = corpus, sizes, device
        self.vocab = Vocab.from_texts(
            *(corpus.train.source, corpus.train.target), size=sizes.subwords or None, subwords=bool(sizes.subwords)
        )
        self.pairs = indexed(corpus.train, self.vocab)

    def model(self, size: tuple[int, int], dropout: float, recorded: bool = False) -> Any:
        """Return a new model on the device, always with the same weights; recorded: FastNMT, which uses CUDA graphs."""
        from fast_nmt import FastNMT
        from nmt_model import NMT

        torch.manual_seed(0)
        return (FastNMT if recorded else NMT)(*size, self.vocab, dropout).to(self.device)

    def batches(self, number: int) -> list[Any]:
        """Return the first batches of training, on the device."""
        from nmt.batches import batch_iter

        pads = (self.vocab.src["<pad>"], self.vocab.tgt["<pad>"])
        epochs = (batch_iter(self.pairs, self.sizes.batch, pads, 0, epoch) for epoch in itertools.count())
        return [batch.to(self.device) for batch in itertools.islice(itertools.chain.from_iterable(epochs), number)]

    def wait(self) -> float:
        """Wait until the device has done all that it was asked for, and return the time."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def losses(self, model: Any, mixed: str, batches: Sequence[Any]) -> list[Tensor]:
        """Train on batches; return the mean loss of a word in each."""
        from nmt.optimization import ModelOptimizer
        from nmt.recipe import Recipe

        optimizer = ModelOptimizer(model, Recipe(mixed_precision=mixed), self.device, len(batches))
        return [optimizer.step(batch, 5e-4) / batch.words for batch in batches]


def rows(repeats: int = 1) -> list[Row]:
    """Measure all but torch.compile on multi30k, once, for `python -m benchmarks gpu`."""
    sys.path.extend(folders_of("a4"))
    warnings.filterwarnings("ignore", message="Using padding='same'")
    from nmt.datasets import load_corpus

    device = device_of("cuda")
    if device is None:
        raise SystemExit(NO_GPU)
    found = everything(Bench(load_corpus("multi30k"), FULL, device), minutes=10, compiled=False)
    return [Row(what, "", aside=value) for what, value in found]


def everything(bench: Bench, minutes: float, compiled: bool) -> list[tuple[str, str]]:
    """Measure everything: what, and how much."""
    found = [*speeds(bench, compiled), *curves(bench)]
    print(*(f"| {what} | {value} |" for what, value in found), sep="\n", flush=True)  # should what follows be cut off
    learnt, model = learning(bench, minutes)
    return [*found, *learnt, decoding(bench, model)]


def speeds(bench: Bench, compiled: bool) -> list[tuple[str, str]]:
    """Measure training words a second of the large model, in each way to run the decoder."""
    from benchmarks.training import operations

    ways = {"as it is, 32 bits": "off", "as it is, bf16": "bf16", "recorded, bf16": "bf16"}
    if compiled:
        ways["compiled, bf16"] = "bf16"
    peak = products(bench)
    found = [("peak in products of bf16 matrices", f"{peak / 1e12:.3g} TFLOP/s")]
    batches = bench.batches(bench.sizes.updates)
    each = operations(bench.sizes.large, batches, len(bench.vocab.tgt))
    for way, mixed in ways.items():
        model = bench.model(bench.sizes.large, dropout=0.3, recorded=way.startswith("recorded"))
        if way.startswith("compiled"):
            model.decode = torch.compile(model.decode)
        bench.losses(model, mixed, batches)  # warm: the shapes are recorded
        started = bench.wait()
        bench.losses(model, mixed, batches)
        speed = sum(batch.words for batch in batches) / (bench.wait() - started)
        share = f"{speed * each / peak:.1%} of the peak"
        found.append((f"training, e {bench.sizes.large[0]}, h {bench.sizes.large[1]}, {way}", said(speed, share)))
        del model
        gc.collect()  # a recording refers to itself
    return found


def said(speed: float, share: str) -> str:
    """Return a speed in words."""
    return f"{speed:,.0f} words/s, {share}"


def products(bench: Bench) -> float:
    """Return the operations a second in the product of two large bf16 matrices."""
    side = bench.sizes.side
    a, b = torch.randn(2, side, side, device=bench.device).bfloat16()
    seconds = []
    for _ in range(100 if bench.device.type == "cuda" else 3):
        started = bench.wait()
        a @ b
        seconds.append(bench.wait() - started)
    return 2 * side**3 / min(seconds)


def curves(bench: Bench) -> list[tuple[str, str]]:
    """Compare the losses of plain 32 bits with those of recordings, from the same weights on the same batches."""
    batches = bench.batches(bench.sizes.compared)
    found = {}
    for way, mixed in {"as it is": "off", "recorded 32 bits": "off", "recorded bf16": "bf16"}.items():
        model = bench.model(bench.sizes.large, dropout=0.0, recorded=way.startswith("recorded"))
        found[way] = torch.stack(bench.losses(model, mixed, batches))
        del model
        gc.collect()  # a recording refers to itself
    plain = found.pop("as it is")
    return [
        (
            f"losses of {len(batches)} updates: {way} and 32 bits as it is differ by",
            f"{((losses - plain).abs() / plain).max().item():.2%} at most",
        )
        for way, losses in found.items()
    ]


def learning(bench: Bench, minutes: float) -> tuple[list[tuple[str, str]], Any]:
    """Train for BLEU; test is translated at each look, and decides nothing. Return what came out, and the model."""
    from benchmarks.decoding import Silent
    from nmt.recipe import Recipe, initialise
    from nmt.scoring import bleu
    from nmt.search import translate
    from nmt.training import train
    from sanity.training.tracking import ValidationResult

    corpus, looks = bench.corpus, []
    recipe = replace(Recipe(), **bench.sizes.trained)
    model = bench.model((recipe.embed_size, recipe.hidden_size), recipe.dropout)
    initialise(model, recipe)

    def validate(model: Any, progress: Any) -> Any:
        on_dev, on_test = (
            bleu(translate(model, texts.source, batch_size=256), texts.target) for texts in (corpus.dev, corpus.test)
        )
        looks.append((progress.seconds, on_dev, on_test, progress.update))
        print(f"{progress.seconds:6.0f} s, update {progress.update}: BLEU dev {on_dev:.1f}, test {on_test:.1f}")
        return ValidationResult(on_dev, {"bleu/dev": on_dev}, enough=progress.seconds >= 60 * minutes)

    with tempfile.TemporaryDirectory() as folder:
        trained = train(model, bench.pairs, recipe, validate, Silent(), Path(folder), bench.device)
    reached = next((f"{seconds:.0f} s" for seconds, _, test, _ in looks if test >= BLEU), "not reached")
    seconds, dev, test, update = max(looks, key=lambda look: look[1])
    shape = f"e {recipe.embed_size}, h {recipe.hidden_size}, batches of {recipe.batch_size}"
    return [
        (f"{corpus.name}: time to BLEU {BLEU:.0f} on test, {shape}", reached),
        (
            f"{corpus.name}: BLEU on test of the model best on dev, within {minutes:g} minutes",
            f"{test:.1f} (dev {dev:.1f}; after {seconds:.0f} s, {update} updates; training ended by {trained.ended})",
        ),
    ], model


def decoding(bench: Bench, model: Any) -> tuple[str, str]:
    """Measure translating test with the trained model."""
    from nmt.search import translate

    texts = bench.corpus.test.source[: bench.sizes.sentences]
    translate(model, texts[:256], beam_size=5, batch_size=256)
    started = bench.wait()
    translate(model, texts, beam_size=5, batch_size=256)
    speed = len(texts) / (bench.wait() - started)
    return f"translating {len(texts)} sentences of test, beam 5, batches of 256", f"{speed:,.0f} sentences/s"


def device_of(name: str) -> torch.device | None:
    """Return the device, or None where it is not."""
    device = torch.device(name)
    return None if device.type == "cuda" and not torch.cuda.is_available() else device


def main(arguments: list[str]) -> int:
    """Measure, print the table and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--data", help="corpus (default: multi30k; with --tiny, toy)")
    parser.add_argument("--minutes", type=float, default=10, help="for training to BLEU (default: 10)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write the table, too")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--compile", action="store_true", help="measure torch.compile, too")
    parser.add_argument("--tiny", action="store_true", help="try the script in a minute")
    args = parser.parse_args(arguments)
    device = device_of(args.device)
    if device is None:
        print(NO_GPU, file=sys.stderr)
        return 2
    sys.path.extend(folders_of("a4"))
    warnings.filterwarnings("ignore", message="Using padding='same'")
    from nmt.corpus import CorpusError
    from nmt.datasets import load_corpus, toy_corpus

    try:
        small = args.tiny and args.data is None
        corpus = toy_corpus(train=1000, dev=20, test=40) if small else load_corpus(args.data or "multi30k")
    except CorpusError as problem:
        print(f"benchmarks.gpu: {problem}", file=sys.stderr)
        return 2
    measured = everything(Bench(corpus, TINY if args.tiny else FULL, device), args.minutes, args.compile)
    chip = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    on = f"{chip}, Python {platform.python_version()}, torch {torch.__version__}, CUDA {torch.version.cuda}"
    lines = ["| what | measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in measured)]
    text = "\n".join([*lines, "", f"{on}.", ""])
    print(text)
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
