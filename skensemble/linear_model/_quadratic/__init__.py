"""Quadratic problems with a penalty: the steps of coordinate descent and Newton."""

from skensemble.linear_model._quadratic._minimise import (
    Quadratic,
    minimise_quadratic,
    ridge_inverse,
)

__all__ = ["Quadratic", "minimise_quadratic", "ridge_inverse"]
