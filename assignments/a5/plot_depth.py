"""Plot how gradients fare with depth, and who depends on whom: `python plot_depth.py` writes depth.png.

It runs on your own answers to 3d and 3h to 3j: gradients along a chain of equal steps, with and without tanh; gradients
through many layers, plain, residual and highway; and the influence of examples on each other under both norms.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

import recurrent

H, STEPS, LAYERS = 32, 60, 30
RADII = (0.5, 0.9, 1.0, 1.1, 1.5)
EXAMPLES = 8
OUT = "depth.png"


def chains(axes: Any, linear: bool) -> None:
    """Draw the norms of gradients along chains of several spectral radii."""
    generator = torch.Generator().manual_seed(0)
    W = torch.randn(H, H, generator=generator, dtype=torch.float64)
    h, w = (torch.randn(H, generator=generator, dtype=torch.float64) for _ in range(2))
    for radius in RADII:
        norms = recurrent.gradient_norms(recurrent.with_radius(W, radius), h, w, STEPS, linear)
        norms = [float(norm) for norm in norms]
        axes.semilogy(range(STEPS + 1), norms, label=f"spectral radius {radius}")
    axes.set(title="without tanh" if linear else "with tanh", xlabel="steps back", ylabel="norm of the gradient")
    axes.legend(fontsize=7)


def through_layers(kind: str) -> list[float]:
    """Return the norms of the gradients by the output of each layer, from the last back to the input."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, H, generator=generator, requires_grad=True)
    outputs = [x]
    for _ in range(LAYERS):
        M = recurrent.xavier_uniform(H, H, generator) / 2
        outputs.append(one_layer(kind, outputs[-1], M, generator))
    gradients = torch.autograd.grad(outputs[-1].sum(), outputs)
    return [float(gradient.norm()) for gradient in reversed(gradients)]


def one_layer(kind: str, x: Tensor, M: Tensor, generator: torch.Generator) -> Tensor:
    """Send x through tanh(x M), with what kind says around it."""

    def layer(x: Tensor) -> Tensor:
        return torch.tanh(x @ M)

    if kind == "residual":
        return recurrent.residual(x, layer)
    if kind == "highway":
        gate = recurrent.xavier_uniform(H, H, generator)
        return recurrent.highway(x, layer, gate, torch.full((H,), -2.0))
    return layer(x)


def influences() -> dict[str, Tensor]:
    """Return the influence of examples on each other, (B, B), under LayerNorm and under BatchNorm in training."""
    x = torch.randn(EXAMPLES, H, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    one, zero = torch.ones(H, dtype=torch.float64), torch.zeros(H, dtype=torch.float64)
    by_layer = recurrent.influence(lambda x: recurrent.layer_norm(x, one, zero), x)
    by_batch = recurrent.influence(lambda x: recurrent.batch_norm(x, one, zero, zero, one, True)[0], x)
    return {"LayerNorm": by_layer, "BatchNorm": by_batch}


def main() -> int:
    """Draw the four plots into one picture; return the exit status."""
    try:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 7), layout="constrained")
        places = figure.subplot_mosaic("AABB;CCDE")
        chains(places["A"], linear=True)
        chains(places["B"], linear=False)
        layers = places["C"]
        for kind in ("plain", "residual", "highway"):
            layers.semilogy(range(LAYERS + 1), through_layers(kind), label=kind)
        layers.set(title=f"{LAYERS} layers", xlabel="layers back", ylabel="norm of the gradient")
        layers.legend(fontsize=7)
        for place, (norm, found) in zip("DE", influences().items(), strict=True):
            places[place].imshow(found.tolist())
            places[place].set(title=f"influence, {norm}", xlabel="input", ylabel="output")
        figure.savefig(OUT, dpi=150)
    except NotImplementedError as error:
        print(f"plot_depth.py: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"plot_depth.py: {error.name} is not installed: pip install {error.name}", file=sys.stderr)
        return 2
    print(f"wrote {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
