"""A trained network, quicker: the products of its first layer are computed once for each word, before parsing.

x W is a sum over the features, of a feature's embedding times its block of W, and a word in the same place has the same
product in every partial parse. So all products are computed once, and then a partial parse has only 36 of them to add
(D. Chen and C. D. Manning, 2014, call it the pre-computation trick). The logits are the same but for rounding.

Only run.py parses so. Letters: B partial parses, N words and tags of the sentences, E, H and C as in parser_model.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from parsing.features import N_FEATURES, PLACES, Indices
from parsing.roles import Roles, roles_of
from parsing.vocabulary import Vocabulary

Network = Callable[[Indices], NDArray[np.float32]]
"""From the features of partial parses, (B, 36), to the logits of their transitions, (B, C)."""
LIMIT = 2**28
"""Bytes that the products may take: 18 H float32 for each word and tag, so 18,000 of them for H = 200."""
COMPARED = 64
"""Partial parses whose logits are compared with the model's own, and as many that are drawn."""
TOLERANCE = 1e-4
"""By how much logits may differ from the model's own, as a part of the largest."""


def own(model: Any, device: torch.device) -> Network:
    """Return the network as the model computes it."""

    def network(features: Indices) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = model(torch.from_numpy(features).to(device)).float().cpu().numpy()
        return logits

    return network


def quickest(model: Any, device: torch.device, vocabulary: Vocabulary, numbers: Indices, features: Indices) -> Network:
    """Return the network with precomputed products if that is the model's, and else the model's own.

    It is the model's if its weights have the shapes of ReLU(x W + b) U + c, and it has the same logits for the first
    partial parses and for some that are drawn, where all words come in all places. Otherwise a note is printed. On a
    GPU, in training, with other numbers than float32, or above LIMIT, the model is asked itself, and there is no note.

    Args:
        model: a ParserModel.
        device: where it is.
        vocabulary: that of its training.
        numbers: of all words and tags of the sentences to parse.
        features: of the first partial parses, (B, 36).
    """
    asked = own(model, device)
    weights = [weight.detach() for weight in model.parameters()]
    if model.training or device.type != "cpu" or any(weight.dtype != torch.float32 for weight in weights):
        return asked
    roles = roles_of(weights, len(vocabulary), N_FEATURES, vocabulary.n_classes)
    if roles is None:
        note("by the shapes of its weights, the network is not ReLU(x W + b) U + c")
        return asked
    there = np.zeros(len(vocabulary), bool)
    there[numbers] = True
    if np.count_nonzero(there) * PLACES * len(roles["b"]) * 4 > LIMIT:
        return asked
    network = precomputed(roles, vocabulary, there)
    some = np.concatenate([features[:COMPARED], drawn(vocabulary, there)])
    if not alike(network(some), asked(some)):
        note("the network's logits are not those of ReLU(x W + b) U + c")
        return asked
    return network


def precomputed(roles: Roles, vocabulary: Vocabulary, there: NDArray[np.bool_]) -> Network:
    """Return the network, with products of those words and tags that are there."""
    first_tag = vocabulary.nulls[1]
    rows = there.cumsum() - 1  # of each word and tag among those that are there
    embeddings, blocks = roles["embeddings"], roles["W"].reshape(N_FEATURES, -1, len(roles["b"]))
    words, tags = (torch.from_numpy(np.flatnonzero(there[part])) for part in np.s_[:first_tag, first_tag:])
    products = torch.cat(
        (
            products_of(embeddings[words], blocks[:PLACES]),
            products_of(embeddings[first_tag + tags], blocks[PLACES:]),
        )
    )
    of_number, of_feature = rows * PLACES, np.arange(N_FEATURES) % PLACES

    def network(features: Indices) -> NDArray[np.float32]:
        bags = torch.from_numpy(of_number.take(features) + of_feature)
        hidden = F.embedding_bag(bags, products, mode="sum").add_(roles["b"]).relu_()
        logits: NDArray[np.float32] = torch.addmm(roles["c"], hidden, roles["U"]).numpy()
        return logits

    return network


def products_of(embeddings: Tensor, blocks: Tensor) -> Tensor:
    """Return embeddings (n, E) times the blocks of W (18, E, H): (18 n, H), the products of an embedding together."""
    _, embed_size, hidden_size = blocks.shape
    return (embeddings @ blocks.permute(1, 0, 2).reshape(embed_size, -1)).view(-1, hidden_size)


def drawn(vocabulary: Vocabulary, there: NDArray[np.bool_]) -> Indices:
    """Return features that are drawn from the words and tags that are there, every other one of what is not there."""
    rng = np.random.default_rng(0)
    first_tag = vocabulary.nulls[1]
    kinds = np.flatnonzero(there[:first_tag]), first_tag + np.flatnonzero(there[first_tag:])
    features = np.hstack([rng.choice(kind, (COMPARED, PLACES)) for kind in kinds])
    nulls = np.repeat(vocabulary.nulls, PLACES)
    return np.where(rng.random(features.shape) < 0.5, nulls, features)


def alike(logits: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    """Return whether logits are the model's own, but for rounding; not where these aren't finite."""
    if logits.shape != expected.shape or not np.isfinite(expected).all():
        return False
    return bool(np.abs(logits - expected).max() <= TOLERANCE * np.abs(expected).max())


@cache
def note(reason: str) -> None:
    """Say, once, why a model is asked itself."""
    print(f"note: {reason}; parsing asks its own forward(), which takes longer", file=sys.stderr)
