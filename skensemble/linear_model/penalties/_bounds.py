"""Bounds on coefficients, combined with a separable penalty."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import Form, Penalty, PenaltyColumns
from skensemble.linear_model.penalties._column_names import as_floats, value_per_column
from skensemble.linear_model.penalties._form_penalty import compare_with_bounds
from skensemble.linear_model.penalties._names import (
    NestedPenalty,
    as_penalty,
    penalty_names,
)
from skensemble.linear_model.penalties._weights import broadcast_to_coef

Array = NDArray[Any]


class Bounded(NestedPenalty):
    r"""A penalty with bounds: penalty(w) if lower_j <= w_j <= upper_j, else infinite.

    Bounds are in the units of the data; if columns are standardised, bounds are scaled
    too. An interval does not have to contain zero. With several outputs or classes the
    bounds of a column hold for all of them.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    penalty : Penalty or str, default="none"
        Penalty within the bounds. It must be convex and a sum over single coefficients,
        such as `L1`, `L2`, `ElasticNetPenalty` or `Adaptive`.
    lower, upper : float, array-like of shape (p,) or dict of column name to float
        The bounds, by default -inf and inf. Columns missing from a dict have no bound;
        the name of a categorical column stands for all its levels, and an integer for
        the position of a column.

    See Also
    --------
    NonNegative : Penalty with coefficients of zero or more.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import L1, Bounded
    >>> penalty = Bounded(L1(alpha=0.5), lower=-1.0, upper=2.0)
    >>> penalty.prox(np.array([-3.0, 0.2, 1.5, 5.0]), step=1.0)
    array([-1.,  0.,  1.,  2.])
    """

    def __init__(self, penalty="none", lower=-np.inf, upper=np.inf):
        self.penalty = penalty
        self.lower = lower
        self.upper = upper

    def check(self) -> None:
        """Refuse penalties that cannot have bounds, and lower above upper bounds."""
        inner = as_penalty(self.penalty)
        inner.check()
        _check_inner(self, inner)
        if _is_single(self.lower) and _is_single(self.upper):
            self._limits_of(PenaltyColumns(1))  # other bounds are checked in `bind`

    def bind(self, columns: PenaltyColumns) -> Penalty:
        """Return the penalty with bounds of the scaled columns.

        Parameters
        ----------
        columns : PenaltyColumns
            Description of the columns of the design.

        Returns
        -------
        penalty : Bounded
            The penalty with one lower and one upper bound per column.
        """
        self.check()
        inner = as_penalty(self.penalty).bind(columns)
        lower, upper = self._limits_of(columns)
        if columns.scale is not None:
            lower, upper = lower * columns.scale, upper * columns.scale
        if isinstance(inner, Bounded):
            lower = np.maximum(lower, inner.lower)
            upper = np.minimum(upper, inner.upper)
            inner = inner.penalty
            _check_order(self, lower, upper, columns)
        return Bounded(inner, lower, upper)

    def columns(self, index: Array) -> Penalty:
        """Return the penalty and the bounds of some of the columns."""
        lower, upper = (
            bound if np.ndim(bound) == 0 else np.asarray(bound)[index]
            for bound in (self.lower, self.upper)
        )
        return Bounded(as_penalty(self.penalty).columns(index), lower, upper)

    def value(self, coef: Array) -> float:
        """Penalty within the bounds, infinite outside."""
        if compare_with_bounds(coef, *self._limits(coef))[2].any():
            return np.inf
        return as_penalty(self.penalty).value(coef)

    def prox(self, coef: Array, step: Any) -> Array:
        """Proximal operator of the inner penalty, clipped to the bounds."""
        return np.clip(as_penalty(self.penalty).prox(coef, step), *self._limits(coef))

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential; infinite out of bounds."""
        inner = as_penalty(self.penalty)
        low, high, beyond = compare_with_bounds(coef, *self._limits(coef))
        each = inner.violation(coef, gradient)
        # At a bound, a descent direction that leaves the interval does not count. The
        # direction is upwards if a gradient larger by the distance would be optimal.
        up = inner.violation(coef, gradient + each) < each
        within = np.where(np.where(up, high, low), 0, each)
        return np.where(beyond, np.inf, within).astype(each.dtype, copy=False)

    def form(self, p: int) -> Form | None:
        """Normal form of the penalty, with the bounds."""
        inner = as_penalty(self.penalty).form(p)
        if inner is None:
            return None
        lower, upper = (
            np.array(np.broadcast_to(bound, p)) for bound in self._limits(np.ones(p))
        )
        return Form(inner.l1, inner.l2, lower, upper)

    def largest(self, gradient: Array) -> float:
        """Least strength at which the coefficients closest to zero are optimal.

        Parameters
        ----------
        gradient : ndarray of shape (p,) or (p, k)
            Gradient of the mean loss at these coefficients.

        Returns
        -------
        alpha : float
            Slopes that point out of the bounds do not count.
        """
        lower, upper = self._limits(gradient)
        start = np.clip(0.0, lower, upper)
        moves = np.where(gradient < 0, upper > start, lower < start)
        return as_penalty(self.penalty).largest(np.where(moves, gradient, 0))

    def with_alpha(self, alpha: float) -> "Bounded":
        """Return a copy with another strength of the inner penalty.

        Parameters
        ----------
        alpha : float
            Strength of the penalty.

        Returns
        -------
        penalty : Bounded
            A copy with the same bounds.
        """
        return self._changed(penalty=as_penalty(self.penalty).with_alpha(alpha))

    def _limits(self, coef: Array) -> tuple[Any, Any]:
        """Bounds in the type of the coefficients, and in a shape that broadcasts."""
        return broadcast_to_coef(self.lower, coef), broadcast_to_coef(self.upper, coef)

    def _limits_of(self, columns: PenaltyColumns) -> tuple[Array, Array]:
        """One lower and one upper bound per column, in the units of the data."""
        lower = _read(self, "lower", columns, free=-np.inf)
        upper = _read(self, "upper", columns, free=np.inf)
        _check_order(self, lower, upper, columns)
        return lower, upper


class NonNegative(Bounded):
    """A penalty with coefficients of zero or more.

    `Bounded` with a lower bound of zero, for effects with a known sign, mixtures and
    monotone scores (for least squares: Lawson and Hanson, "Solving least squares
    problems", 1974, chapter 23). With `L1` it is `Lasso(positive=True)`.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    penalty : Penalty or str, default="none"
        Penalty within the bounds, as in `Bounded`.

    See Also
    --------
    Bounded : Penalty with any lower and upper bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import L1, NonNegative
    >>> NonNegative(L1(alpha=0.5)).prox(np.array([-3.0, 0.2, 1.5]), step=1.0)
    array([0., 0., 1.])
    """

    lower = 0.0
    upper = np.inf

    def __init__(self, penalty="none"):
        self.penalty = penalty


def _check_inner(penalty: Bounded, inner: Penalty) -> None:
    """Refuse penalties for which the clipped prox is not the proximal operator."""
    if inner.convex and inner.separable:
        return
    reason = "is not convex"
    if not inner.separable:
        reason = "is a penalty of groups, but bounds hold for single coefficients"
    usable = sorted(
        name for name, one in penalty_names().items() if one.convex and one.separable
    )
    raise ValueError(
        f"penalty={inner!r} of {type(penalty).__name__} {reason}; use one of {usable}."
    )


def _read(penalty: Bounded, name: str, columns: PenaltyColumns, free: float) -> Array:
    """One bound per column."""
    given = getattr(penalty, name)
    if _is_single(given):
        given = np.full(columns.n, as_floats(given, name))
    found = value_per_column(given, columns, name, default=free)
    bad = np.flatnonzero(np.isnan(found) | (found == -free))
    if len(bad):
        raise ValueError(
            f"{name} of {type(penalty).__name__} is {found[bad[0]]} for column "
            f"{_name_of(columns, bad[0])}; use a number, or {free} for no bound."
        )
    return found


def _is_single(bound: Any) -> bool:
    """Whether a bound is one number for all columns."""
    return np.ndim(bound) == 0 and not isinstance(bound, Mapping)


def _check_order(
    penalty: Bounded, lower: Array, upper: Array, columns: PenaltyColumns
) -> None:
    bad = np.flatnonzero(lower > upper)
    if len(bad):
        j = bad[0]
        raise ValueError(
            f"lower={lower[j]:g} of {type(penalty).__name__} is above upper={upper[j]:g} "
            f"for column {_name_of(columns, j)}; use lower <= upper."
        )


def _name_of(columns: PenaltyColumns, j: int) -> str:
    return str(j) if columns.names is None else repr(columns.names[j])
