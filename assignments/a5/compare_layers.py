"""Print and plot question 4n with your own answers: `python compare_layers.py`, with `--help` for the rest.

For each kind of layer and for growing lengths: what your functions count, how the counts grow, and how long layers of
torch, and your own MultiHeadAttention, take here.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

import transformer

Layer = Callable[[Tensor], object]

COLUMNS = ("multiplications", "grow as", "path", "grows as", "steps that wait", "milliseconds", "grow as")


def positive(text: str) -> int:
    """Read a whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(prog="python compare_layers.py", description=__doc__.partition("\n")[0])
    top.add_argument("--longest", type=positive, default=1024, help="the longest sequence, at least 64 (default: 1024)")
    top.add_argument("--d", type=positive, default=64, help="numbers for each position (default: 64)")
    top.add_argument("--width", type=positive, default=5, help="of convolutions, at least 2 (default: 5)")
    top.add_argument("--plot", type=Path, help="a file for the curves, such as costs.svg (needs matplotlib)")
    return top


def layers_of(d: int, width: int) -> dict[str, Layer]:
    """Return a layer of some kinds, each a function of x, (1, n, d), to measure how long it takes."""
    recurrence, convolution = nn.RNN(d, d, batch_first=True), nn.Conv1d(d, d, width, padding=width - 1)
    attention = transformer.MultiHeadAttention(d, 1, dropout=0.0)
    return {
        "recurrence": recurrence,
        "convolution": lambda x: convolution(x.transpose(1, 2)),
        "self-attention": lambda x: attention(x, x, transformer.causal_mask(x.shape[1])),
    }


def milliseconds(layer: Layer, n: int, d: int) -> float:
    """Return how long a layer takes for n positions: the least of a few times."""
    x, best = torch.randn(1, n, d), float("inf")
    with torch.no_grad():
        layer(x)
        for _ in range(5):
            start = time.perf_counter()
            layer(x)
            best = min(best, 1000 * (time.perf_counter() - start))
    return best


def table(lengths: Sequence[int], d: int, width: int) -> tuple[list[list[str]], dict[str, list[float]]]:
    """Return the rows of the table, and the counts of multiplications by kind of layer."""
    rows, counts = [], {}
    layers = layers_of(d, width)
    long = [float(n) for n in lengths]
    for kind in transformer.KINDS:
        counts[kind] = [float(transformer.multiplications(kind, n, d, width)) for n in lengths]
        paths = [float(transformer.path_length(kind, n, width)) for n in lengths]
        row = [kind, f"{counts[kind][-1]:,.0f}", power(transformer.growth(long, counts[kind]))]
        row += [f"{paths[-1]:.0f}", power(transformer.growth(long, paths))]
        row += [f"{transformer.sequential_steps(kind, lengths[-1])}"]
        if kind in layers:
            times = [milliseconds(layers[kind], n, d) for n in lengths]
            row += [f"{times[-1]:.2f}", power(transformer.growth(long, times))]
        rows.append(row)
    return rows, counts


def power(exponent: float) -> str:
    """Spell the power of n with which something grows."""
    return f"n^{exponent:.2f}"


def plot(lengths: Sequence[int], counts: dict[str, list[float]], d: int, path: Path) -> None:
    """Draw the counts over the lengths, both with logarithmic axes."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for kind, numbers in counts.items():
        axes.loglog(lengths, numbers, marker="o", label=kind)
    axes.set(xlabel="positions n", ylabel="multiplications of one layer", title=f"d = {d}")
    axes.legend()
    figure.savefig(path, bbox_inches="tight")


def main(argv: Sequence[str]) -> int:
    """Print the table, plot if asked to; return the exit status."""
    args = parser().parse_args(argv)
    if args.longest < 64 or args.width < 2:
        print("compare_layers.py: --longest is at least 64, and --width at least 2", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    lengths = [args.longest // 2**i for i in (3, 2, 1, 0)]
    try:
        rows, counts = table(lengths, args.d, args.width)
        print(f"n = {lengths[-1]}, d = {args.d}, width = {args.width}; exponents from n = {lengths[0]} on")
        print(f"{'':26}" + "".join(f"{column:>17}" for column in COLUMNS))
        for kind, *cells in rows:
            print(f"{kind:26}" + "".join(f"{cell:>17}" for cell in cells))
        if args.plot:
            plot(lengths, counts, args.d, args.plot)
    except NotImplementedError as error:
        print(f"compare_layers.py: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"compare_layers.py: {error.name} is not installed: pip install {error.name}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"compare_layers.py: {args.plot}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
