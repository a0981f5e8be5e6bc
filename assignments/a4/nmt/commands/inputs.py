"""From the options of a command to a corpus, a recipe and a new model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nmt.recipe import PRESETS, Recipe, recipe_for
from sanity.training.commands import UsageError, save_files
from sanity.training.options import changed

if TYPE_CHECKING:
    import torch

    from nmt.batches import Pair
    from nmt.corpus import Corpus

PACKAGES = ("sacrebleu", "matplotlib", "jinja2", "tqdm", "torch", "numpy")
"""The packages that training requires."""


class Inputs(NamedTuple):
    """What a training starts from."""

    recipe: Recipe
    device: torch.device
    corpus: Corpus
    pairs: list[Pair]  # of train, as word indices
    dev: list[Pair]
    model: Any  # an NMT with its first weights, on the CPU


def inputs_of(args: argparse.Namespace, recipe: Recipe, device: torch.device) -> Inputs:
    """Read the corpus, and make the vocabulary and the model. Raises CorpusError, UsageError, VocabError."""
    import torch

    from nmt.batches import check_coverage, indexed
    from nmt.corpus import CorpusError, note
    from nmt.recipe import initialise, vocabulary
    from nmt_model import NMT
    from vocab import Vocab

    if recipe.mixed_precision == "bf16" and device.type != "cuda":
        note(f"--mixed-precision bf16 needs a GPU of NVIDIA's kind: the {device} computes in 32 bits")
    corpus = corpus_of(args, recipe.seed)
    vocab = (
        Vocab.load(existing(args.vocab)) if args.vocab else vocabulary(corpus.train.source, corpus.train.target, recipe)
    )
    pairs, dev = indexed(corpus.train, vocab), indexed(corpus.dev, vocab)
    for part, usable in (("train", pairs), ("dev", dev)):
        if not usable:
            raise CorpusError(f"{part}: no pair is left; expected sentences of at most 100 words")
    if args.vocab:
        check_coverage(vocab, pairs, args.vocab)
    torch.manual_seed(recipe.seed)
    model = NMT(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout)
    initialise(model, recipe)
    return Inputs(recipe, device, corpus, pairs, dev, model)


def set_threads(number: int | None) -> None:
    """Set the number of CPU threads; None leaves PyTorch's choice. For small matrices one thread is the fastest."""
    import torch

    if number:
        torch.set_num_threads(number)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe for the data, changed by the preset and the options that are given. Raises RecipeError."""
    return changed(recipe_for("" if args.train_src else args.data or "toy"), PRESETS, args)


def is_toy(args: argparse.Namespace) -> bool:
    """Return whether the data is the toy language pair."""
    return args.data in ("toy", None) and args.train_src is None


def corpus_of(args: argparse.Namespace, seed: int) -> Corpus:
    """Return the corpus of --data, or of --train-src and the other files. Raises CorpusError, UsageError."""
    from nmt.corpus import Corpus, Texts, read_texts
    from nmt.datasets import load_corpus

    files = files_of(args)
    if not any(path for pair in files.values() for path in pair):
        return load_corpus(args.data or "toy", seed)
    if args.data is not None:
        raise UsageError(f"--data {args.data}: expected no files named by --train-src and the like; leave one out")
    for part, pair in files.items():
        if None in pair and (part != "test" or pair != (None, None)):
            raise UsageError(f"--{part}-src and --{part}-tgt: expected both; --train-… and --dev-… are needed")
    texts = {part: read_texts(*pair) if pair[0] else Texts([], []) for part, pair in files.items()}
    languages = (path.name.removesuffix(".gz").rpartition(".")[2] for path in files["train"])
    return Corpus(args.train_src.resolve().parent.name, *languages, **texts)


def files_of(args: argparse.Namespace) -> dict[str, tuple[Path | None, Path | None]]:
    """Return the source and the target file of each part, None for those not given."""
    return {part: (getattr(args, f"{part}_src"), getattr(args, f"{part}_tgt")) for part in ("train", "dev", "test")}


def existing(path: Path) -> Path:
    """Return the path of a model or a vocabulary. Raises UsageError: there is no such file."""
    if not path.exists():
        raise UsageError(f"{path}: no such file")
    return path


def save_lines(path: Path, lines: list[str]) -> None:
    """Write lines of text to a file atomically. Raises SaveError."""
    save_files(path.parent, {path.name: "".join(f"{line}\n" for line in lines)})
