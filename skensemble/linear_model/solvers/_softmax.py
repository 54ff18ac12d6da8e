"""Newton steps of a softmax, for all classes at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Point
from skensemble.linear_model.solvers._normal_equations import cholesky, rounding

Array = NDArray[Any]


class SoftmaxEquations:
    """Newton steps with the second derivative of a softmax by all coefficients.

    The block of classes i and j is Z' diag(w p_i (1(i = j) - p_j)) Z, with a column of
    ones for the intercepts.

    Parameters
    ----------
    design : Design
        The columns z.
    intercept : bool
        Whether there are intercepts.
    ridge : ndarray of shape (p,)
        Ridge of each column, the same for all classes.
    """

    def __init__(self, design: Design, intercept: bool, ridge: Array) -> None:
        self._design = design
        self._intercept = intercept
        self._ridge = np.append(ridge, 0.0) if intercept else ridge

    def solve(self, p: Array, weight: Array, total: Point) -> Point:
        """Return the Newton step.

        Parameters
        ----------
        p : ndarray of shape (n, k)
            Probabilities.
        weight : ndarray of shape (n,)
            Weights of the rows.
        total : Point
            Gradient, by coefficients (p, k) and intercepts (k,).

        Returns
        -------
        step : Point
            Change of coefficients and intercepts.
        """
        slope = total.coef
        if self._intercept:
            slope = np.vstack([slope, total.intercept])
        m, k = slope.shape
        blocks = self._blocks(p, weight)
        lost = self._constant(blocks)
        self._make_definite(blocks)
        matrix = blocks.reshape(k * m, k * m)
        diagonal = np.diag(matrix)
        size = np.where(lost, 0.0, 1 / np.sqrt(np.maximum(diagonal, 1e-300)))
        matrix = matrix * size[:, None] * size
        np.fill_diagonal(matrix, 1.0)
        lower, _ = cholesky(matrix)
        found = linalg.cho_solve((lower, True), -slope.T.ravel() * size)
        step = (found * size).reshape(k, m).T
        if not self._intercept:
            return Point(step, np.zeros_like(total.intercept))
        return Point(step[:-1], step[-1])

    def _constant(self, blocks: Array) -> Array:
        """Whether each column is constant, repeated for each class; (k m,)."""
        own = np.einsum("iaib->iab", blocks)
        diagonal = np.einsum("iaa->ia", own)
        if self._intercept:
            total = own[:, -1:, -1]
            level = own[:, :, -1] ** 2 / total
            share = rounding(self._design)
            noise = (1 + share) * level
            if self._design.sparse:
                shift = self._design.shift.astype(float)
                noise = noise + share * np.append(shift, 0.0) ** 2 * total
            noise[:, -1] = 0
        else:
            noise = np.zeros_like(diagonal)
        lost = (diagonal <= noise).any(axis=0) & (self._ridge == 0)
        return np.tile(lost, len(own))

    def _blocks(self, p: Array, weight: Array) -> Array:
        """Blocks of pairs of classes, of shape (k, m, k, m)."""
        k, m = p.shape[1], len(self._ridge)
        blocks = np.zeros((k, m, k, m))
        for i in range(k):
            own = self._block(weight * p[:, i] * (1 - p[:, i]))
            blocks[i, :, i] = own + np.diag(self._ridge)
            for j in range(i):
                other = self._block(weight * p[:, i] * p[:, j])
                blocks[i, :, j] = blocks[j, :, i] = -other
        return blocks

    def _make_definite(self, blocks: Array) -> None:
        """Make the matrix definite.

        Adding a constant to the coefficients of all classes does not change
        probabilities. Without a ridge, the sum over classes of a step is set to zero.
        """
        k = len(blocks)
        free = np.flatnonzero(self._ridge == 0)
        own = np.einsum("iaia->ia", blocks)[:, free].mean(axis=0)
        for i in range(k):
            for j in range(k):
                blocks[i, free, j, free] += own / k

    def _block(self, weight: Array) -> Array:
        return self._design.gram_with_intercept(weight, self._intercept)
