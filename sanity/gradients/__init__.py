"""Gradients: measured, compared, and explained where they are wrong."""

from sanity.gradients.compare import same_gradient, true_gradients
from sanity.gradients.jacobian import numeric_jacobian
from sanity.gradients.numeric import numeric_gradient, numeric_slopes
from sanity.gradients.slope import same_gradients, same_slope

__all__ = [
    "numeric_gradient",
    "numeric_jacobian",
    "numeric_slopes",
    "same_gradient",
    "same_gradients",
    "same_slope",
    "true_gradients",
]
