"""Plot what your answers to part 2 do: `python plot_constructions.py` writes constructions.png.

Each panel asks constructions.py for what it shows. Where an answer is missing, or raises an exception, the panel says
so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import constructions

Array = NDArray[np.float64]

N = D = 6  # keys, and numbers in each
BETA = 30.0
ALPHA = 1e-6
DRAWS, MANY = 150, 20_000  # draws that are plotted, and those that the standard deviations are of
A, B = 0, 1  # the two values
COLOURS = ("#2a6f9e", "#d1661f")


def softmax(scores: Array) -> Array:
    """Return the softmax over the last axis."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def keys_of_any_length(rng: np.random.Generator) -> Array:
    """Return orthogonal keys of lengths from one half to two, (N, D)."""
    return np.linalg.qr(rng.standard_normal((D, N)))[0].T * rng.uniform(0.5, 2, N)[:, np.newaxis]


def plot_weights(axes: Any, rng: np.random.Generator) -> None:
    """2a: the weights of each value, as bars."""
    keys, t = keys_of_any_length(rng), 6.0
    queries = {
        "copying": constructions.copying_query(keys.copy(), A, t),
        "averaging": constructions.averaging_query(keys.copy(), A, B, t),
    }
    for place, (name, query) in enumerate(queries.items()):
        axes.bar(np.arange(N) + 0.4 * place - 0.2, softmax(keys @ query), 0.38, label=name, color=COLOURS[place])
    axes.set(title="2a: weights, keys of any length", xlabel="value", ylim=(0, 1.05))
    axes.set_xticks(range(N), ["a", "b", *(str(i) for i in range(2, N))])
    axes.legend(frameon=False)


def plot_projection(axes: Any, rng: np.random.Generator) -> None:
    """2b: what M makes of a sum of two vectors, and the one that should be left."""
    A_basis, B_basis = np.split(keys_of_any_length(rng), [2])
    x, y = rng.standard_normal(len(A_basis)) @ A_basis, rng.standard_normal(len(B_basis)) @ B_basis
    M = constructions.projection(A_basis.copy(), B_basis.copy())
    axes.plot(x + y, "--", color="#8a8f98", label="x + y")
    axes.plot(x, "o", color=COLOURS[0], label="x, in A", markersize=9, fillstyle="none")
    axes.plot(M @ (x + y), ".", color=COLOURS[1], label="M (x + y)")
    axes.set(title="2b: M takes y away", xlabel="number in the vector")
    axes.legend(frameon=False)


def plot_heads(one: Any, two: Any, rng: np.random.Generator) -> None:
    """2c: the weight on value a over draws, with one head and with two; also print the spread."""
    means = np.eye(N, D)
    answers: dict[str, Callable[[], Array]] = {
        "one head": lambda: np.atleast_2d(constructions.single_query(means.copy(), A, B, BETA)),
        "two heads": lambda: constructions.two_queries(means.copy(), A, B, BETA),
    }
    for axes, (name, queries), colour in zip((one, two), answers.items(), COLOURS, strict=True):

        def show(axes: Any = axes, name: str = name, queries: Any = queries, colour: str = colour) -> None:
            keys = constructions.sample_keys(means.copy(), A, ALPHA, MANY, rng)
            weights = np.asarray(constructions.weight_over_draws(keys, queries(), A))
            near = float((np.abs(weights - 0.5) < 0.05).mean())
            print(
                f"2c, {name}: weight on value a: mean {weights.mean():.2f}, standard deviation {weights.std():.2f}, "
                f"within 0.05 of one half in {near:.1%} of {MANY:,} draws"
            )
            axes.plot(weights[:DRAWS], ".", color=colour)
            axes.axhline(0.5, color="#8a8f98", linewidth=0.8)
            axes.set(
                title=f"2c: {name}, standard deviation {weights.std():.2f}",
                xlabel="draw",
                ylabel="weight on value a",
                ylim=(-0.04, 1.04),
            )

        attempt(axes, f"2c: {name}", show)


def plot_design(axes: Any, rng: np.random.Generator) -> None:
    """2d: the outputs c_1 and c_2, by how much of u_a, u_b, u_c and u_d is in them."""
    u = 1.5 * np.linalg.qr(rng.standard_normal((D, 4)))[0].T
    K, Q, V = constructions.key_query_value(*(vector.copy() for vector in u), 6.0)
    u_a, u_b, u_c, u_d = u
    words = np.stack([u_d + u_b, u_a, u_c + u_b])
    outputs = softmax((words @ Q.T) @ (words @ K.T).T) @ (words @ V.T)
    parts = outputs[:2] @ u.T / (u_a @ u_a)
    for place in range(2):
        axes.bar(np.arange(4) + 0.4 * place - 0.2, parts[place], 0.38, label=f"$c_{place + 1}$", color=COLOURS[place])
    axes.axhline(0, color="#8a8f98", linewidth=0.8)
    axes.set(title="2d: what is in $c_1$ and $c_2$", ylim=(-1.15, 1.15))
    axes.set_xticks(range(4), ["$u_a$", "$u_b$", "$u_c$", "$u_d$"])
    axes.legend(frameon=False)


def plot_identity(axes: Any) -> None:
    """2d: how far c_2 stays from u_b with the identity."""
    lengths = np.linspace(0.05, 3, 60)
    axes.plot(lengths, [constructions.identity_distance(float(beta)) for beta in lengths], color=COLOURS[0])
    axes.set(title="2d: with the identity", xlabel=r"$\beta$", ylabel=r"distance of $c_2$ from $u_b$, by $\beta$")
    axes.set_ylim(0, 1.5)


def plot_positions(axes: Any) -> None:
    """2e: the table of positions."""
    axes.imshow(np.asarray(constructions.position_table(48, 24)), aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
    axes.set(title="2e: positions", xlabel="column", ylabel="position")


def plot_gap(axes: Any, rng: np.random.Generator) -> None:
    """2e: the gap without positions and with them."""
    X, P, table = rng.standard_normal((5, 4)), np.eye(5)[[4, 0, 1, 2, 3]], constructions.position_table(5, 4)
    weights = [rng.standard_normal((4, 4)) for _ in range(4)]

    def Z(words: Array) -> Array:
        return constructions.attention_layer(words, *(matrix.copy() for matrix in weights))

    gaps = [constructions.permutation_gap(Z, X, P, used) for used in (np.zeros((5, 4)), np.asarray(table))]
    axes.bar(["without positions", "with positions"], gaps, 0.5, color=COLOURS)
    axes.set(title="2e: what order changes", ylabel="largest number in Z(PX + Φ) − P Z(X + Φ)")


def attempt(axes: Any, title: str, draw: Callable[[], None]) -> None:
    """Draw a panel; write into it what went wrong, if an answer is missing or wrong."""
    try:
        draw()
    except NotImplementedError:
        said = "not answered yet"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:60]
    else:
        return
    axes.clear()
    axes.set(title=title, xticks=[], yticks=[])
    axes.text(0.5, 0.5, said, ha="center", va="center", wrap=True)


def main(argv: list[str]) -> int:
    """Plot all panels; return the exit status."""
    parser = argparse.ArgumentParser(prog="python plot_constructions.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("constructions.png"), help="default: constructions.png")
    chosen = parser.parse_args(argv)
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        print("plot_constructions.py: install matplotlib: python -m pip install matplotlib", file=sys.stderr)
        return 2
    rng = np.random.default_rng(0)
    figure = Figure(figsize=(15, 7), layout="constrained")
    panels = figure.subplots(2, 4).flat
    weights, projection, one, two, design, identity, table, gap = panels
    attempt(weights, "2a", lambda: plot_weights(weights, rng))
    attempt(projection, "2b", lambda: plot_projection(projection, rng))
    plot_heads(one, two, rng)
    attempt(design, "2d: keys, queries, values", lambda: plot_design(design, rng))
    attempt(identity, "2d: with the identity", lambda: plot_identity(identity))
    attempt(table, "2e: positions", lambda: plot_positions(table))
    attempt(gap, "2e: order", lambda: plot_gap(gap, rng))
    try:
        figure.savefig(chosen.out, dpi=110)
    except (OSError, ValueError) as error:
        print(f"plot_constructions.py: {chosen.out}: cannot be written: {error}", file=sys.stderr)
        return 1
    print(f"wrote {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
