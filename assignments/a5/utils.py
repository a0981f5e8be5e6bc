"""What files of part 4 import from utils: in every year the course has had this model, under the names of that year."""

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

PARTS = {
    "wte": "embeddings",
    "wpe": "position_embeddings",
    "ln_f": "final_layer_norm",
    "ln_1": "pre_layer_norm",
    "ln_2": "post_layer_norm",
    "attn.c_proj": "attention.W_o",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
"""Our names of GPT-2's layers, by theirs."""
TURNED = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
"""Weights that GPT-2 has as (in, out), and a linear layer as (out, in)."""


def state_dict_converter(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a published GPT-2 under the names, and in the shapes, of our Transformer.

    Args:
        state_dict: that of `transformers.GPT2LMHeadModel`. Its masks are left out.
    """
    converted: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        name = name.removeprefix("transformer.")
        inside = re.fullmatch(r"h\.(\d+)\.(.+)", name)
        block, layer = (f"backbone.{inside[1]}.", inside[2]) if inside else ("", name)
        if layer in TURNED:
            value = value.T
        part, _, kind = layer.rpartition(".")
        if part == "attn.c_attn":  # queries, keys and values in one layer
            for own, third in zip(("W_q", "W_k", "W_v"), value.chunk(3), strict=True):
                converted[f"{block}attention.{own}.{kind}"] = third.clone()
        elif part == "lm_head":
            converted[name] = value.clone()
        elif part in PARTS:
            converted[f"{block}{PARTS[part]}.{kind}"] = value.clone()
    converted.setdefault("lm_head.weight", converted["embeddings.weight"].clone())  # GPT-2 has one for both
    return converted


def set_seed(seed: int) -> None:
    """Seed every generator of random numbers."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def top_k_logits(logits: Tensor, k: int) -> Tensor:
    """Return logits, (B, V), in which all but the k largest of each row are minus infinity."""
    least = logits.topk(k, dim=-1).values[:, -1:]
    return logits.masked_fill(logits < least, -torch.inf)


@torch.no_grad()
def sample(
    model: Any, x: Tensor, steps: int, temperature: float = 1.0, sample: bool = False, top_k: int | None = None
) -> Tensor:
    """Continue sequences, (B, T), by a model that returns logits and a loss; return them, (B, T + steps).

    Args:
        model: reads as many of the last tokens as its get_block_size() says.
        x: tokens.
        steps: how many to add.
        temperature: by which logits are divided.
        sample: whether to draw a token, or to take the likeliest.
        top_k: how many of the likeliest tokens may be drawn; None for all.
    """
    model.eval()
    for _ in range(steps):
        logits = model(x[:, -model.get_block_size() :])[0][:, -1] / temperature
        if top_k is not None:
            logits = top_k_logits(logits, top_k)
        drawn = torch.multinomial(F.softmax(logits, dim=-1), 1) if sample else logits.argmax(dim=-1, keepdim=True)
        x = torch.cat((x, drawn), dim=1)
    return x


def evaluate_places(filepath: str, predicted_places: list[str]) -> tuple[float, float]:
    """Compare predictions with the second column of a file of questions and answers, tab between them.

    Return how many lines there are and how many predictions are right: (0, 0) if the file has no answers.
    """
    rows = [line.split("\t") for line in Path(filepath).read_text(encoding="utf-8").strip().split("\n")]
    if len(rows[0]) == 1:
        print("No gold answers: the predictions are only counted, not compared.")
        return 0.0, 0.0
    right = [place == row[1].strip() for row, place in zip(rows, predicted_places, strict=True)]
    return float(len(right)), float(sum(right))
