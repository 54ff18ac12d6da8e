"""The normal form as a penalty: absolute values, squares and bounds per column."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import Form, Penalty
from skensemble.linear_model.penalties._elastic_net import soft_threshold
from skensemble.linear_model.penalties._weights import broadcast_to_coef, cast_like

Array = NDArray[Any]

# Coefficients are scaled to the units of the data and back, with this many roundings.
_ROUNDINGS = 8


class FormPenalty(Penalty):
    r"""Sum of l1_j \|w_j\| + l2_j w_j² / 2, with lower_j <= w_j <= upper_j.

    For penalties that are given by their normal form, such as a penalty in other units
    of the columns. It is always bound, and has no `alpha`.

    Parameters
    ----------
    parts : Form
        Factors and bounds of each column.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model.penalties import Form, FormPenalty
    >>> ones, free = np.ones(2), np.full(2, np.inf)
    >>> penalty = FormPenalty(Form(ones, 0 * ones, 0 * ones, free))
    >>> penalty.prox(np.array([-3.0, 3.0]), step=1.0)
    array([0., 2.])
    """

    def __init__(self, parts):
        self.parts = parts

    def columns(self, index: Array) -> Penalty:
        """Return the penalty of some of the columns."""
        return FormPenalty(Form(*(part[index] for part in self._all())))

    def value(self, coef: Array) -> float:
        """Sum of absolute values and half squares, infinite outside the bounds."""
        l1, l2, lower, upper = self._wide(coef)
        if compare_with_bounds(coef, lower, upper)[2].any():
            return np.inf
        return float(np.sum(l1 * np.abs(coef) + 0.5 * l2 * coef**2, dtype=float))

    def prox(self, coef: Array, step: Any) -> Array:
        """Soft threshold, shrink, and clip."""
        l1, l2, lower, upper = self._wide(coef)
        step = cast_like(step, coef)
        held = soft_threshold(coef, step * l1) / (1 + step * l2)
        return np.clip(held, lower, upper)

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential; infinite out of bounds."""
        l1, l2, lower, upper = self._wide(coef)
        slope = gradient + l2 * coef
        # Descent upwards counts below the upper bound only, and descent downwards above
        # the lower bound only.
        rise = -slope - np.where(coef >= 0, l1, -l1)
        fall = slope + np.where(coef <= 0, -l1, l1)
        low, high, beyond = compare_with_bounds(coef, lower, upper)
        pulls = np.maximum(np.where(high, 0, rise), np.where(low, 0, fall))
        within = np.maximum(pulls, 0)
        return np.where(beyond, np.inf, within).astype(within.dtype, copy=False)

    def form(self, p: int) -> Form:
        """Return the normal form itself."""
        return self.parts

    def _all(self) -> tuple[Array, Array, Array, Array]:
        parts = self.parts
        return parts.l1, parts.l2, parts.lower, parts.upper

    def _wide(self, coef: Array) -> list[Any]:
        return [broadcast_to_coef(part, coef) for part in self._all()]


def compare_with_bounds(
    coef: Array, lower: Any, upper: Any
) -> tuple[Array, Array, Array]:
    """Compare coefficients with their bounds, up to rounding.

    Parameters
    ----------
    coef : ndarray of shape (p,) or (p, k)
        The coefficients.
    lower, upper : float or ndarray that broadcasts to `coef`
        The bounds.

    Returns
    -------
    low, high, beyond : ndarray of bool
        At or below the lower bound, at or above the upper bound, and outside of both.
    """
    share = _ROUNDINGS * np.finfo(np.result_type(coef, np.float32)).eps
    under, over = (
        share * np.abs(np.where(np.isfinite(bound), bound, 0))
        for bound in (lower, upper)
    )
    beyond = (coef < lower - under) | (coef > upper + over)
    return coef <= lower + under, coef >= upper - over, beyond
