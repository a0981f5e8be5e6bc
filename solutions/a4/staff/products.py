"""Matrix products on a CPU by oneDNN where it is faster than MKL. For staff."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

CAPABILITY = torch.backends.cpu.get_cpu_capability()


def product(x: Tensor, weight: Tensor) -> Tensor:
    """Return x weight^T, (rows, out), without a gradient.

    `torch.mm` calls MKL, which uses AVX-512 on Intel's processors only: on others that have it, MKL's float32 products
    take twice as long as oneDNN's. PyTorch includes oneDNN for compiled models, and this is the operator they use.

    Args:
        x: (rows, in).
        weight: (out, in), plain or prepacked.
    """
    if uses_onednn(x):
        if not (weight.is_mkldnn or weight.is_contiguous() or weight.t().is_contiguous()):
            weight = weight.contiguous()  # oneDNN is a hundred times slower for a slice of columns
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
        return result
    return x @ weight.t()


def prepacked(weight: Tensor, rows: int) -> Tensor:
    """Return a weight in oneDNN's layout for products with about this many rows, once for all of them."""
    if not uses_onednn(weight):
        return weight
    result: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
    return result


def uses_onednn(x: Tensor) -> bool:
    """Return whether to multiply numbers of x's type with oneDNN. Without AVX-512 MKL is slightly faster."""
    return x.dtype == torch.float32 and torch.backends.mkldnn.is_available() and CAPABILITY == "AVX512"


class Linear(Function):
    """x weight^T for x (…, in) and weight (out, in), with a gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        """Return (…, out)."""
        ctx.save_for_backward(x, weight)
        return product(x.flatten(0, -2), weight).unflatten(0, x.shape[:-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        """Return x* and weight*."""
        x, weight = ctx.saved_tensors
        rows = grad.flatten(0, -2)
        return product(rows, weight.t()).view_as(x), product(rows.t(), x.flatten(0, -2).t())
