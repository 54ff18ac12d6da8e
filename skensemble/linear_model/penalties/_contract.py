"""The contract of a penalty: what the coefficients pay, and what solvers ask of it."""

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
        For each column of the design; -inf and inf where there is no bound.
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
        """Whether it is squares only: smooth, without bounds."""
        return not self.bounded and not self.l1.any()


@dataclass(frozen=True)
class Columns:
    """What a penalty may know of the columns when it is bound to them.

    Parameters
    ----------
    n : int
        How many there are.
    names : tuple of str or None
        Their names, where the data has names.
    groups : ndarray of shape (n,) or None
        Number of the source column: the one-hot columns of one category share it.
    scale : ndarray of shape (n,)
        What each column was divided by, where columns are standardised.
    pilot : callable or None
        Fits the same loss with another penalty and gives its coefficients (p,) or (p, k).
    sources : tuple of str or None
        Name of the source column of each, where the data has names.
    """

    n: int
    names: tuple[str, ...] | None = None
    groups: Array | None = None
    scale: Array | None = None
    pilot: Any = None
    sources: tuple[str, ...] | None = None


class Penalty(ParameterHolder):
    """What coefficients pay. The intercept never pays.

    It stores its parameters as a scikit-learn estimator does, so it has `get_params`,
    `set_params`, `clone` and a `repr`, and ``penalty__alpha`` can be searched. Coefficients
    `w` have the shape (p,) or (p, k); the columns of the second are penalised alike.

    Attributes
    ----------
    convex : bool
        Whether the penalty is convex. Of one that is not, `violation` and `largest` say
        what holds for a local minimum.
    separable : bool
        Whether it is a sum over single coefficients; groups are not.
    """

    convex: ClassVar[bool] = True
    separable: ClassVar[bool] = True
    _signature: ClassVar[dict[str, Any]]

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        # Signatures are slow to read, and a path asks for them at each strength.
        if "_signature" not in vars(cls):
            cls._signature = super()._defaults()
        return cls._signature

    def check(self) -> None:
        """Refuse parameters out of range."""

    def bind(self, columns: Columns) -> "Penalty":
        """Give the penalty with what it says of names, groups and weights resolved.

        It is done once: what is bound is in the units of the design, and keeps its
        bonds in `with_alpha`, `columns`, `clone` and `set_params`.

        Parameters
        ----------
        columns : Columns
            What is known of the columns of the design.

        Returns
        -------
        penalty : Penalty
            The penalty for the columns as the solver sees them.
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
        raise TypeError(f"{type(self).__name__} does not define value(coef).")

    def prox(self, coef: Array, step: Any) -> Array:
        """Proximal operator: argmin over z of sum (z - coef)² / (2 step) + penalty(z).

        Parameters
        ----------
        coef : ndarray of shape (p,) or (p, k)
            Where from.
        step : float or ndarray that broadcasts to `coef`
            Step size; for groups the same within each group (see `common_steps`).

        Returns
        -------
        nearest : ndarray of the shape of `coef`
            The minimiser z.
        """
        raise TypeError(f"{type(self).__name__} does not define prox(coef, step).")

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential at `coef`.

        Parameters
        ----------
        coef : ndarray of shape (p,) or (p, k)
            The coefficients.
        gradient : ndarray of the shape of `coef`
            Of the mean loss.

        Returns
        -------
        distance : ndarray
            One entry a coefficient, or one a group (the norm, in the order of `blocks`);
            zero everywhere at a stationary point, infinite beyond a bound.
        """
        raise TypeError(f"{type(self).__name__} does not define violation.")

    def form(self, p: int) -> Form | None:
        """Normal form for `p` columns, or None where there is none.

        Parameters
        ----------
        p : int
            Number of columns.

        Returns
        -------
        form : Form or None
            The normal form, or None where there is none.
        """
        return None

    def blocks(self, p: int) -> Array:
        """Number of the group of each column; groups count in the order of their first.

        Parameters
        ----------
        p : int
            Number of columns.

        Returns
        -------
        blocks : ndarray of int of shape (p,)
            Each column by itself, for a separable penalty.
        """
        return np.arange(p)

    def columns(self, index: Array) -> "Penalty":
        """Give the penalty of some of the columns; the others are zero, or fixed.

        Parameters
        ----------
        index : ndarray of int
            The columns kept, in the order wanted; of groups all columns or none.

        Returns
        -------
        penalty : Penalty
            Bound to those columns.
        """
        return self

    def common_steps(self, steps: Array) -> Array:
        """Step sizes that `prox` can take, none above those given.

        Parameters
        ----------
        steps : ndarray of shape (p,)
            Wanted step sizes.

        Returns
        -------
        steps : ndarray of shape (p,)
            The same, or the least of each group.
        """
        return steps

    def largest(self, gradient: Array) -> float:
        """Least strength `alpha` at which zero coefficients are optimal.

        Parameters
        ----------
        gradient : ndarray of shape (p,) or (p, k)
            Of the mean loss at zero coefficients.

        Returns
        -------
        alpha : float
            Infinite for penalties that never select, such as `L2`. Columns that pay
            nothing do not count.
        """
        return np.inf

    def with_alpha(self, alpha: float) -> Self:
        """Give the penalty with another strength.

        Parameters
        ----------
        alpha : float
            The strength.

        Returns
        -------
        penalty : Penalty
            A copy; what is bound stays bound.
        """
        if "alpha" not in self._defaults():
            raise ValueError(f"penalty={self!r} has no alpha to vary.")
        return self._changed(alpha=alpha)

    def _changed(self, **changes: Any) -> Self:
        """A copy with other values of some parameters."""
        return type(self)(**(self.get_params(deep=False) | changes))


def form_of(penalty: Penalty, p: int) -> Form:
    """Normal form of a penalty that is known to have one.

    Parameters
    ----------
    penalty : Penalty
        Bound to the columns.
    p : int
        Number of columns.

    Returns
    -------
    form : Form
    """
    form = penalty.form(p)
    assert form is not None, f"{penalty!r} has no normal form"
    return form
