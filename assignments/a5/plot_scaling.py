"""Plot your own curves of question 1b: `python plot_scaling.py`, `python plot_scaling.py --help` for the rest.

Queries and keys are drawn from a standard normal distribution, for sizes d from 1 to 1024. The curves are printed, and
drawn to scaling.png, with and without the division by √d.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import attention_math

Array = NDArray[np.float64]
Curves = tuple[Array, Array, Array]

SIZES = [2**power for power in range(11)]
NAMES = ("variance of scores", "entropy of weights (nats)", "norm of the Jacobian")


def positive(text: str) -> int:
    """Read a whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(prog="python plot_scaling.py", description=__doc__.partition("\n")[0])
    top.add_argument("--keys", type=positive, default=10, help="keys of each draw (default: 10)")
    top.add_argument("--draws", type=positive, default=300, help="draws for each size d (default: 300)")
    top.add_argument("--seed", type=positive, default=1, help="default: 1")
    top.add_argument("--out", type=Path, default=Path("scaling.png"), help="the picture (default: scaling.png)")
    return top


def main(argv: Sequence[str]) -> int:
    """Draw, ask, print and plot; return the exit status."""
    args = parser().parse_args(argv)
    rng = np.random.default_rng(args.seed)
    queries = [rng.standard_normal((args.draws, d)) for d in SIZES]
    keys = [rng.standard_normal((args.draws, args.keys, d)) for d in SIZES]
    try:
        plain, scaled = (attention_math.scaling_curves(queries, keys, scaled) for scaled in (False, True))
        print_table(plain, scaled)
        plot(plain, scaled, args.keys, args.out)
    except NotImplementedError as error:
        print(f"plot_scaling.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"plot_scaling.py: {error.name} is not installed: pip install {error.name}", file=sys.stderr)
    except OSError as error:
        print(f"plot_scaling.py: {error.filename or args.out}: {error.strerror}", file=sys.stderr)
    else:
        print(f"saved: {args.out}")
        return 0
    return 2


def print_table(plain: Curves, scaled: Curves) -> None:
    """Print a row for each size d: each curve, plain and scaled."""
    print(f"{'':>6}", *(f"{name:>26}" for name in NAMES))
    print(f"{'d':>6}", *(f"{'plain':>15} {'scaled':>10}" for _ in NAMES))
    for i, d in enumerate(SIZES):
        print(f"{d:>6}", *(f"{a[i]:>15.3f} {b[i]:>10.3f}" for a, b in zip(plain, scaled, strict=True)))


def plot(plain: Curves, scaled: Curves, keys: int, path: Path) -> None:
    """Draw the three pairs of curves over d, and save the picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    for axes, name, a, b in zip(figure.subplots(1, 3), NAMES, plain, scaled, strict=True):
        axes.plot(SIZES, a, "o-", color="tab:orange", label="sᵀh")
        axes.plot(SIZES, b, "o-", color="tab:blue", label="sᵀh / √d")
        axes.set_xscale("log", base=2)
        axes.set_xlabel("d")
        axes.set_title(name)
    first, second, _ = figure.axes
    first.set_yscale("log", base=2)
    first.legend()
    second.axhline(np.log(keys), color="gray", linestyle=":")  # of even weights
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
