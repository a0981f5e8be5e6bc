"""`python run.py train`: train a model, translate and score test, and write the report."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmt.commands.inputs import PACKAGES, files_of, inputs_of, is_toy, recipe_of, set_threads
from sanity.training.commands import ENDED, output_folder, require
from sanity.training.terminal import after_imports

if TYPE_CHECKING:
    from nmt.batches import Pair
    from nmt.corpus import Texts
    from nmt.training import Validate


def train(args: argparse.Namespace) -> None:
    """Train a model, translate and score test, and write the report."""
    require(PACKAGES)

    from nmt.checkpoint import fingerprint
    from nmt.commands.report import report
    from nmt.optimization import device_named
    from nmt.scoring import metric
    from nmt.tracking import Log
    from nmt.training import train as train_model
    from sanity.nmt.report import LIBRARIES, data_facts
    from sanity.training.atomic import write_atomically
    from sanity.training.checkpoint import crc
    from sanity.training.report import facts_of

    after_imports()
    set_threads(args.threads or (1 if is_toy(args) else None))
    recipe, device, folder = recipe_of(args), device_named(args.device), folder_of(args)
    if args.tokenize:
        metric(args.tokenize)  # whether it is installed, before training rather than after it
    _, _, corpus, pairs, dev, model = inputs_of(args, recipe, device)
    if not args.resume or not (folder / "vocab.json").exists():
        model.vocab.save(folder / "vocab.json")
    weights = sum(weight.numel() for weight in model.parameters())
    print(f"{corpus.name}, {corpus.src} to {corpus.tgt}: {len(pairs)} training pairs, {len(dev)} dev pairs")
    words = f"{len(model.vocab.src)} and {len(model.vocab.tgt)} words"
    print(f"{words}, {weights} weights, on {device}, into {folder}", flush=True)
    with Log(folder) as log:
        validate = validation_on(corpus.dev, dev, args.dev_bleu, args.tokenize)
        save = partial(write_atomically, args.save_to, model.save)
        trained = train_model(
            model, pairs, recipe, validate, log, folder, device, args.resume, on_improvement=save, dev=dev
        )
    print(f"{ENDED[trained.ended]}; the best weights, of iter {trained.best_update}, are in {args.save_to}")
    checksums, test = fingerprint(model, pairs, recipe, dev), corpus.test
    checksums["test pairs"] = f"{len(test)}, {crc((test.source, test.target))}" if len(test) else "none"
    data = data_facts(corpus, model, checksums)
    facts = facts_of(args.argv, recipe, data, LIBRARIES, device, trained)
    report(model, corpus, recipe, folder, facts, args.tokenize)


def folder_of(args: argparse.Namespace) -> Path:
    """Return the output folder. Raises UsageError: see `output_folder`."""
    return output_folder(args, (args.vocab, *(path for pair in files_of(args).values() for path in pair)))


def validation_on(texts: Texts, pairs: list[Pair], sentences: int, tokenize: str | None = None) -> Validate:
    """Return a validation function: its score is minus the perplexity of dev.

    Args:
        texts: dev as text.
        pairs: dev as word indices.
        sentences: number of dev sentences to translate for bleu/dev, which is only logged; 0 for none.
        tokenize: as in `nmt.scoring.score`.
    """
    from nmt.losses import evaluate_ppl
    from nmt.scoring import bleu
    from nmt.search import translate
    from sanity.training.tracking import Progress, ValidationResult

    every = max(1, len(texts.source) // sentences) if sentences else len(texts.source) + 1
    source, target = texts.source[every - 1 :: every], texts.target[every - 1 :: every]

    def validate(model: Any, progress: Progress) -> ValidationResult:
        ppl = evaluate_ppl(model, pairs)
        scalars = {"perplexity/dev": ppl}
        if source:
            scalars["bleu/dev"] = bleu(translate(model, source, beam_size=1), target, tokenize)
        return ValidationResult(-ppl, scalars)

    return validate
