"""Penalties of absolute values and squares: none, L1, L2 and elastic net."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import Form
from skensemble.linear_model.penalties._parameter_checks import (
    check_alpha,
    check_l1_ratio,
)
from skensemble.linear_model.penalties._weights import (
    WeightedPenalty,
    broadcast_to_coef,
    cast_like,
)

Array = NDArray[Any]


class _L1L2Penalty(WeightedPenalty):
    """Weighted sum of absolute values and squares, with one factor per column."""

    def _shares(self) -> tuple[float, float]:
        """Shares of absolute values and of squares."""
        raise NotImplementedError(f"{type(self).__name__} does not define its shares.")

    def _parts(self) -> tuple[float, float]:
        """Strength of absolute values and of squares."""
        # A Python float does not change the dtype of an array; a numpy scalar may.
        l1, l2 = self._shares()
        return float(self.alpha * l1), float(self.alpha * l2)

    def value(self, coef: Array) -> float:
        """Sum of absolute values and half squares."""
        l1, l2 = self._parts()
        factor = broadcast_to_coef(self.weights, coef)
        total = l1 * np.sum(factor * np.abs(coef), dtype=float) if l1 else 0.0
        if l2:
            total += 0.5 * l2 * np.sum(factor * coef**2, dtype=float)
        return float(total)

    def prox(self, coef: Array, step: Any) -> Array:
        """Soft threshold, then shrink."""
        l1, l2 = self._parts()
        pull = cast_like(step, coef) * broadcast_to_coef(self.weights, coef)
        held = soft_threshold(coef, l1 * pull) if l1 else coef
        return held / (1 + l2 * pull) if l2 else held

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential."""
        l1, l2 = self._parts()
        factor = broadcast_to_coef(self.weights, coef)
        slope = gradient + l2 * factor * coef if l2 else gradient
        at_zero = np.maximum(np.abs(slope) - l1 * factor, 0)
        return np.where(coef == 0, at_zero, np.abs(slope + l1 * factor * np.sign(coef)))

    def form(self, p: int) -> Form:
        """Normal form of the penalty."""
        l1, l2 = self._parts()
        factor = np.ones(p) * broadcast_to_coef(self.weights, np.ones(p))
        free = np.full(p, np.inf)
        return Form(l1 * factor, l2 * factor, -free, free)

    def largest(self, gradient: Array) -> float:
        """Largest slope over its factor and the share of absolute values."""
        share, _ = self._shares()
        return largest_slope(gradient, self.weights) / share if share else np.inf


class NoPenalty(_L1L2Penalty):
    """No penalty.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Examples
    --------
    >>> from skensemble.linear_model import LinearRegressor, NoPenalty
    >>> model = LinearRegressor(penalty=NoPenalty()).fit([[0], [1], [2]], [1, 3, 5])
    >>> model.coef_.round(6)
    array([2.])
    """

    def _shares(self):
        return 0.0, 0.0

    def check(self):
        """Accept the penalty, which has no parameters."""


class L1(_L1L2Penalty):
    r"""Sum of absolute values, alpha sum_j v_j \|w_j\|: sets coefficients to zero.

    The lasso (Tibshirani, "Regression shrinkage and selection via the lasso", Journal
    of the Royal Statistical Society B 58, 1996). With `SquaredError` and the same
    `alpha` it is scikit-learn's `Lasso`.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty, in units of the mean loss per unit of a coefficient.
    weights : array-like of shape (p,), dict of column name to float, or None
        Factors v_j of the columns; a column with factor zero is not penalised. Columns
        missing from a dict have a factor of one; the name of a categorical column
        stands for all its levels, and an integer for the position of a column.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import L1
    >>> L1(alpha=0.5).prox(np.array([2.0, -0.2]), step=1.0)
    array([1.5, 0. ])
    """

    def __init__(self, alpha=0.001, weights=None):
        self.alpha = alpha
        self.weights = weights

    def _shares(self):
        return 1.0, 0.0


class L2(_L1L2Penalty):
    r"""Half the sum of squares, alpha / 2 sum_j v_j w_j²: shrinks coefficients.

    Ridge (Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970). With n rows
    it corresponds to scikit-learn's `Ridge(alpha=n * alpha)` for `SquaredError`, to
    `LogisticRegression(C=1 / (n * alpha))` for `LogLoss`, and to the same `alpha` of
    `PoissonRegressor`.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty, in units of the mean loss per squared unit of a
        coefficient.
    weights : array-like of shape (p,), dict of column name to float, or None
        Factors v_j of the columns, as in `L1`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import L2
    >>> L2(alpha=1.0).prox(np.array([2.0, -0.2]), step=1.0)
    array([ 1. , -0.1])
    """

    def __init__(self, alpha=0.001, weights=None):
        self.alpha = alpha
        self.weights = weights

    def _shares(self):
        return 0.0, 1.0


class ElasticNetPenalty(_L1L2Penalty):
    r"""Elastic net, alpha sum_j v_j (r \|w_j\| + (1 - r) w_j² / 2) with r = `l1_ratio`.

    It sets coefficients to zero as `L1` does, and selects correlated columns together
    (Zou and Hastie, "Regularization and variable selection via the elastic net",
    Journal of the Royal Statistical Society B 67, 2005). The parameters are those of
    scikit-learn's `ElasticNet`.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty.
    l1_ratio : float, default=0.5
        Share r of the L1 penalty, from 0 (`L2`) to 1 (`L1`).
    weights : array-like of shape (p,), dict of column name to float, or None
        Factors v_j of the columns, as in `L1`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import ElasticNetPenalty
    >>> ElasticNetPenalty(alpha=1.0).prox(np.array([2.0, -0.2]), step=1.0)
    array([1., 0.])
    """

    def __init__(self, alpha=0.001, l1_ratio=0.5, weights=None):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.weights = weights

    def check(self):
        """Refuse a negative strength or a share outside 0 to 1."""
        check_alpha(self)
        check_l1_ratio(self, "squares")

    def _shares(self):
        return self.l1_ratio, 1 - self.l1_ratio


def soft_threshold(values: Array, level: Any) -> Array:
    """Soft threshold: move values towards zero by `level`, but not beyond zero."""
    return values - np.clip(values, -level, level)


def largest_slope(gradient: Array, weights: Any) -> float:
    """Largest slope over its factor, of all penalised coefficients."""
    factor = np.broadcast_to(broadcast_to_coef(weights, gradient), gradient.shape)
    paying = factor > 0
    return float(np.max(np.abs(gradient[paying]) / factor[paying], initial=0.0))
