"""Train a translation model, or translate with one.

python run.py train                       the toy language pair, in a minute or two, into ./trained
python run.py train --data multi30k       German to English, better with a GPU; --data FOLDER for text of your own
python run.py decode trained/model.bin SOURCE TARGET OUTPUT      translate a file, and score it

Both use your own answers, 1b to 1f. `python run.py train --help` tells the rest.
"""

from __future__ import annotations

import os
import signal
import sys

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:

    def stop(*_: object) -> None:
        """End at Ctrl-C during the imports: an exception in the middle of one is a traceback, or gets lost."""
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

from nmt.options import parser
from nmt.recipe import Recipe, RecipeError, recipe_for

if TYPE_CHECKING:
    from nmt.batches import Pair
    from nmt.corpus import Corpus, Texts
    from nmt.training import Validate
PACKAGES = ("sacrebleu", "matplotlib", "tqdm", "torch", "numpy")
"""What training can't do without."""

TOO_LARGE = re.compile("allocate memory|not enough memory|size calculation overflowed")
"""What PyTorch says when a tensor doesn't fit on a CPU."""

ENDED = {
    "patience": "dev got no better for so long that training ended",
    "max_epoch": "all epochs are done",
    "max_updates": "all updates are done",
}


def main(argv: Sequence[str]) -> int:
    """Do what the command line says; return the exit status."""
    args = parser(__doc__).parse_args(argv)
    command = train_command if args.command == "train" else decode_command
    # PyTorch's threads wait for work by spinning, on a busy machine most of the time. It is read as torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.filterwarnings("ignore", "Using padding='same'")  # the convolution's kernel is even on purpose
    threading.excepthook = lambda failed: None  # TensorBoard's thread; what ends it is raised where one writes next
    try:
        command(args)
    except KeyboardInterrupt:
        advice = "; with --resume, training goes on from its last look at dev" if args.command == "train" else ""
        print(f"run.py: stopped{advice}", file=sys.stderr)
        return 130
    except Exception as error:
        line = explained(error)
        if line is None:  # a mistake in the code: the place helps more than a line
            raise
        print(f"run.py: {line}", file=sys.stderr)
    else:
        return 0
    return 2


def explained(error: Exception) -> str | None:
    """Return what went wrong, as one line, or None if it is not known."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed: pip install {error.name}" if error.name in PACKAGES else None
    import torch

    from nmt.checkpoint import CheckpointError, SaveError
    from nmt.corpus import CorpusError
    from nmt.device import DeviceError
    from nmt.training import Diverged
    from vocab import VocabError

    ours = (CheckpointError, SaveError, CorpusError, DeviceError, Diverged, RecipeError, VocabError)
    if isinstance(error, (*ours, NotImplementedError)):
        return str(error)
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return "the memory of the GPU is too small for this; try a smaller --batch-size"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and TOO_LARGE.search(str(error))):
        return "the memory is too small for this; try a smaller --embed-size, --hidden-size or --batch-size"
    if isinstance(error, OSError):  # what has no name is what is printed
        return f"{error.filename or 'the output'}: {error.strerror}"
    return None


def train_command(args: argparse.Namespace) -> None:
    """Train a model, try it on test, and draw what there is to see."""
    for name in PACKAGES:  # now, rather than after the training
        if find_spec(name) is None:
            raise ModuleNotFoundError(name=name)
    import torch

    from nmt.batches import indexed, must_know
    from nmt.checkpoint import write
    from nmt.corpus import CorpusError, note
    from nmt.device import device_named
    from nmt.recipe import initialise, vocabulary
    from nmt.tracking import Log
    from nmt.training import train
    from nmt_model import NMT
    from vocab import Vocab

    hear_ctrl_c()
    set_threads(args.threads or (1 if is_toy(args) else None))
    recipe, device, folder = recipe_of(args), device_named(args.device), folder_of(args)
    if recipe.mixed_precision == "bf16" and device.type != "cuda":
        note(f"--mixed-precision bf16 is for a GPU: on the {device} all is computed in 32 bits")
    corpus = corpus_of(args, recipe.seed)
    vocab = Vocab.load(args.vocab) if args.vocab else vocabulary(corpus.train.source, corpus.train.target, recipe)
    pairs, dev = indexed(corpus.train, vocab), indexed(corpus.dev, vocab)
    for part, left in (("train", pairs), ("dev", dev)):
        if not left:
            raise CorpusError(f"{part}: no pair is left; expected sentences of at most 100 words")
    if args.vocab:
        must_know(vocab, pairs, args.vocab)
    torch.manual_seed(recipe.seed)
    model = NMT(recipe.embed_size, recipe.hidden_size, vocab, recipe.dropout)
    initialise(model, recipe)

    if not args.resume or not (folder / "vocab.json").exists():
        vocab.save(folder / "vocab.json")
    weights = sum(weight.numel() for weight in model.parameters())
    print(f"{corpus.name}, {corpus.src} to {corpus.tgt}: {len(pairs)} pairs to learn from, {len(dev)} of dev")
    print(f"{len(vocab.src)} and {len(vocab.tgt)} words, {weights} weights, on {device}, into {folder}", flush=True)
    with Log(folder) as log:
        judge = judge_on(corpus.dev, dev, args.dev_bleu)
        keep = partial(write, args.save_to, model.save)
        trained = train(model, pairs, recipe, judge, log, folder, device, args.resume, better=keep, dev=dev)
    print(f"{ENDED[trained.ended]}; the best weights, those of iter {trained.best_update}, are in {args.save_to}")
    report(model, corpus, recipe, folder)


def hear_ctrl_c() -> None:
    """Let Ctrl-C be an exception again, PyTorch being imported."""
    if __name__ == "__main__" and callable(signal.getsignal(signal.SIGINT)):  # it isn't where Ctrl-C is ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)


def set_threads(number: int | None) -> None:
    """Compute in so many threads: where the sums are small, or others use the machine, more than one only wait."""
    import torch

    if number:
        torch.set_num_threads(number)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe for the data, with the numbers that were given instead."""
    given = {knob.name: getattr(args, knob.name) for knob in fields(Recipe)}
    recipe = recipe_for("" if args.train_src else args.data or "toy")
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})


def is_toy(args: argparse.Namespace) -> bool:
    """Say whether it is the toy languages that are learnt."""
    return args.data in ("toy", None) and args.train_src is None


def corpus_of(args: argparse.Namespace, seed: int) -> Corpus:
    """Return the text to learn from, by its name or from the files named."""
    from nmt.corpus import Corpus, CorpusError, Texts, read_texts
    from nmt.datasets import load_corpus

    files = files_of(args)
    if not any(path for pair in files.values() for path in pair):
        return load_corpus(args.data or "toy", seed)
    if args.data is not None:
        raise CorpusError(f"--data {args.data}: expected no files named by --train-src and the like; leave one out")
    for part, pair in files.items():
        if None in pair and (part != "test" or pair != (None, None)):
            raise CorpusError(f"--{part}-src and --{part}-tgt: expected both; --train-… and --dev-… are needed")
    texts = {part: read_texts(*pair) if pair[0] else Texts([], []) for part, pair in files.items()}
    languages = (path.name.removesuffix(".gz").rpartition(".")[2] for path in files["train"])
    return Corpus(args.train_src.resolve().parent.name, *languages, **texts)


def files_of(args: argparse.Namespace) -> dict[str, tuple[Path | None, Path | None]]:
    """Return the files named for each part of the text, sentences and translations."""
    return {part: (getattr(args, f"{part}_src"), getattr(args, f"{part}_tgt")) for part in ("train", "dev", "test")}


def folder_of(args: argparse.Namespace) -> Path:
    """Return the folder to train in, unless there is a training that nobody said what to do with."""
    from nmt.checkpoint import CheckpointError, Checkpoints, SaveError, spare

    if args.save_to.is_dir() or not args.save_to.suffix:
        raise SaveError(f"--save-to {args.save_to}: expected a file, such as {args.save_to / 'model.bin'}")
    spare(args.save_to, (args.vocab, *(path for pair in files_of(args).values() for path in pair)))
    folder: Path = args.save_to.parent
    try:
        checkpoints = Checkpoints(folder)
    except OSError as error:
        raise SaveError(f"{folder}: can't be made: {error.strerror}") from None
    if checkpoints.newest() and not (args.resume or args.restart):
        raise CheckpointError(f"{folder}: has a model in training: go on with --resume, or begin again with --restart")
    return folder


def judge_on(texts: Texts, pairs: list[Pair], sentences: int) -> Validate:
    """Return a judge of models: by the perplexity of dev; and the BLEU score of some of it is shown."""
    from nmt.likelihood import evaluate_ppl
    from nmt.scoring import bleu
    from nmt.search import translate
    from nmt.tracking import Judged, Progress

    every = max(1, len(texts.source) // sentences) if sentences else len(texts.source) + 1
    source, target = texts.source[every - 1 :: every], texts.target[every - 1 :: every]

    def judge(model: Any, progress: Progress) -> Judged:
        ppl = evaluate_ppl(model, pairs)
        scalars = {"perplexity/dev": ppl}
        if source:
            scalars["bleu/dev"] = bleu(translate(model, source, beam_size=1), target)
        return Judged(-ppl, scalars)

    return judge


def report(model: Any, corpus: Corpus, recipe: Recipe, folder: Path) -> None:
    """Translate the test, by which nothing was chosen, and score it, if there is one; draw what there is to see."""
    from nmt.pictures import curves_of
    from nmt.report import report_on, write_report
    from nmt.tracking import read_log

    test = corpus.test
    title = f"{corpus.name}: {corpus.src} to {corpus.tgt}"
    log = read_log(folder / "log.jsonl")
    if not len(test):
        print(f"curves: {write_report(folder, title, curves_of(log))}")
        return
    translations = translated(model, test.source, recipe.beam_size, recipe.max_decoding_time_step)
    save_lines(folder / "test.translations", translations)
    print(f"test: {report_on(folder, title, model, log, test.source, translations, test.target)}")
    print(f"curves, attention and translations to read: {folder / 'report.html'}")


def decode_command(args: argparse.Namespace) -> None:
    """Translate a file; score the translations if there are others to compare with."""
    from nmt.checkpoint import SaveError, load_model, spare
    from nmt.corpus import counted, read_lines, read_texts
    from nmt.device import device_named
    from nmt.scoring import score
    from nmt_model import NMT

    if args.output.is_dir() or not args.output.parent.is_dir():  # now, rather than after the translating
        raise SaveError(f"{args.output}: can't be written: expected a file in a folder that is there")
    hear_ctrl_c()
    spare(args.output, (args.model, args.source, args.target))
    if args.output.exists() and not args.force:
        advice = "the last name given is where translations go; name a new file, or overwrite this one with --force"
        raise SaveError(f"{args.output}: is there already: {advice}")
    set_threads(args.threads)
    device = device_named(args.device)
    source = read_texts(args.source, args.target).source if args.target else read_lines(args.source)
    model = load_model(args.model, NMT).to(device)
    translations = translated(
        model, source, args.beam_size, args.max_decoding_time_step, args.length_penalty, args.batch_size
    )
    save_lines(args.output, translations)
    print(score(translations, read_lines(args.target)) if args.target else counted(len(translations), "translation"))


def translated(model: Any, source: list[str], *options: float) -> list[str]:
    """Translate sentences, with a bar on a terminal."""
    from tqdm import tqdm

    from nmt.search import translate

    with tqdm(total=len(source), unit="sentence", disable=not sys.stderr.isatty()) as bar:
        return translate(model, source, *options, progress=bar.update)


def save_lines(path: Path, lines: list[str]) -> None:
    """Write a text file, complete or not at all."""
    from nmt.checkpoint import write

    write(path, lambda file: file.write("".join(f"{line}\n" for line in lines).encode()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
