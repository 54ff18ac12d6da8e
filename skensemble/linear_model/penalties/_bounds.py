"""Bounds of coefficients, around a penalty of single coefficients."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._contract import Columns, Form, Penalty
from skensemble.linear_model.penalties._limits import against
from skensemble.linear_model.penalties._names import (
    Nesting,
    as_penalty,
    penalty_names,
)
from skensemble.linear_model.penalties._naming import as_floats, numbers
from skensemble.linear_model.penalties._weights import spread

Array = NDArray[Any]


class Bounded(Nesting):
    r"""A penalty, and bounds: penalty(w) where lower_j <= w_j <= upper_j, else infinite.

    Bounds are in the units of the data: where columns are standardised they are scaled
    with them. An interval need not hold zero. With several outputs or classes the bounds
    of a column hold for all.

    Parameters
    ----------
    penalty : Penalty or str, default="none"
        What the coefficients pay within the bounds: one that is convex and a sum over
        single coefficients, such as `L1`, `L2`, `ElasticNetPenalty` or `Adaptive`.
    lower, upper : float, array-like of shape (p,) or dict of column name to float
        The bounds, by default -inf and inf. Columns that a dict does not name have none;
        the name of a category stands for all its levels, and a whole number for a place.

    See Also
    --------
    NonNegative : No coefficient below zero.

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
        """Refuse a penalty that cannot be bounded, and bounds the wrong way round."""
        inner = as_penalty(self.penalty)
        inner.check()
        _check_inner(self, inner)
        if _is_single(self.lower) and _is_single(self.upper):
            self._limits_of(Columns(1))  # the others need the columns to be known

    def bind(self, columns: Columns) -> Penalty:
        """Give the penalty with bounds of the scaled columns.

        Parameters
        ----------
        columns : Columns
            What is known of the columns of the design.

        Returns
        -------
        penalty : Bounded
            The penalty for the columns as the solver sees them.
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
        """Give the penalty and the bounds of some of the columns."""
        lower, upper = (
            bound if np.ndim(bound) == 0 else np.asarray(bound)[index]
            for bound in (self.lower, self.upper)
        )
        return Bounded(as_penalty(self.penalty).columns(index), lower, upper)

    def value(self, coef: Array) -> float:
        """Penalty within the bounds, infinite beyond."""
        if against(coef, *self._limits(coef))[2].any():
            return np.inf
        return as_penalty(self.penalty).value(coef)

    def prox(self, coef: Array, step: Any) -> Array:
        """Nearest point to the minimum without bounds that is within them."""
        return np.clip(as_penalty(self.penalty).prox(coef, step), *self._limits(coef))

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential, infinite beyond the bounds."""
        inner = as_penalty(self.penalty)
        low, high, beyond = against(coef, *self._limits(coef))
        each = inner.violation(coef, gradient)
        # At a bound what pulls beyond it does not count. It pulls up if a gradient larger
        # by the distance would be optimal.
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
        """Strength at which coefficients are optimal as near zero as the bounds allow.

        Parameters
        ----------
        gradient : ndarray of shape (p,) or (p, k)
            Of the mean loss there.

        Returns
        -------
        alpha : float
            Only slopes along which a coefficient could move count.
        """
        lower, upper = self._limits(gradient)
        start = np.clip(0.0, lower, upper)
        moves = np.where(gradient < 0, upper > start, lower < start)
        return as_penalty(self.penalty).largest(np.where(moves, gradient, 0))

    def with_alpha(self, alpha: float) -> "Bounded":
        """Give the penalty with another strength within the bounds.

        Parameters
        ----------
        alpha : float
            The strength.

        Returns
        -------
        penalty : Bounded
            A new penalty; this one does not change.
        """
        return self._changed(penalty=as_penalty(self.penalty).with_alpha(alpha))

    def _limits(self, coef: Array) -> tuple[Any, Any]:
        """Bounds in a shape and type that go with coefficients."""
        return spread(self.lower, coef), spread(self.upper, coef)

    def _limits_of(self, columns: Columns) -> tuple[Array, Array]:
        """Bounds of each column, in the units of the data."""
        lower = _read(self, "lower", columns, free=-np.inf)
        upper = _read(self, "upper", columns, free=np.inf)
        _check_order(self, lower, upper, columns)
        return lower, upper


class NonNegative(Bounded):
    """A penalty, and no coefficient below zero.

    `Bounded` from zero on: effects of a known direction, mixtures, monotone scores
    (least squares: Lawson and Hanson, "Solving least squares problems", 1974, chapter
    23). With `L1` it is `Lasso(positive=True)`.

    Parameters
    ----------
    penalty : Penalty or str, default="none"
        What the coefficients pay besides, as in `Bounded`.

    See Also
    --------
    Bounded : Any bounds.

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
    """Refuse penalties of which a clipped prox is no prox."""
    if inner.convex and inner.separable:
        return
    reason = "is not convex"
    if not inner.separable:
        reason = "pays by group, and bounds are of single coefficients"
    able = sorted(
        name for name, one in penalty_names().items() if one.convex and one.separable
    )
    raise ValueError(
        f"penalty={inner!r} of {type(penalty).__name__} {reason}; use one of {able}."
    )


def _read(penalty: Bounded, name: str, columns: Columns, free: float) -> Array:
    """One bound a column, of what the user gave."""
    given = getattr(penalty, name)
    if _is_single(given):
        given = np.full(columns.n, as_floats(given, name))
    found = numbers(given, columns, name, default=free)
    bad = np.flatnonzero(np.isnan(found) | (found == -free))
    if len(bad):
        raise ValueError(
            f"{name} of {type(penalty).__name__} is {found[bad[0]]} for column "
            f"{_called(columns, bad[0])}; a bound is a number, or {free} for none."
        )
    return found


def _is_single(bound: Any) -> bool:
    """Whether it is one bound for all columns."""
    return np.ndim(bound) == 0 and not isinstance(bound, Mapping)


def _check_order(
    penalty: Bounded, lower: Array, upper: Array, columns: Columns
) -> None:
    bad = np.flatnonzero(lower > upper)
    if len(bad):
        j = bad[0]
        raise ValueError(
            f"lower={lower[j]:g} of {type(penalty).__name__} is above upper={upper[j]:g} "
            f"for column {_called(columns, j)}; no coefficient is within."
        )


def _called(columns: Columns, j: int) -> str:
    return str(j) if columns.names is None else repr(columns.names[j])
