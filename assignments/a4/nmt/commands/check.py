"""`python run.py check`: before a long training, whether the model learns, and how long it will take here."""

from __future__ import annotations

import argparse
from typing import Any

from nmt.commands.inputs import PACKAGES, inputs_of, is_toy, recipe_of, set_threads
from sanity.training.commands import require
from sanity.training.terminal import after_imports

EVEN_KERNEL = (
    "PyTorch's warning of padding='same' and an even kernel is expected: 1c wants size 2; copying costs little"
)
"""Said in the place of the warning, which run.py hides."""


def check(args: argparse.Namespace) -> None:
    """Try the model on eight sentences, time some updates of it on the corpus, and print what was found.

    Raises CheckFailed if it should not be trained yet. Nothing is written.
    """
    require(PACKAGES)
    import torch

    from nmt.commands.overfitting import costs_of, learn_by_heart
    from nmt.corpus import pluralize
    from nmt.optimization import device_named
    from nmt_model import NMT
    from sanity.training.report import duration

    after_imports()
    set_threads(args.threads or (1 if is_toy(args) else None))
    inputs = inputs_of(args, recipe_of(args), device_named(args.device))
    corpus, model = inputs.corpus, inputs.model
    print(f"{corpus.name}, {corpus.src} to {corpus.tgt}: {len(inputs.pairs)} training pairs", flush=True)

    learnt = learn_by_heart(inputs, NMT)
    print(f"A small model learns {learnt.sentences} short sentences by heart:")
    took = f"in {learnt.updates} updates, {duration(learnt.seconds)}"
    row("loss", f"falls from {learnt.first:.2f} to {learnt.last:.2f} per sentence {took}")
    but = f", all but those of {', '.join(learnt.unused)}: is that used?" if learnt.unused else ""
    row("gradients", f"reach {learnt.weights} weights{but}")
    row("decoding", "gives the sentences as they were learnt")
    if has_even_kernel(model):
        row("note", EVEN_KERNEL)

    numbers = sum(weight.numel() for weight in model.parameters())
    costs = costs_of(inputs)
    threads = f", {pluralize(torch.get_num_threads(), 'thread')}" if inputs.device.type == "cpu" else ""
    print(f"Your model of {numbers:,} numbers, on this corpus and machine ({inputs.device}{threads}):")
    row("speed", f"{costs.speed:,.0f} words/s")
    row("epoch", f"{duration(costs.epoch)}, {costs.updates_per_epoch} updates")
    limit = f"{costs.updates} updates, {costs.updates / costs.updates_per_epoch:.3g} epochs"
    end = duration(costs.epoch * costs.updates / costs.updates_per_epoch)
    row("end", f"after {end} at most ({limit}), besides the validations on dev")
    kept = (
        f"{megabytes(costs.weights)} for weights, gradients and Adam, {megabytes(costs.largest)} for the largest batch"
    )
    row("memory", kept)
    print("Ready: python run.py train, with the same options.")


def row(name: str, text: str) -> None:
    """Print a line of the result."""
    print(f"  {name:<11}{text}", flush=True)


def megabytes(size: int) -> str:
    """Return a number of bytes in words.

    >>> megabytes(2_500_000), megabytes(3_400_000_000)
    ('2 MB', '3.4 GB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def has_even_kernel(model: Any) -> bool:
    """Return whether a convolution of the model makes PyTorch warn."""
    from torch import nn

    convolutions = (layer for layer in model.modules() if isinstance(layer, nn.Conv1d))
    return any(layer.padding == "same" and layer.kernel_size[0] % 2 == 0 for layer in convolutions)
