"""Penalties that select or drop the columns of a group together."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import (
    LocalForm,
    Penalty,
    PenaltyColumns,
)
from skensemble.linear_model.penalties._column_groups import (
    Groups,
    read_factors,
    read_groups,
)
from skensemble.linear_model.penalties._elastic_net import soft_threshold
from skensemble.linear_model.penalties._parameter_checks import (
    check_alpha,
    check_l1_ratio,
)
from skensemble.linear_model.penalties._weights import cast_like

Array = NDArray[Any]

# Number of bisection steps that gives the root to the precision of a float.
_HALVINGS = 60


class GroupPenalty(Penalty):
    """Weighted sum of absolute values and norms, with one factor per group."""

    separable: ClassVar[bool] = False
    alpha: Any = 0.0
    groups: Any = None
    weights: Any = None

    def _shares(self) -> tuple[float, float]:
        """Shares of absolute values and of norms."""
        raise NotImplementedError(f"{type(self).__name__} does not define its shares.")

    def check(self) -> None:
        """Refuse a negative strength."""
        check_alpha(self)

    def bind(self, columns: PenaltyColumns) -> Penalty:
        """Return the penalty with groups per column and factors per group."""
        self.check()
        groups, keys = read_groups(self.groups, columns)
        factors = self.weights
        if factors is not None:
            factors = read_factors(factors, self.groups, keys)
        return self._changed(groups=groups, weights=factors)

    def blocks(self, p: int) -> Array:
        """Index of the group of each column."""
        return self._groups(p).number

    def columns(self, index: Array) -> Penalty:
        """Return the penalty of some of the columns, all or none of each group."""
        if not isinstance(self.groups, Groups):
            raise ValueError(
                f"{self!r} is not bound to columns; call bind(columns) first."
            )
        groups, kept = self.groups.only(index)
        factors = None if self.weights is None else np.asarray(self.weights)[kept]
        return self._changed(groups=groups, weights=factors)

    def common_steps(self, steps: Array) -> Array:
        """Smallest step of each group, for all its columns."""
        groups = self._groups(len(steps))
        return groups.to_columns(groups.least(steps), steps)

    def value(self, coef: Array) -> float:
        """Sum of absolute values and of norms of groups."""
        groups = self._groups(len(coef))
        l1, l2 = self._pulls(groups)
        total = l2 @ groups.norms(coef)
        if l1.any():
            total += np.sum(groups.to_columns(l1, coef) * np.abs(coef), dtype=float)
        return float(total)

    def prox(self, coef: Array, step: Any) -> Array:
        """Soft threshold, then shrink each group towards zero."""
        groups = self._groups(len(coef))
        steps = groups.shared(cast_like(step, coef), coef)
        l1, l2 = self._pulls(groups)
        held = coef
        if l1.any():
            held = soft_threshold(coef, groups.to_columns(steps * l1, coef))
        norms = groups.norms(held)
        rest = np.maximum(norms - steps * l2, 0)
        kept = np.divide(rest, norms, out=np.zeros_like(norms), where=norms > 0)
        return held * groups.to_columns(kept, coef) + 0.0  # + 0: no minus zero

    def violation(self, coef: Array, gradient: Array) -> Array:
        """Distance of -gradient from the subdifferential, one entry per group."""
        groups = self._groups(len(coef))
        l1, l2 = self._pulls(groups)
        level, norms = groups.to_columns(l1, coef), groups.norms(coef)
        beyond = gradient - np.clip(gradient, -level, level)
        at_zero = np.maximum(groups.norms(beyond) - l2, 0)
        turn = coef / groups.to_columns(np.where(norms > 0, norms, 1), coef)
        slope = gradient + level * np.sign(coef) + groups.to_columns(l2, coef) * turn
        elsewhere = groups.norms(np.where(coef == 0, beyond, slope))
        return np.where(norms == 0, at_zero, elsewhere)

    def local_form(self, coef: Array) -> LocalForm:
        """Slope and curvature of the groups that are not zero."""
        groups = self._groups(len(coef))
        l1, l2 = self._pulls(groups)
        norms = groups.norms(coef)
        one = np.ones(coef.shape)
        level = groups.to_columns(l1, coef) * one
        pull = groups.to_columns(l2, coef) * one
        size = groups.to_columns(np.where(norms > 0, norms, 1), coef)
        inside = groups.to_columns((norms > 0) | (l2 == 0), coef) * one > 0
        direction = coef / size
        return LocalForm(
            free=inside & ((coef != 0) | (level == 0)),
            slope=level * np.sign(coef) + pull * direction,
            curvature=pull / size,
            direction=direction,
        )

    def largest(self, gradient: Array) -> float:
        """Least strength at which the coefficients of all groups are zero."""
        groups = self._groups(len(gradient))
        factors = self._factors(groups)
        paying = factors > 0
        scale = np.divide(1.0, factors, out=np.zeros_like(factors), where=paying)
        each = np.abs(gradient) * groups.to_columns(scale, gradient)
        return float(_least_alphas(each, groups, *self._shares()).max(initial=0.0))

    def levels(self, p: int) -> tuple[Array, Array]:
        """Compute the factors of the absolute values and of the norm, per group.

        Parameters
        ----------
        p : int
            Number of columns.

        Returns
        -------
        l1, l2 : ndarray of shape (n_groups,)
            Factors, in the order of `blocks`.
        """
        return self._pulls(self._groups(p))

    def _groups(self, p: int) -> Groups:
        if isinstance(self.groups, Groups):
            return self.groups
        return read_groups(self.groups, PenaltyColumns(p))[0]

    def _factors(self, groups: Groups) -> Array:
        if self.weights is None:
            return np.ones(len(groups.sizes))
        return np.asarray(self.weights, dtype=float)

    def _pulls(self, groups: Groups) -> tuple[Array, Array]:
        """Strength of absolute values and of the norm, per group."""
        l1, l2 = self._shares()
        pull = self.alpha * self._factors(groups)
        return l1 * pull, l2 * pull * np.sqrt(groups.sizes)


class GroupLasso(GroupPenalty):
    r"""Group lasso, alpha sum_g v_g sqrt(p_g) \|\|w_g\|\|: selects groups.

    p_g is the number of columns of group g (Yuan and Lin, "Model selection and
    estimation in regression with grouped variables", Journal of the Royal Statistical
    Society B 68, 2006). With several outputs or classes the norm includes all of them,
    so a group is selected or dropped for all outputs. With `SquaredError`, several
    outputs and one group per column it is scikit-learn's `MultiTaskLasso` with the same
    `alpha`.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty, in units of the mean loss per unit of a coefficient.
    groups : array-like of shape (p,), list of lists, dict or None, default=None
        One label per column; or the columns of each group, by name or position, as a
        list of lists or a dict of name to list (each other column is its own group).
        None: the one-hot columns of a categorical column are a group, and each other
        column is its own group.
    weights : array-like of shape (n_groups,), dict of group to float, or None
        Factors v_g: in the order of `groups` (for labels, in the order of their first
        columns), or by the name, label or position of a group. A group with factor zero
        is not penalised; groups missing from a dict have a factor of one.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import GroupLasso
    >>> penalty = GroupLasso(alpha=1.0, groups=["a", "a", "b"])
    >>> penalty.value(np.array([0.0, 0.0, 2.0]))
    2.0
    >>> penalty.prox(np.array([1.0, -1.0, 2.0]), step=1.0)
    array([0., 0., 1.])
    """

    def __init__(self, alpha=0.001, groups=None, weights=None):
        self.alpha = alpha
        self.groups = groups
        self.weights = weights

    def _shares(self):
        return 0.0, 1.0


class SparseGroupLasso(GroupPenalty):
    r"""Absolute values and norms of groups: selects groups and columns within groups.

    alpha sum_g v_g (r \|\|w_g\|\|_1 + (1 - r) sqrt(p_g) \|\|w_g\|\|) with r =
    `l1_ratio` and p_g the number of columns of group g (Simon, Friedman, Hastie and
    Tibshirani, "A sparse-group lasso", Journal of Computational and Graphical
    Statistics 22, 2013).

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty.
    l1_ratio : float, default=0.5
        Share r of the L1 penalty, from 0 (`GroupLasso`) to 1 (`L1`).
    groups : array-like of shape (p,), list of lists, dict or None, default=None
        Groups of columns, as in `GroupLasso`.
    weights : array-like of shape (n_groups,), dict of group to float, or None
        Factors v_g of both parts, as in `GroupLasso`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import SparseGroupLasso
    >>> penalty = SparseGroupLasso(alpha=1.0, groups=[[0, 1]])
    >>> penalty.prox(np.array([3.0, 0.2, 1.5]), step=1.0).round(3)
    array([1.793, 0.   , 0.5  ])
    """

    def __init__(self, alpha=0.001, l1_ratio=0.5, groups=None, weights=None):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.groups = groups
        self.weights = weights

    def check(self):
        """Refuse a negative strength or a share outside 0 to 1."""
        check_alpha(self)
        check_l1_ratio(self, "norms of groups")

    def _shares(self):
        return self.l1_ratio, 1 - self.l1_ratio


def _least_alphas(sizes: Array, groups: Groups, l1: float, l2: float) -> Array:
    """Solve ||S(slopes, alpha l1)|| = alpha l2 sqrt(p_g) for alpha, for each group.

    S is the soft threshold of slopes, and `sizes` are the absolute values of slopes.
    The left side falls from ||slopes|| to zero and the right side rises, so that
    bisection finds the root.
    """
    wide = np.asarray(sizes, dtype=float).reshape(groups.p, -1)
    side = l2 * np.sqrt(groups.sizes)
    norms = groups.norms(wide)
    # For m slopes, ||S(slopes, t)|| >= ||slopes|| - t sqrt(m), and zero for large t.
    low = norms / (l1 * np.sqrt(groups.sizes * wide.shape[1]) + side)
    if not l1:
        return low
    high = -groups.least(-wide.max(axis=1)) / l1
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        left = groups.norms(np.maximum(wide - l1 * middle[groups.number][:, None], 0))
        enough = left <= middle * side
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high
