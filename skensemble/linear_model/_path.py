"""Coefficients over the strength of a penalty."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Solution

Array = NDArray[Any]


@dataclass(frozen=True)
class CoefficientPath:
    """Coefficients for each strength, in the units of the data.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Strengths, descending.
    coef : ndarray of shape (m, p) or (m, p, k)
        Coefficients at each.
    intercept : ndarray of shape (m,) or (m, k)
        Intercepts.
    n_iter : ndarray of shape (m,)
        Iterations of the solver.
    converged : ndarray of shape (m,)
        Whether each reached the tolerance.
    l1_ratio : float or None
        The mixing value, where several were tried.
    spread : ndarray of shape (p,) or None
        Standard deviation of each column, for the path on all rows.
    risk : ndarray of shape (m,) or None
        Mean loss of the rows held out, where it is known without predicting them.
    """

    alphas: Array
    coef: Array
    intercept: Array
    n_iter: Array
    converged: Array
    l1_ratio: float | None = None
    spread: Array | None = None
    risk: Array | None = None

    def raw(self, X: Any) -> Array:
        """Compute the raw output of rows for each strength.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, p)
            The rows.

        Returns
        -------
        raw : ndarray of shape (n, m) or (n, m, k)
            The raw output, one column per strength.
        """
        m, p = self.coef.shape[:2]
        stacked = np.moveaxis(self.coef, 1, 0).reshape(p, -1)
        raw = X @ stacked
        return np.asarray(raw).reshape(X.shape[0], m, *self.coef.shape[2:]) + (
            self.intercept
        )


def as_path(
    alphas: Array,
    solutions: Iterable[Solution],
    design: Design,
    l1_ratio: float | None = None,
) -> CoefficientPath:
    """Collect solutions into a path, in the units of the data.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Strengths.
    solutions : iterable of Solution
        One a strength.
    design : Design
        What they are coefficients of.
    l1_ratio : float or None
        The mixing value.

    Returns
    -------
    path : CoefficientPath
    """
    found = list(solutions)
    pairs = [design.original(one.point.coef, one.point.intercept) for one in found]
    return CoefficientPath(
        alphas=np.asarray(alphas),
        coef=np.stack([coef for coef, _ in pairs]),
        intercept=np.stack([np.asarray(intercept) for _, intercept in pairs]),
        n_iter=np.array([one.n_iter for one in found]),
        converged=np.array([one.converged for one in found]),
        l1_ratio=l1_ratio,
    )
