"""Train a translation model, or translate with one.

python run.py train                       the toy language pair, in one or two minutes, into ./trained
python run.py train --data multi30k       German to English, faster on a GPU; --data FOLDER for your own text
python run.py decode trained/model.bin SOURCE TARGET OUTPUT      translate a file, and score it

Both use your answers to 1b to 1f. `python run.py train --help` lists all options. The exit status is 0
if all went well, 2 if the command line is wrong, such as a file that isn't there, and 1 for any other failure.
"""

from __future__ import annotations

import os
import signal
import sys

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:

    def stop(*_: object) -> None:
        """Exit at Ctrl-C during the imports: KeyboardInterrupt in one would print a traceback, or be lost."""
        os.write(2, b"run.py: stopped\n")
        os._exit(130)

    signal.signal(signal.SIGINT, stop)

import argparse
import re
import threading
import warnings
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmt.recipe import Recipe, RecipeError, parser, recipe_for

if TYPE_CHECKING:
    from nmt.batches import Pair
    from nmt.corpus import Corpus, Texts
    from nmt.training import Validate
    from sanity.nmt.report import Facts

PACKAGES = ("sanity.nmt", "sacrebleu", "matplotlib", "jinja2", "tqdm", "torch", "numpy")
"""The packages that training requires."""

TOO_LARGE = re.compile("allocate memory|not enough memory|size calculation overflowed")
"""PyTorch's messages for a tensor that doesn't fit into memory on a CPU."""


class UsageError(ValueError):
    """Something is wrong with the command line; the message is one line."""


ENDED = {
    "patience": "training ended because dev stopped improving",
    "max_epoch": "all epochs are done",
    "max_updates": "all updates are done",
}


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status."""
    args = parser(__doc__).parse_args(argv)
    args.argv = argv
    command = train_command if args.command == "train" else decode_command
    # Idle OpenMP threads spin by default, which wastes a shared machine. Importing torch reads this variable.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.filterwarnings("ignore", "Using padding='same'")  # 1c wants an even kernel
    # TensorBoard writes in a thread; the error that ends it is raised again at the next write, where we report it.
    threading.excepthook = lambda failed: None
    try:
        command(args)
    except KeyboardInterrupt:
        advice = "; --resume continues from the last validation" if args.command == "train" else ""
        print(f"run.py: stopped{advice}", file=sys.stderr)
        return 130
    except Exception as error:
        line = explained(error)
        if line is None:  # a mistake in the code: its traceback helps more than one line
            raise
        print(f"run.py: {line}", file=sys.stderr)
        return 2 if is_usage_error(error) else 1
    return 0


def is_usage_error(error: Exception) -> bool:
    """Return whether the command line is wrong: an option, or the name of something that isn't there."""
    if isinstance(error, ModuleNotFoundError):
        return False
    from nmt.corpus import NoSuchText
    from nmt.optimization import DeviceError

    return isinstance(error, (UsageError, RecipeError, DeviceError, NoSuchText))


def explained(error: Exception) -> str | None:
    """Return a one-line message for an error that the user can fix, or None for any other error."""
    if isinstance(error, ModuleNotFoundError):
        if error.name in ("sanity", "sanity.nmt"):  # the package's name differs; there is another one called sanity
            return "trivium is not installed, or too old; see Install in README.md"
        return f"{error.name} is not installed: pip install {error.name}" if error.name in PACKAGES else None
    import torch

    from nmt.atomic import SaveError
    from nmt.checkpoint import CheckpointError
    from nmt.corpus import CorpusError
    from nmt.optimization import DeviceError
    from nmt.training import Diverged
    from vocab import VocabError

    expected = (CheckpointError, SaveError, CorpusError, DeviceError, Diverged, RecipeError, UsageError, VocabError)
    if isinstance(error, (*expected, NotImplementedError)):
        return str(error)
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return "the GPU's memory is too small for this; try a smaller --batch-size"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and TOO_LARGE.search(str(error))):
        return "the memory is too small for this; try a smaller --embed-size, --hidden-size or --batch-size"
    if isinstance(error, OSError):  # without a file name it is standard output
        return f"{error.filename or 'the output'}: {error.strerror}"
    return None


def train_command(args: argparse.Namespace) -> None:
    """Train a model, translate and score test, and write the report."""
    for name in PACKAGES:  # before training rather than after it
        if find_spec(name) is None:
            raise ModuleNotFoundError(name=name)
    import torch

    from nmt.atomic import write_atomically
    from nmt.batches import check_coverage, indexed
    from nmt.checkpoint import crc, fingerprint
    from nmt.corpus import CorpusError, note
    from nmt.optimization import device_named
    from nmt.recipe import initialise, vocabulary
    from nmt.tracking import Log
    from nmt.training import train
    from nmt_model import NMT
    from sanity.nmt.report import facts_of
    from vocab import Vocab

    restore_keyboard_interrupt()
    set_threads(args.threads or (1 if is_toy(args) else None))
    recipe, device, folder = recipe_of(args), device_named(args.device), folder_of(args)
    if recipe.mixed_precision == "bf16" and device.type != "cuda":
        note(f"--mixed-precision bf16 needs a GPU: the {device} computes in 32 bits")
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

    if not args.resume or not (folder / "vocab.json").exists():
        vocab.save(folder / "vocab.json")
    weights = sum(weight.numel() for weight in model.parameters())
    print(f"{corpus.name}, {corpus.src} to {corpus.tgt}: {len(pairs)} training pairs, {len(dev)} dev pairs")
    print(f"{len(vocab.src)} and {len(vocab.tgt)} words, {weights} weights, on {device}, into {folder}", flush=True)
    with Log(folder) as log:
        validate = validation_on(corpus.dev, dev, args.dev_bleu)
        save = partial(write_atomically, args.save_to, model.save)
        trained = train(model, pairs, recipe, validate, log, folder, device, args.resume, on_improvement=save, dev=dev)
    print(f"{ENDED[trained.ended]}; the best weights, of iter {trained.best_update}, are in {args.save_to}")
    checksums, test = fingerprint(model, pairs, recipe, dev), corpus.test
    checksums["test pairs"] = f"{len(test)}, {crc((test.source, test.target))}" if len(test) else "none"
    report(model, corpus, recipe, folder, facts_of(args.argv, corpus, model, recipe, checksums, device, trained))


def restore_keyboard_interrupt() -> None:
    """Make Ctrl-C raise KeyboardInterrupt again, after the imports; one that ignores it still does."""
    if __name__ == "__main__" and callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def set_threads(number: int | None) -> None:
    """Set the number of CPU threads; None leaves PyTorch's choice. For small matrices one thread is the fastest."""
    import torch

    if number:
        torch.set_num_threads(number)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe for the data, with the hyper-parameters given on the command line. Raises RecipeError."""
    given = {parameter.name: getattr(args, parameter.name) for parameter in fields(Recipe)}
    recipe = recipe_for("" if args.train_src else args.data or "toy")
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})


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


def folder_of(args: argparse.Namespace) -> Path:
    """Return the output folder.

    Raises UsageError: it can't be created, or there are checkpoints in it and neither --resume nor --restart is given,
    or the model would overwrite an input.
    """
    from nmt.checkpoint import Checkpoints

    if args.save_to.is_dir() or not args.save_to.suffix:
        raise UsageError(f"--save-to {args.save_to}: expected a file, such as {args.save_to / 'model.bin'}")
    check_output(args.save_to, args.vocab, *(path for pair in files_of(args).values() for path in pair))
    folder: Path = args.save_to.parent
    try:
        checkpoints = Checkpoints(folder)
    except OSError as error:
        raise UsageError(f"{folder}: can't be created: {error.strerror}") from None
    if checkpoints.newest() and not (args.resume or args.restart):
        raise UsageError(f"{folder}: has checkpoints already: continue with --resume, or start again with --restart")
    return folder


def check_output(output: Path, *inputs: Path | None) -> None:
    """Raise UsageError if the output would overwrite an input; None is an input that isn't given."""
    from nmt.atomic import SaveError, refuse_to_overwrite

    try:
        refuse_to_overwrite(output, inputs)
    except SaveError as error:
        raise UsageError(str(error)) from None


def existing(path: Path) -> Path:
    """Return the path of a model or a vocabulary. Raises UsageError: there is no such file."""
    if not path.exists():
        raise UsageError(f"{path}: no such file")
    return path


def validation_on(texts: Texts, pairs: list[Pair], sentences: int) -> Validate:
    """Return a validation function: its score is minus the perplexity of dev.

    Args:
        texts: dev as text.
        pairs: dev as word indices.
        sentences: number of dev sentences to translate for bleu/dev, which is only logged; 0 for none.
    """
    from nmt.losses import evaluate_ppl
    from nmt.scoring import bleu
    from nmt.search import translate
    from nmt.tracking import Progress, ValidationResult

    every = max(1, len(texts.source) // sentences) if sentences else len(texts.source) + 1
    source, target = texts.source[every - 1 :: every], texts.target[every - 1 :: every]

    def validate(model: Any, progress: Progress) -> ValidationResult:
        ppl = evaluate_ppl(model, pairs)
        scalars = {"perplexity/dev": ppl}
        if source:
            scalars["bleu/dev"] = bleu(translate(model, source, beam_size=1), target)
        return ValidationResult(-ppl, scalars)

    return validate


def report(model: Any, corpus: Corpus, recipe: Recipe, folder: Path, facts: Facts) -> None:
    """Translate and score test, if there is one, and write the report, with the facts. Raises SaveError."""
    from nmt.scoring import by_length, score, sentence_chrf
    from nmt.search import attention_of
    from nmt.tracking import read_log
    from sanity.nmt.plots import Attention, curves_of
    from sanity.nmt.report import good_to_map, report_files, worst_and_best

    source, target = corpus.test.source, corpus.test.target
    title = f"{corpus.name}: {corpus.src} to {corpus.tgt}"
    curves = curves_of(read_log(folder / "log.jsonl"))
    if not source:
        save_files(folder, report_files(title, facts, curves))
        print(f"curves: {folder / 'report.html'}")
        return
    translations = translated(model, source, recipe.beam_size, recipe.max_decoding_time_step)
    save_lines(folder / "test.translations", translations)
    found = score(translations, target)
    bins = by_length([len(model.vocab.src.split(text)) for text in source], translations, target)
    samples = worst_and_best(source, translations, target, sentence_chrf)
    maps = [Attention(*attention_of(model, source[i], translations[i])) for i in good_to_map(source)]
    save_files(folder, report_files(title, facts, curves, found, samples, maps, bins))
    print(f"test: {found}")
    print(f"curves, attention and translations to read: {folder / 'report.html'}")


def decode_command(args: argparse.Namespace) -> None:
    """Translate a file; score the translations if there are references."""
    from nmt.checkpoint import load_model
    from nmt.corpus import pluralize, read_lines, read_texts
    from nmt.optimization import device_named
    from nmt.scoring import score
    from nmt_model import NMT

    if args.output.is_dir() or not args.output.parent.is_dir():  # before translating rather than after it
        raise UsageError(f"{args.output}: can't be written: expected a file in an existing folder")
    restore_keyboard_interrupt()
    check_output(args.output, args.model, args.source, args.target)
    if args.output.exists() and not args.force:
        advice = "the last argument is the output file; name a new one, or overwrite this one with --force"
        raise UsageError(f"{args.output}: exists already: {advice}")
    set_threads(args.threads)
    device = device_named(args.device)
    source = read_texts(args.source, args.target).source if args.target else read_lines(args.source)
    model = load_model(existing(args.model), NMT).to(device)
    translations = translated(
        model, source, args.beam_size, args.max_decoding_time_step, args.length_penalty, args.batch_size
    )
    save_lines(args.output, translations)
    print(score(translations, read_lines(args.target)) if args.target else pluralize(len(translations), "translation"))


def translated(model: Any, source: list[str], *options: float) -> list[str]:
    """Translate sentences, options as in `nmt.search.translate`, with a progress bar on a terminal."""
    from tqdm import tqdm

    from nmt.search import translate

    with tqdm(total=len(source), unit="sentence", disable=not sys.stderr.isatty()) as bar:
        return translate(model, source, *options, progress=bar.update)


def save_lines(path: Path, lines: list[str]) -> None:
    """Write lines of text to a file atomically. Raises SaveError."""
    save_files(path.parent, {path.name: "".join(f"{line}\n" for line in lines)})


def save_files(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder, each atomically, given their contents by name. Raises SaveError."""
    from nmt.atomic import write_atomically

    for name, text in files.items():
        write_atomically(folder / name, lambda file, text=text: file.write(text.encode()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
