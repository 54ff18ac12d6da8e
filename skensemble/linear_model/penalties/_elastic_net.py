"""Penalties of absolute values and squares: none, L1, L2 and their mixture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._contract import Form
from skensemble.linear_model.penalties._ranges import check_ratio, check_strength
from skensemble.linear_model.penalties._weights import Weighted, like, spread

Array = NDArray[Any]


class _Mixture(Weighted):
    """A mixture of absolute values and squares, each with a factor a column."""

    def _shares(self) -> tuple[float, float]:
        """Shares of absolute values and of squares."""
        raise TypeError(f"{type(self).__name__} does not define its shares.")

    def _parts(self) -> tuple[float, float]:
        """Strength of absolute values and of squares."""
        # A float of Python leaves the type of an array as it is; numpy's does not.
        l1, l2 = self._shares()
        return float(self.alpha * l1), float(self.alpha * l2)

    def value(self, coef: Array) -> float:
        """Sum of absolute values and half squares."""
        l1, l2 = self._parts()
        factor = spread(self.weights, coef)
        total = l1 * np.sum(factor * np.abs(coef), dtype=float) if l1 else 0.0
        if l2:
            total += 0.5 * l2 * np.sum(factor * coef**2, dtype=float)
        return float(total)

    def prox(self, coef: Array, step: Any) -> Array:
        """Soft threshold, then shrink."""
        l1, l2 = self._parts()
        pull = like(step, coef) * spread(self.weights, coef)
        held = soft_threshold(coef, l1 * pull) if l1 else coef
        return held / (1 + l2 * pull) if l2 else held

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential."""
        l1, l2 = self._parts()
        factor = spread(self.weights, coef)
        slope = gradient + l2 * factor * coef if l2 else gradient
        at_zero = np.maximum(np.abs(slope) - l1 * factor, 0)
        return np.where(coef == 0, at_zero, np.abs(slope + l1 * factor * np.sign(coef)))

    def form(self, p: int) -> Form:
        """Normal form."""
        l1, l2 = self._parts()
        factor = np.ones(p) * spread(self.weights, np.ones(p))
        free = np.full(p, np.inf)
        return Form(l1 * factor, l2 * factor, -free, free)

    def largest(self, gradient: Array) -> float:
        """Largest slope over its factor and the share of absolute values."""
        share, _ = self._shares()
        return largest_slope(gradient, self.weights) / share if share else np.inf


class NoPenalty(_Mixture):
    """No penalty: coefficients are free.

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
        """Nothing to refuse."""


class L1(_Mixture):
    r"""Sum of absolute values, alpha sum_j v_j \|w_j\|: sets coefficients to zero.

    The lasso (Tibshirani, "Regression shrinkage and selection via the lasso", Journal of
    the Royal Statistical Society B 58, 1996). With `SquaredError` and the same `alpha` it
    is scikit-learn's `Lasso`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength, in units of the mean loss per unit of a coefficient.
    weights : array-like of shape (p,), dict of column name to float, or None
        Factors v_j of the columns; zero leaves a column free. Columns that a dict does
        not name have one; the name of a category stands for all its levels, and a whole
        number for a place.

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


class L2(_Mixture):
    r"""Half the sum of squares, alpha / 2 sum_j v_j w_j²: shrinks, never to zero.

    Ridge (Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970). In the terms
    of scikit-learn, with n rows: `Ridge(alpha=n * alpha)` for `SquaredError`,
    `LogisticRegression(C=1 / (n * alpha))` for `LogLoss`, and the same `alpha` as in
    `PoissonRegressor`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength, in units of the mean loss per squared unit of a coefficient.
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


class ElasticNetPenalty(_Mixture):
    r"""Mixture alpha sum_j v_j (r \|w_j\| + (1 - r) w_j² / 2), r = `l1_ratio`.

    Selects as `L1` does, and keeps or drops correlated columns together (Zou and Hastie,
    "Regularization and variable selection via the elastic net", Journal of the Royal
    Statistical Society B 67, 2005). The terms are scikit-learn's `ElasticNet`'s.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength.
    l1_ratio : float, default=0.5
        Share r of absolute values, from 0 (`L2`) to 1 (`L1`).
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
        check_strength(self)
        check_ratio(self, "squares")

    def _shares(self):
        return self.l1_ratio, 1 - self.l1_ratio


def soft_threshold(values: Array, level: Any) -> Array:
    """Move values towards zero by `level`, and no further."""
    return values - np.clip(values, -level, level)


def largest_slope(gradient: Array, weights: Any) -> float:
    """Largest slope of a coefficient that pays, over its factor."""
    factor = np.broadcast_to(spread(weights, gradient), gradient.shape)
    paying = factor > 0
    return float(np.max(np.abs(gradient[paying]) / factor[paying], initial=0.0))
