"""The tests behind `python parser_model.py -e -f`: short, and easy to step through in a debugger.

`python sanity_check.py 2e` tests much more.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

WORDS = [[1, 4, 0], [3, 3, 2], [5, 0, 1], [2, 4, 4]]
"""Three features of four partial parses."""


def small_model(module: Any) -> Any:
    """Make a model whose embeddings are 0.0, 0.1, 0.2, … in the order of reading."""
    embeddings = 0.1 * np.arange(12, dtype=np.float32).reshape(6, 2)
    return module.ParserModel(embeddings, n_features=3, hidden_size=5, n_classes=4)


def check_embedding(module: Any) -> None:
    """Look up embeddings, and compare them with a loop."""
    found = small_model(module).embedding_lookup(torch.tensor(WORDS))
    expected = torch.tensor([[0.1 * (2 * word + i) for word in row for i in (0, 1)] for row in WORDS])
    if found.shape != expected.shape:
        sys.exit(f"Embedding_lookup sanity check failed: got shape {tuple(found.shape)}, expected (4, 6)")
    if not torch.allclose(found, expected):
        sys.exit(f"Embedding_lookup sanity check failed: got {found.tolist()}, expected {expected.tolist()}")
    print("Embedding_lookup sanity check passes!")


def check_forward(module: Any) -> None:
    """Compute logits, and look at their shape and whether they are the same again in evaluation."""
    model, words = small_model(module).eval(), torch.tensor(WORDS)
    logits = model(words)
    if logits.shape != (4, 4):
        sys.exit(f"Forward sanity check failed: got shape {tuple(logits.shape)}, expected (4, 4)")
    if not torch.equal(logits, model(words)):
        sys.exit("Forward sanity check failed: in evaluation the logits change from call to call")
    print("Forward sanity check passes!")


def run_parts(module: Any, arguments: Sequence[str]) -> None:
    """Run the parts that the command line names."""
    parser = argparse.ArgumentParser(description="Try a ParserModel; python sanity_check.py 2e tries much more.")
    parser.add_argument("-e", "--embedding", action="store_true", help="test embedding_lookup()")
    parser.add_argument("-f", "--forward", action="store_true", help="test forward()")
    args = parser.parse_args(arguments)
    if not (args.embedding or args.forward):
        parser.error("choose -e, -f or both")
    if args.embedding:
        check_embedding(module)
    if args.forward:
        check_forward(module)
