"""Curvature of a smooth loss on all rows and in each fold, and what steps taught of it.

    H_k = (sum over rows outside fold k of w d z z') / (sum of their w),  d the hessian

summed once, fold by fold, for all; columns are bordered by the intercept. From each step s
that changed the gradient by c, H_k learns c'c / s'c - Hs s'H / s'Hs (the formula of
Broyden, Fletcher, Goldfarb and Shanno; Nocedal and Wright, "Numerical optimization", 2006,
section 6.1), so that it follows the loss along a path without being summed again.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._problem import Problem
from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model.penalties import Penalty
from skensemble.linear_model.penalties._contract import form_of

Array = NDArray[Any]

# A step that met another curvature than expected by more than this factor tells of a loss
# far from quadratic, or of rounding.
_TRUSTED = 4.0


class Curvatures:
    """Matrices H_k, of all rows (k = 0) and of all rows but each block (k > 0).

    Parameters
    ----------
    problem : Problem
        Of all rows.
    blocks : list of slice or ndarray
        Rows held out.
    partition : bool
        Whether each row is in one block.
    shares : ndarray of shape (n_blocks + 1,)
        Sum of the weights of the rows of each.
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
        held = [_bordered(problem, d, block) for block in blocks]
        whole = (
            np.sum(held, axis=0) if partition else _bordered(problem, d, slice(None))
        )
        sums = [whole, *(whole - one for one in held)]
        self.matrices = [H / share for H, share in zip(sums, shares, strict=True)]

    def changed(self, d: Array) -> float:
        """How much second derivatives have changed, as a share of their sum."""
        return float(np.abs(d - self.rows).sum() / self.rows.sum())

    def learn(self, k: int, step: Array, change: Array) -> None:
        """Let H_k take a step to the change of the gradient that it made."""
        H = self.matrices[k]
        expected = H @ step
        met, own = change @ step, expected @ step
        if own > 0 and own < _TRUSTED * met and met < _TRUSTED * own:
            H += np.outer(change / met, change)
            H -= np.outer(expected / own, expected)

    def step(
        self, k: int, coef: Array, gradient: Array, penalty: Penalty, tol: float
    ) -> Array:
        """From coefficients to the minimum of quadratic and penalty; the intercept last.

        Parameters
        ----------
        k : int
            Which curvature.
        coef : ndarray of shape (p,)
            Where the gradient was found.
        gradient : ndarray of shape (p,) or (p + 1,)
            Slope of the mean loss, that by the intercept last where there is one.
        penalty : Penalty
            With a normal form.
        tol : float
            Largest violation of the optimality conditions.

        Returns
        -------
        step : ndarray of the shape of gradient
        """
        H, p = self.matrices[k], len(coef)
        if len(gradient) == p:
            return _minimum(H, H @ coef - gradient, penalty, coef, tol) - coef
        cross, own = H[:p, p], H[p, p]
        inner = H[:p, :p] - np.outer(cross, cross / own)
        reduced = gradient[:p] - cross * (gradient[p] / own)
        move = _minimum(inner, inner @ coef - reduced, penalty, coef, tol) - coef
        return np.append(move, -(gradient[p] + cross @ move) / own)


def _bordered(problem: Problem, d: Array, rows: Any) -> Array:
    """Products of the columns, and of the intercept where there is one, over some rows."""
    picked = problem.design.rows(rows)
    p = picked.shape[1]
    found = np.empty((p + problem.fit_intercept,) * 2)
    found[:p, :p] = picked.gram(d[rows])
    if problem.fit_intercept:
        found[p, :p] = found[:p, p] = picked.transposed_times(d[rows])
        found[p, p] = d[rows].sum()
    return found


def _minimum(H: Array, q: Array, penalty: Penalty, start: Array, tol: float) -> Array:
    form = form_of(penalty, len(q))
    if not form.quadratic:
        return minimise_quadratic(H, q, penalty, start, tol)
    whole = H.copy()
    slight = 1e-13 * np.trace(whole) / max(len(q), 1)
    whole[np.diag_indices(len(q))] += form.l2 + slight
    _, found, failed = linalg.lapack.dposv(whole, q)
    return linalg.solve(whole, q) if failed else found
