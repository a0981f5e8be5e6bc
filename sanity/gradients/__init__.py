"""Gradients: measured, compared, and explained where they are wrong."""

from sanity.gradients.compare import same_gradient, true_gradients
from sanity.gradients.numeric import complex_step_gradient, numeric_gradient, numeric_slopes, torch_gradient
from sanity.gradients.slope import same_gradients, same_slope

__all__ = [
    "complex_step_gradient",
    "numeric_gradient",
    "numeric_slopes",
    "same_gradient",
    "same_gradients",
    "same_slope",
    "torch_gradient",
    "true_gradients",
]
