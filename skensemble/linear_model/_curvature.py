"""Curvature of a smooth loss on all rows and in each fold, with quasi-Newton updates.

    H_k = (sum over rows outside fold k of w d z z') / (sum of their w),  d the hessian

The sums are computed once per fold and shared; columns include the intercept. After a
step s that changed the gradient by c, H_k is updated by c'c / s'c - Hs s'H / s'Hs (the
formula of Broyden, Fletcher, Goldfarb and Shanno; Nocedal and Wright, "Numerical
optimization", 2006, section 6.1). So it follows the loss along a path without new sums.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._problem import Problem
from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model.penalties import Penalty
from skensemble.linear_model.penalties._base import normal_form

Array = NDArray[Any]

# No update after a step whose curvature differs from the expected one by more than this
# factor: the loss is far from quadratic there, or the step is dominated by rounding.
_TRUSTED = 4.0
# Rows with this share of the second derivatives are left out if they are at least this
# share of the rows, and if so many rows per column remain.
_LIGHT, _WORTHWHILE, _ROWS_PER_COLUMN = 0.05, 0.3, 5


class Curvatures:
    """Matrices H_k, of all rows (k = 0) and of all rows outside each block (k > 0).

    Parameters
    ----------
    problem : Problem
        Problem of all rows.
    blocks : list of slice or ndarray
        Held-out rows of each fold.
    partition : bool
        Whether each row is in exactly one block.
    shares : ndarray of shape (n_blocks + 1,)
        Sum of the weights of the rows of each matrix.
    d : ndarray of shape (n,)
        Weight times second derivative of the loss.
    """

    def __init__(
        self,
        problem: Problem,
        blocks: list[Any],
        partition: bool,
        shares: Array,
        d: Array,
    ) -> None:
        self.rows = d
        heavy = _heavy_rows(d, problem.design.shape[1])
        held = [_weighted_gram(problem, d, block, heavy) for block in blocks]
        total = (
            np.sum(held, axis=0)
            if partition
            else _weighted_gram(problem, d, slice(None), heavy)
        )
        sums = [total, *(total - one for one in held)]
        self.matrices = [H / share for H, share in zip(sums, shares, strict=True)]

    def changed(self, d: Array) -> float:
        """Change of the second derivatives, as a share of their sum."""
        return float(np.abs(d - self.rows).sum() / self.rows.sum())

    def renew(self, k: int, problem: Problem, d: Array) -> None:
        """Compute H_k from second derivatives of its own.

        Parameters
        ----------
        k : int
            Index of the matrix.
        problem : Problem
            Problem of all rows.
        d : ndarray of shape (n,)
            Weight, zero outside the rows of H_k and with a sum of one, times second
            derivative.
        """
        heavy = _heavy_rows(d, problem.design.shape[1])
        self.matrices[k] = _weighted_gram(problem, d, slice(None), heavy)

    def update(self, k: int, step: Array, change: Array) -> None:
        """Update H_k so that it maps a step to the change of the gradient."""
        H = self.matrices[k]
        expected = H @ step
        actual, own = change @ step, expected @ step
        if own > 0 and own < _TRUSTED * actual and actual < _TRUSTED * own:
            H += np.outer(change / actual, change)
            H -= np.outer(expected / own, expected)

    def step(
        self, k: int, coef: Array, gradient: Array, penalty: Penalty, tol: float
    ) -> Array:
        """Return the step to the minimum of the quadratic model plus the penalty.

        Parameters
        ----------
        k : int
            Index of the matrix H_k.
        coef : ndarray of shape (p,)
            Coefficients at which the gradient was computed.
        gradient : ndarray of shape (p,) or (p + 1,)
            Gradient of the mean loss; the intercept, if there is one, is last.
        penalty : Penalty
            A penalty that has a normal form.
        tol : float
            Largest violation of the optimality conditions.

        Returns
        -------
        step : ndarray of the shape of gradient
            Change of the coefficients, and of the intercept.
        """
        H, p = self.matrices[k], len(coef)
        if len(gradient) == p:
            return _minimum(H, H @ coef - gradient, penalty, coef, tol) - coef
        cross, own = H[:p, p], H[p, p]
        inner = H[:p, :p] - np.outer(cross, cross / own)
        reduced = gradient[:p] - cross * (gradient[p] / own)
        move = _minimum(inner, inner @ coef - reduced, penalty, coef, tol) - coef
        return np.append(move, -(gradient[p] + cross @ move) / own)


def _heavy_rows(d: Array, p: int) -> Array | None:
    """Mask of the rows that have nearly all of the second derivative; None for all.

    Where classes are nearly separable, most rows are far from the boundary and have
    almost no second derivative. Steps need an approximate curvature only, because the
    gradient decides where they end.
    """
    order = np.argsort(d)
    n_light = int(np.searchsorted(np.cumsum(d[order]), _LIGHT * d.sum()))
    n_light = min(n_light, len(d) - _ROWS_PER_COLUMN * p)
    if n_light < _WORTHWHILE * len(d):
        return None
    heavy = np.ones(len(d), dtype=bool)
    heavy[order[:n_light]] = False
    return heavy


def _weighted_gram(problem: Problem, d: Array, rows: Any, heavy: Array | None) -> Array:
    """Weighted products of the columns, with the intercept, over some rows."""
    if heavy is not None:
        rows = np.arange(len(d))[rows]
        rows = rows[heavy[rows]]
    design = problem.design.rows(rows)
    return design.gram_with_intercept(d[rows], problem.fit_intercept)


def _minimum(H: Array, q: Array, penalty: Penalty, start: Array, tol: float) -> Array:
    """Minimise w'Hw/2 - q'w + penalty(w) over w."""
    form = normal_form(penalty, len(q))
    if not form.quadratic:
        return minimise_quadratic(H, q, penalty, start, tol)
    matrix = H.copy()
    damping = 1e-13 * np.trace(matrix) / max(len(q), 1)
    matrix[np.diag_indices(len(q))] += form.l2 + damping
    _, found, failed = linalg.lapack.dposv(matrix, q)
    return linalg.solve(matrix, q) if failed else found
