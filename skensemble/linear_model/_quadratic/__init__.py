"""Quadratics with a penalty: what coordinate descent and Newton's method end in."""

from skensemble.linear_model._quadratic._minimise import Quadratic, minimise_quadratic

__all__ = ["Quadratic", "minimise_quadratic"]
