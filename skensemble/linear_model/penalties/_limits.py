"""Coefficients against their bounds, to the rounding of their type."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Coefficients are scaled to the units of the data and back: so many roundings.
_ROUNDINGS = 8


def against(coef: Array, lower: Any, upper: Any) -> tuple[Array, Array, Array]:
    """Whether each coefficient is at its lower bound or below, at its upper or above.

    Parameters
    ----------
    coef : ndarray of shape (p,) or (p, k)
        The coefficients.
    lower, upper : float or ndarray that broadcasts to `coef`
        The bounds.

    Returns
    -------
    low, high, beyond : ndarray of bool
        At or below the lower, at or above the upper, and outside of the interval.
    """
    share = _ROUNDINGS * np.finfo(np.result_type(coef, np.float32)).eps
    under, over = (
        share * np.abs(np.where(np.isfinite(bound), bound, 0))
        for bound in (lower, upper)
    )
    beyond = (coef < lower - under) | (coef > upper + over)
    return coef <= lower + under, coef >= upper - over, beyond
