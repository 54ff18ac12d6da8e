"""Concave penalties that do not shrink large coefficients: MCP and SCAD."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._elastic_net import largest_slope
from skensemble.linear_model.penalties._parameter_checks import check_alpha, check_gamma
from skensemble.linear_model.penalties._weights import (
    WeightedPenalty,
    broadcast_to_coef,
    cast_like,
)

Array = NDArray[Any]


class _ConcavePenalty(WeightedPenalty):
    """Penalty with slope alpha at zero, which decreases until the penalty is constant.

    A subclass defines value, slope and prox for a size \\|w\\| and a level t = alpha
    v_j.
    """

    convex: ClassVar[bool] = False
    alpha: Any = 0.001
    gamma: Any = 3.0
    _least_gamma: ClassVar[float] = 1.0

    def check(self) -> None:
        """Refuse a negative strength, or too small a gamma."""
        check_alpha(self)
        check_gamma(self, self._least_gamma)

    def value(self, coef: Array) -> float:
        """Sum over the coefficients."""
        each = self._values(np.abs(coef), self._level(coef))
        return float(np.sum(each, dtype=float))

    def prox(self, coef: Array, step: Any) -> Array:
        """Global minimiser of each scalar problem; zero if two are equally good."""
        size = self._nearest(np.abs(coef), self._level(coef), cast_like(step, coef))
        return np.sign(coef) * size + 0.0  # + 0: no minus zero

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the (regular) subdifferential."""
        level = self._level(coef)
        slope = self._slopes(np.abs(coef), level)
        at_zero = np.maximum(np.abs(gradient) - level, 0)
        return np.where(coef == 0, at_zero, np.abs(gradient + slope * np.sign(coef)))

    def tangent(self, coef: Array) -> Array:
        """Compute the slope of the penalty of each coefficient.

        Parameters
        ----------
        coef : ndarray of shape (p,)
            The coefficients.

        Returns
        -------
        slopes : ndarray of shape (p,)
            The slopes; at zero, those of the concave penalty there.
        """
        level = self._level(coef)
        return np.broadcast_to(self._slopes(np.abs(coef), level), coef.shape)

    def largest(self, gradient: Array) -> float:
        """Largest slope over its factor; zero is a local minimum from there on."""
        return largest_slope(gradient, self.weights)

    def _level(self, coef: Array) -> Any:
        # A Python float does not change the dtype of an array; a numpy scalar may.
        return float(self.alpha) * broadcast_to_coef(self.weights, coef)

    def _values(self, size: Array, level: Any) -> Array:
        raise NotImplementedError(f"{type(self).__name__} does not define its values.")

    def _slopes(self, size: Array, level: Any) -> Array:
        raise NotImplementedError(f"{type(self).__name__} does not define its slopes.")

    def _nearest(self, size: Array, level: Any, step: Array) -> Array:
        raise NotImplementedError(f"{type(self).__name__} does not define its prox.")


class MCP(_ConcavePenalty):
    r"""Minimax concave penalty, which selects columns and keeps large coefficients.

    The sum over coefficients, with t = alpha v_j, of

    - t \|w\| - w² / (2 gamma) if \|w\| <= gamma t,
    - gamma t² / 2 beyond, with a slope of zero

    (Zhang, "Nearly unbiased variable selection under minimax concave penalty", Annals
    of Statistics 38, 2010). It is not convex: a solver finds a local minimum.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty, as in `L1`.
    gamma : float, default=3.0
        Size at which the penalty becomes constant, in multiples of t; above 1. With
        larger values it is closer to `L1`. It is meant for columns with a standard
        deviation of one (``standardize=True``).
    weights : array-like of shape (p,), dict of column name to float, or None
        Factors v_j of the columns, as in `L1`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import MCP
    >>> MCP(alpha=1.0).prox(np.array([5.0, 2.0, -0.2]), step=1.0)
    array([5. , 1.5, 0. ])
    """

    def __init__(self, alpha=0.001, gamma=3.0, weights=None):
        self.alpha = alpha
        self.gamma = gamma
        self.weights = weights

    def _values(self, size, level):
        gamma = float(self.gamma)
        bent = np.minimum(size, gamma * level)
        return level * bent - bent**2 / (2 * gamma)

    def _slopes(self, size, level):
        return np.maximum(level - size / float(self.gamma), 0)

    def _nearest(self, size, level, step):
        gamma = float(self.gamma)
        convex = step < gamma
        bend = np.where(convex, 1 - step / gamma, 1)
        # If `bend` is almost zero, the quotient is rounding; any size between is as
        # good.
        bent = np.minimum(np.maximum(size - step * level, 0) / bend, size)
        near = np.where(size > gamma * level, size, bent)
        # Concave up to gamma t: the minimum is zero, or where the penalty is flat.
        far = np.where(size > level * np.sqrt(step * gamma), size, 0)
        return np.where(convex, near, far)


class SCAD(_ConcavePenalty):
    r"""Smoothly clipped absolute deviation, which keeps large coefficients.

    The sum over coefficients, with t = alpha v_j, of

    - t \|w\| if \|w\| <= t,
    - (2 gamma t \|w\| - w² - t²) / (2 (gamma - 1)) if \|w\| <= gamma t,
    - (gamma + 1) t² / 2 beyond, with a slope of zero

    (Fan and Li, "Variable selection via nonconcave penalized likelihood and its oracle
    properties", Journal of the American Statistical Association 96, 2001). It is not
    convex: a solver finds a local minimum.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty, as in `L1`.
    gamma : float, default=3.7
        Size at which the penalty becomes constant, in multiples of t; above 2. The
        default is from the paper. It is meant for columns with a standard deviation of
        one (``standardize=True``).
    weights : array-like of shape (p,), dict of column name to float, or None
        Factors v_j of the columns, as in `L1`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import SCAD
    >>> SCAD(alpha=1.0).prox(np.array([5.0, 1.8, -0.2]), step=1.0)
    array([5. , 0.8, 0. ])
    """

    _least_gamma: ClassVar[float] = 2.0

    def __init__(self, alpha=0.001, gamma=3.7, weights=None):
        self.alpha = alpha
        self.gamma = gamma
        self.weights = weights

    def _values(self, size, level):
        gamma = float(self.gamma)
        # The slope is t up to t and falls to zero at gamma t; this is its integral.
        fall = np.clip(size, level, gamma * level) - level
        rise = level * np.minimum(size, level)
        return rise + level * fall - fall**2 / (2 * (gamma - 1))

    def _slopes(self, size, level):
        gamma = float(self.gamma)
        falling = np.maximum(gamma * level - size, 0) / (gamma - 1)
        return np.minimum(falling, level)

    def _nearest(self, size, level, step):
        gamma = float(self.gamma)
        soft = np.maximum(size - step * level, 0)
        convex = step < gamma - 1
        bend = np.where(convex, gamma - 1 - step, 1)
        bent = ((gamma - 1) * size - step * gamma * level) / bend
        # If `bend` is almost zero, the quotient is rounding; any size between is as
        # good.
        bent = np.where(size <= (1 + step) * level, soft, np.clip(bent, level, size))
        near = np.where(size > gamma * level, size, bent)
        # Concave from t to gamma t: soft below, or where the penalty is flat, as the
        # two have equal objectives where the size is `jump`.
        jump = np.where(
            step > gamma + 1, np.sqrt(step * (gamma + 1)), (gamma + 1 + step) / 2
        )
        far = np.where(size > jump * level, size, soft)
        return np.where(convex, near, far)
