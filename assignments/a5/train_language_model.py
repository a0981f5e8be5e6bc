"""Train a recurrent language model on harbour.txt: `python train_language_model.py`, `--help` for the rest.

It runs on your own answers to 3b, 3c and 3e to 3g, takes some seconds, and shows what the model says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

import recurrent

TEXT = Path(__file__).with_name("harbour.txt")
PAD, END = "<pad>", "<end>"
"""The padding word, and what stands before each sentence and after it."""
D, H = 24, 48  # numbers in an embedding and in a state
BATCH, RATE = 16, 0.01
HELD_OUT = 9  # every ninth sentence is not trained on
BEGINNINGS = ("the cat", "every evening", "jonas", "in the winter")
LONGEST = 20  # words of a sample

Sentences = list[list[int]]
State = tuple[Tensor, Tensor]


class Model:
    """An LSTM language model: its parameters, and the functions of `recurrent.py` that compute with them."""

    def __init__(self, V: int, generator: torch.Generator) -> None:
        """Make the parameters: weights by Xavier's rule, zeros for biases, but one for the forget gates."""
        make = partial(recurrent.xavier_uniform, generator=generator)
        gates = [make(H, D) for _ in range(4)], [make(H, H) for _ in range(4)]
        self.W_x, self.W_h = (torch.cat(blocks) for blocks in gates)
        self.b_x, self.b_h = torch.zeros(4 * H), torch.zeros(4 * H)
        self.b_x[H : 2 * H] = 1
        self.embeddings, self.W, self.b = make(V, D), make(V, H), torch.zeros(V)
        self.parameters = [self.embeddings, self.W_x, self.W_h, self.b_x, self.b_h, self.W, self.b]
        for parameter in self.parameters:
            parameter.requires_grad_()

    def cell(self, x: Tensor, state: State) -> State:
        """Take one step of the LSTM."""
        return recurrent.lstm_cell(x, state, self.W_x, self.W_h, self.b_x, self.b_h)

    def logits(self, words: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits of each next word, (B, T, V), and the last state."""
        return recurrent.language_model(words, state, self.cell, self.embeddings, self.W, self.b)

    def step(self, word: int, state: State) -> tuple[Tensor, State]:
        """Read one word; return the logits of the next, (V,), and the state."""
        with torch.no_grad():
            logits, state = self.logits(torch.tensor([[int(word)]]), state)
        return logits[0, 0], state


def first_state(sentences: int) -> State:
    """Return the state before the first word."""
    return torch.zeros(sentences, H), torch.zeros(sentences, H)


def padded(sentences: Sentences) -> tuple[Tensor, Tensor]:
    """Return what is read and what follows, (B, T) each; 0 is padding, and 1 stands between sentences."""
    longest = max(map(len, sentences)) + 1
    rows = [[1, *sentence, 1] + [0] * (longest - len(sentence) - 1) for sentence in sentences]
    words = torch.tensor(rows)
    return words[:, :-1], words[:, 1:]


def perplexity_of(model: Model, sentences: Sentences) -> float:
    """Return the perplexity of some sentences."""
    words, targets = padded(sentences)
    with torch.no_grad():
        logits, _ = model.logits(words, first_state(len(words)))
        return float(recurrent.perplexity(logits, targets, 0))


def train(model: Model, sentences: Sentences, theta: float, optimizer: torch.optim.Optimizer, order: list[int]) -> int:
    """Go once through the sentences in this order; return how often the gradient was too long."""
    clipped = 0
    for start in range(0, len(order), BATCH):
        words, targets = padded([sentences[i] for i in order[start : start + BATCH]])
        logits, _ = model.logits(words, first_state(len(words)))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0).backward()
        gradients = [parameter.grad.clone() for parameter in model.parameters if parameter.grad is not None]
        shortened = recurrent.clip_by_norm([gradient.clone() for gradient in gradients], theta)
        clipped += any(not torch.equal(a, b) for a, b in zip(gradients, shortened, strict=True))
        for parameter, gradient in zip(model.parameters, shortened, strict=True):
            parameter.grad = gradient
        optimizer.step()
    return clipped


def sentence_from(model: Model, beginning: list[int], generator: torch.Generator | None) -> list[int]:
    """Return how the model continues a beginning, up to the end of the sentence."""
    added = [int(word) for word in recurrent.generate(model.step, first_state(1), [1, *beginning], LONGEST, generator)]
    return added[: added.index(1)] if 1 in added else added


def main(argv: Sequence[str]) -> int:
    """Train, print the perplexities and some samples; return the exit status."""
    parser = argparse.ArgumentParser(prog="python train_language_model.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40, help="default: 40")
    parser.add_argument("--theta", type=float, default=0.5, help="the longest gradient allowed (default: 0.5)")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    args = parser.parse_args(argv)
    try:
        run(args.epochs, args.theta, args.seed)
    except NotImplementedError as error:
        print(f"train_language_model.py: {error}", file=sys.stderr)
        return 2
    return 0


def run(epochs: int, theta: float, seed: int) -> None:
    """Train a model and show what it says."""
    torch.set_num_threads(1)  # so small a model gains nothing from more
    lines = [line.split() for line in TEXT.read_text(encoding="utf-8").splitlines()]
    vocabulary = [PAD, END, *sorted({word for line in lines for word in line})]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    sentences = [[numbers[word] for word in line] for line in lines]
    held_out = sentences[HELD_OUT - 1 :: HELD_OUT]
    known = [sentence for place, sentence in enumerate(sentences, 1) if place % HELD_OUT]
    generator = torch.Generator().manual_seed(seed)
    model = Model(len(vocabulary), generator)
    optimizer = torch.optim.Adam(model.parameters, lr=RATE)
    print(f"{len(known)} sentences to train on, {len(held_out)} held out, {len(vocabulary)} words")
    print("epoch  perplexity  held out  clipped  seconds")
    started = time.monotonic()
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(known), generator=generator).tolist()
        clipped = train(model, known, theta, optimizer, order)
        if epoch in (1, 2, 5) or epoch % 10 == 0 or epoch == epochs:
            both = f"{perplexity_of(model, known):10.2f}  {perplexity_of(model, held_out):8.2f}"
            batches = -(-len(order) // BATCH)
            print(f"{epoch:5}  {both}  {f'{clipped}/{batches}':>7}  {time.monotonic() - started:7.1f}")
    for beginning in BEGINNINGS:
        words = [numbers[word] for word in beginning.split()]
        print()
        for how, chance in (("greedy", None), ("drawn", generator), ("drawn", generator)):
            said = " ".join(vocabulary[word] for word in sentence_from(model, words, chance))
            print(f"{how:>6}: {beginning} | {said}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
