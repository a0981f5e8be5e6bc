"""A ParserModel's weights by their role: it is ReLU(x W + b) U + c, for x the joined embeddings of the features.

They are found by shape: names differ from year to year, and so does which way a matrix lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

import torch
from torch import Tensor

Roles = dict[str, Tensor]
ROLES = ("embeddings", "W", "b", "U", "c")


def in_roles(weights: Iterable[Tensor], sizes: Mapping[str, tuple[int, ...]]) -> Roles | None:
    """Return weights by role, in the shape of `sizes`; None if not every weight has just one role.

    A model may do without the last bias, which is 0 then.
    """
    found = {"c": torch.zeros(sizes["c"])}
    taken: set[str] = set()
    for weight in weights:
        squeezed = weight.reshape([size for size in weight.shape if size != 1])
        fitting = [
            (role, view)
            for role in ROLES
            for view in (squeezed, squeezed.permute(*reversed(range(squeezed.ndim))))
            if view.shape == sizes[role]
        ]
        if len({role for role, _ in fitting}) != 1 or fitting[0][0] in taken:
            return None
        role, found[role] = fitting[0]
        taken.add(role)
    return found if found.keys() == set(ROLES) else None


def roles_of(weights: Iterable[Tensor], words: int, features: int, classes: int) -> Roles | None:
    """Return weights by role, of a model whose embeddings and hidden layer have any size.

    Args:
        weights: all that the model has.
        words: rows of the embeddings.
        features: of a partial parse.
        classes: of the logits.
    """
    weights = list(weights)
    known = {size for weight in weights for size in weight.shape}
    ways = (sizes_of(words, features, classes, *sizes) for sizes in product(known, known))
    return next((found for sizes in ways if (found := in_roles(weights, sizes))), None)


def sizes_of(words: int, features: int, classes: int, embed_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each role's weight."""
    matrices = (words, embed_size), (features * embed_size, hidden_size), (hidden_size, classes)
    return {"embeddings": matrices[0], "W": matrices[1], "b": (hidden_size,), "U": matrices[2], "c": (classes,)}
