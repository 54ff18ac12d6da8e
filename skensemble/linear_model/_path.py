"""Coefficients as a function of the strength of the penalty."""

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
    """Coefficients for each strength of a penalty, in the units of the data.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Strengths of the penalty, descending.
    coef : ndarray of shape (m, p) or (m, p, k)
        Coefficients for each alpha.
    intercept : ndarray of shape (m,) or (m, k)
        Intercepts for each alpha.
    n_iter : ndarray of shape (m,)
        Number of iterations of the solver for each alpha.
    converged : ndarray of shape (m,)
        Whether the solver reached the tolerance for each alpha.
    l1_ratio : float or None
        Share of the L1 penalty, if the penalty has this parameter.
    spread : ndarray of shape (p,) or None
        Standard deviation of each column, for the path on all rows.
    risk : ndarray of shape (m,) or None
        Mean loss of the held-out rows, if it was computed without predicting them.
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
        """Compute the raw output of rows for each alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, p)
            Encoded columns.

        Returns
        -------
        raw : ndarray of shape (n, m) or (n, m, k)
            Raw output, with one column per alpha.
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
    """Collect the solutions for each alpha into a path, in the units of the data."""
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
