"""Base class of penalties: the functions of a penalty that solvers use."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder

Array = NDArray[Any]


@dataclass(frozen=True)
class Form:
    """Normal form of penalties that are sums of absolute values, squares and bounds.

    sum over j of l1_j |w_j| + l2_j w_j² / 2, with lower_j <= w_j <= upper_j.

    Parameters
    ----------
    l1, l2, lower, upper : ndarray of shape (p,)
        Factors and bounds of the columns of the design; -inf and inf are no bounds.
    """

    l1: Array
    l2: Array
    lower: Array
    upper: Array

    @property
    def bounded(self) -> bool:
        """Whether there is any bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    @property
    def quadratic(self) -> bool:
        """Whether the penalty has squares only: smooth, without bounds."""
        return not self.bounded and not self.l1.any()


@dataclass(frozen=True)
class LocalForm:
    """A penalty near a point, as a smooth function of the coefficients that may move.

    A coefficient that is zero, or on a bound, because of the penalty stays there. The
    second derivative is diag(curvature), less c u u' for each group, where u is the
    direction of the coefficients of the group and c their curvature.

    Parameters
    ----------
    free : ndarray of bool of shape (p,) or (p, k)
        Coefficients that may move.
    slope : ndarray of the shape of `free`
        First derivative of the penalty.
    curvature : ndarray of the shape of `free`
        Diagonal of the second derivative, before the groups.
    direction : ndarray of the shape of `free`, or None
        Direction u of the coefficients of each group; None without groups.
    """

    free: Array
    slope: Array
    curvature: Array
    direction: Array | None = None

    def hessian(self, blocks: Array) -> Array:
        """Second derivative by the free coefficients, for one raw column.

        Parameters
        ----------
        blocks : ndarray of int of shape (p,)
            Group of each column.

        Returns
        -------
        hessian : ndarray of shape (m, m)
            One row per free coefficient.
        """
        c = self.curvature[self.free]
        found = np.diag(c)
        if self.direction is not None:
            along, number = np.sqrt(c) * self.direction[self.free], blocks[self.free]
            same = number[:, None] == number
            found -= np.where(same, np.outer(along, along), 0.0)
        return found


@dataclass(frozen=True)
class PenaltyColumns:
    """Description of the columns of a design, to which a penalty is bound.

    Parameters
    ----------
    n : int
        Number of columns.
    names : tuple of str or None
        Names of the columns, if the data has names.
    groups : ndarray of shape (n,) or None
        Index of the source column; the one-hot columns of a categorical column share
        it.
    scale : ndarray of shape (n,) or None
        Divisor of each column, if columns are standardised.
    pilot : callable or None
        Fits the same loss with another penalty, and returns coefficients of shape (p,)
        or (p, k).
    sources : tuple of str or None
        Name of the source column of each column, if the data has names.
    """

    n: int
    names: tuple[str, ...] | None = None
    groups: Array | None = None
    scale: Array | None = None
    pilot: Any = None
    sources: tuple[str, ...] | None = None


class Penalty(ParameterHolder):
    """Base class of penalties on coefficients. The intercept is never penalised.

    A penalty stores its parameters as a scikit-learn estimator does. So it has
    `get_params`, `set_params`, `clone` and a `repr`, and ``penalty__alpha`` can be
    searched. Coefficients `w` have the shape (p,) or (p, k); all k columns have the
    same penalty.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Attributes
    ----------
    convex : bool
        Whether the penalty is convex. If it is not, `violation` and `largest` hold for
        a local minimum.
    separable : bool
        Whether the penalty is a sum over single coefficients. Penalties of groups are
        not.
    """

    convex: ClassVar[bool] = True
    separable: ClassVar[bool] = True
    _signature: ClassVar[dict[str, Any]]

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        # Cached, because signatures are slow to read and a path needs one per strength.
        if "_signature" not in vars(cls):
            cls._signature = super()._defaults()
        return cls._signature

    def check(self) -> None:
        """Refuse parameters out of range."""

    def bind(self, columns: PenaltyColumns) -> "Penalty":
        """Return the penalty with names, groups and weights resolved to arrays.

        A bound penalty is in the units of the design. It stays bound in `with_alpha`,
        `columns`, `clone` and `set_params`.

        Parameters
        ----------
        columns : PenaltyColumns
            Description of the columns of the design.

        Returns
        -------
        penalty : Penalty
            A bound penalty.
        """
        self.check()
        return self

    def value(self, coef: Array) -> float:
        """Penalty of the coefficients.

        Parameters
        ----------
        coef : ndarray of shape (p,) or (p, k)
            The coefficients.

        Returns
        -------
        value : float
            The value of the penalty.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define value(coef).")

    def prox(self, coef: Array, step: Any) -> Array:
        """Proximal operator: argmin over z of sum (z - coef)² / (2 step) + penalty(z).

        Parameters
        ----------
        coef : ndarray of shape (p,) or (p, k)
            The coefficients.
        step : float or ndarray that broadcasts to `coef`
            Step size; for groups it must be the same within each group (see
            `common_steps`).

        Returns
        -------
        nearest : ndarray of the shape of `coef`
            The minimiser z.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define prox(coef, step)."
        )

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential at `coef`.

        Parameters
        ----------
        coef : ndarray of shape (p,) or (p, k)
            The coefficients.
        gradient : ndarray of the shape of `coef`
            Gradient of the mean loss.

        Returns
        -------
        distance : ndarray
            One entry per coefficient, or one per group (the norm, in the order of
            `blocks`). All are zero at a stationary point; infinite outside of bounds.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define violation.")

    def tangent(self, coef: Array) -> Array:
        """Compute the factors of absolute values in the tangent of a concave penalty.

        Parameters
        ----------
        coef : ndarray of shape (p,)
            The coefficients.

        Returns
        -------
        slopes : ndarray of shape (p,)
            Slope of the penalty of each coefficient; at zero, the largest slope of the
            loss for which zero is optimal.
        """
        big, zero = 1.0, np.zeros_like(coef)
        while True:
            left = self.violation(zero, np.full_like(coef, big))
            if np.all(left > 0.5 * big):
                break
            big *= 4
        return np.where(coef == 0, big - left, self.violation(coef, zero))

    def form(self, p: int) -> Form | None:
        """Normal form for `p` columns, or None if the penalty has no normal form.

        Parameters
        ----------
        p : int
            Number of columns.

        Returns
        -------
        form : Form or None
            Factors and bounds per column.
        """
        return None

    def local_form(self, coef: Array) -> LocalForm | None:
        """Smooth function that the penalty is near a point, or None if not known.

        A concave penalty is replaced by its tangent, which is nowhere below it.

        Parameters
        ----------
        coef : ndarray of shape (p,) or (p, k)
            The coefficients.

        Returns
        -------
        local : LocalForm or None
            Free coefficients, slopes and curvatures.
        """
        form = self.form(len(coef))
        if form is not None:
            l1, l2, lower, upper = (
                np.broadcast_to(one, coef.T.shape).T
                for one in (form.l1, form.l2, form.lower, form.upper)
            )
            inside = (coef > lower) & (coef < upper)
            free = inside & ((coef != 0) | (l1 == 0))
            return LocalForm(free, l2 * coef + l1 * np.sign(coef), l2)
        if not self.separable or coef.ndim != 1:
            return None
        l1 = self.tangent(coef)
        free = (coef != 0) | (l1 == 0)
        return LocalForm(free, l1 * np.sign(coef), np.zeros_like(coef))

    def blocks(self, p: int) -> Array:
        """Index of the group of each column, counted in the order of first columns.

        Parameters
        ----------
        p : int
            Number of columns.

        Returns
        -------
        blocks : ndarray of int of shape (p,)
            0, 1, ..., p - 1 for a separable penalty.
        """
        return np.arange(p)

    def columns(self, index: Array) -> "Penalty":
        """Return the penalty of some of the columns; the others are zero, or fixed.

        Parameters
        ----------
        index : ndarray of int
            Positions of the columns, in their new order; all or none of each group.

        Returns
        -------
        penalty : Penalty
            A penalty bound to these columns.
        """
        return self

    def common_steps(self, steps: Array) -> Array:
        """Largest step sizes that `prox` accepts and that do not exceed the given ones.

        Parameters
        ----------
        steps : ndarray of shape (p,)
            Upper bounds of the step sizes.

        Returns
        -------
        steps : ndarray of shape (p,)
            The same steps, or the smallest of each group.
        """
        return steps

    def largest(self, gradient: Array) -> float:
        """Least strength `alpha` at which zero coefficients are optimal.

        Parameters
        ----------
        gradient : ndarray of shape (p,) or (p, k)
            Gradient of the mean loss at zero coefficients.

        Returns
        -------
        alpha : float
            Infinite for penalties that set no coefficient to zero, such as `L2`.
            Columns that are not penalised do not count.
        """
        return np.inf

    def with_alpha(self, alpha: float) -> Self:
        """Return a copy with another strength.

        Parameters
        ----------
        alpha : float
            Strength of the penalty.

        Returns
        -------
        penalty : Penalty
            A copy, which is bound if this penalty is bound.
        """
        if "alpha" not in self._defaults():
            raise ValueError(f"penalty={self!r} has no alpha to vary.")
        return self._changed(alpha=alpha)

    def _changed(self, **changes: Any) -> Self:
        """A copy with other values of some parameters."""
        return type(self)(**(self.get_params(deep=False) | changes))


def normal_form(penalty: Penalty, p: int) -> Form:
    """Normal form of a bound penalty for `p` columns, or an error if it has none."""
    form = penalty.form(p)
    if form is None:
        raise ValueError(
            f"penalty={penalty!r} is not a sum of absolute values, squares and bounds of "
            "single coefficients."
        )
    return form
