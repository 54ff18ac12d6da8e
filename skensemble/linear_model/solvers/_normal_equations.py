"""Normal equations of weighted rows with an intercept, the system of a Newton step."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Point

Array = NDArray[Any]

# Added to a diagonal of ones until a matrix is numerically positive definite.
_BOOSTS = (0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4)


@dataclass(frozen=True)
class Border:
    """Weighted means and total weight, which eliminate the intercept from a system.

    Parameters
    ----------
    mean : ndarray of shape (p,)
        Weighted means of the columns; zero without an intercept.
    total : float
        Sum of the weights; zero without an intercept.
    """

    mean: Array
    total: float

    def reduced(self, rhs: Point) -> Array:
        """Right-hand side of the system without the intercept."""
        return rhs.coef - np.multiply.outer(self.mean, rhs.intercept)

    def completed(self, coef: Array, rhs: Point) -> Point:
        """Coefficients with their intercept."""
        if not self.total:
            return Point(coef, np.zeros_like(rhs.intercept))
        return Point(coef, rhs.intercept / self.total - self.mean @ coef)


def border(design: Design, weight: Array, intercept: bool) -> Border:
    """Weighted means of the columns; zero without an intercept."""
    if not intercept:
        return Border(np.zeros(design.shape[1]), 0.0)
    total = max(float(weight.sum()), float(np.finfo(float).tiny))
    mean = np.asarray(design.transposed_times(weight), dtype=float) / total
    return Border(mean, total)


def rounding(design: Design) -> float:
    """Relative rounding error of a sum over the rows."""
    eps = float(np.finfo(design.dtype).eps)
    return eps * (10 + float(np.sqrt(design.shape[0])))


@dataclass(frozen=True)
class Primal:
    """A factorised system of p unknowns, each scaled to a diagonal of one.

    Parameters
    ----------
    lower : ndarray of shape (p, p)
        Cholesky factor of the scaled matrix.
    size : ndarray of shape (p,)
        Scale of each unknown; zero for unknowns that the data does not determine.
    edge : Border
        Eliminates the intercept.
    norm : float
        1-norm of the scaled matrix.
    boost : float
        Term that was added to its diagonal.
    """

    lower: Array
    size: Array
    edge: Border
    norm: float
    boost: float

    def solve(self, rhs: Point) -> Point:
        """Coefficients and intercept for a right-hand side, (p,) or (p, k)."""
        reduced = (self.edge.reduced(rhs).T * self.size).T
        found = linalg.cho_solve((self.lower, True), reduced, check_finite=False)
        return self.edge.completed((found.T * self.size).T, rhs)

    def reciprocal_condition(self) -> float:
        """Estimate one over the condition number of the scaled matrix."""
        if self.boost:
            return 0.0
        found, _ = linalg.lapack.dpocon(self.lower, self.norm, uplo="L")
        return float(found)


@dataclass(frozen=True)
class Dual:
    """The same solution from a system of n unknowns, if all columns are penalised.

    (Q + Z'DZ)^-1 = Q^-1 - Q^-1 Z'R (I + R Z Q^-1 Z' R)^-1 R Z Q^-1 with R = sqrt(D)
    (Woodbury's identity), the columns of Z centred by D.

    Parameters
    ----------
    lower : ndarray of shape (n, n)
        Cholesky factor of the inner matrix, scaled to a diagonal of one.
    root : ndarray of shape (n,)
        Square roots of the weights, times the scale of the inner matrix.
    ridge : ndarray of shape (p,)
        The diagonal Q.
    design : Design
        The columns.
    edge : Border
        Eliminates the intercept.
    """

    lower: Array
    root: Array
    ridge: Array
    design: Design
    edge: Border

    def solve(self, rhs: Point) -> Point:
        """Coefficients and intercept for a right-hand side, (p,) or (p, k)."""
        held = (self.edge.reduced(rhs).T / self.ridge).T
        rows = self.design.times(held) - self.edge.mean @ held
        pulled = linalg.cho_solve(
            (self.lower, True), (rows.T * self.root).T, check_finite=False
        )
        pulled = (pulled.T * self.root).T
        back = self.design.transposed_times(pulled)
        back = back - np.multiply.outer(self.edge.mean, pulled.sum(axis=0))
        return self.edge.completed(held - (back.T / self.ridge).T, rhs)


class NormalEquations:
    """Z' diag(weight) Z + diag(ridge), bordered by the intercept, for changing weights.

    Parameters
    ----------
    design : Design
        The columns z.
    intercept : bool
        Whether there is a column of ones, without ridge.
    """

    def __init__(self, design: Design, intercept: bool) -> None:
        self._design = design
        self._intercept = intercept
        self._kernel: tuple[Array, Array] | None = None

    def factor(
        self, weight: Array, ridge: Array, damping: float = 0.0
    ) -> Primal | Dual:
        """Factorise the smaller system, of p or n unknowns, for given weights.

        Parameters
        ----------
        weight : ndarray of shape (n,)
            Weights of the rows, not negative.
        ridge : ndarray of shape (p,)
            Ridge of the columns, not negative.
        damping : float
            Term added to the diagonal of ones of the scaled system of p unknowns.

        Returns
        -------
        system : Primal or Dual
            The factorised system.
        """
        weight = np.asarray(weight, dtype=float)
        edge = border(self._design, weight, self._intercept)
        n, p = self._design.shape
        if n < p and ridge.all():
            return self._dual(weight, ridge, edge)
        return self._primal(weight, ridge, edge, damping)

    def kernel(self, ridge: Array) -> Array:
        """Z diag(1 / ridge) Z', of shape (n, n), cached until the ridge changes."""
        if self._kernel is None or not np.array_equal(self._kernel[0], ridge):
            self._kernel = (ridge, self._design.kernel(1 / ridge))
        return self._kernel[1]

    @cached_property
    def collinear(self) -> Point:
        """Directions along which the raw output does not change, except by rounding.

        Coefficients have the shape (p, k) and intercepts (k,), where k is the number of
        columns that depend linearly on others.
        """
        n, p = self._design.shape
        weight = np.full(n, 1 / n)
        edge = border(self._design, weight, self._intercept)
        matrix, size = self._scaled(weight, np.zeros(p), edge)
        # Columns that contain only rounding errors are left out.
        known = np.flatnonzero(size)
        least = 10 * p * float(np.finfo(float).eps)
        factor, order, rank, _ = linalg.lapack.dpstrf(
            matrix[np.ix_(known, known)], tol=least, lower=1
        )
        lower = np.tril(factor)
        rest = linalg.solve_triangular(
            lower[:rank, :rank], lower[rank:, :rank].T, lower=True, trans="T"
        )
        directions = np.zeros((p, len(known) - rank))
        order = known[order - 1]
        directions[order] = np.vstack([-rest, np.eye(len(known) - rank)])
        directions *= size[:, None]
        return Point(directions, -edge.mean @ directions)

    def _primal(
        self, weight: Array, ridge: Array, edge: Border, damping: float
    ) -> Primal:
        matrix, size = self._scaled(weight, ridge, edge)
        lower, boost = cholesky(matrix, damping)
        norm = float(np.abs(matrix).sum(axis=0).max(initial=1.0))
        return Primal(lower, size, edge, norm, boost)

    def _scaled(self, weight: Array, ridge: Array, edge: Border) -> tuple[Array, Array]:
        """The system of p unknowns with a diagonal of ones, and the scale of each."""
        matrix = self._design.gram(weight)
        matrix -= edge.total * np.outer(edge.mean, edge.mean)
        diagonal = np.diag(matrix).copy()
        # Constant columns contain only rounding errors.
        lost = diagonal <= self._noise(edge, weight)
        matrix[lost], matrix[:, lost] = 0.0, 0.0
        diagonal = np.where(lost, 0.0, diagonal) + ridge
        size = np.where(diagonal > 0, 1 / np.sqrt(np.maximum(diagonal, 1e-300)), 0.0)
        matrix *= size[:, None]
        matrix *= size
        np.fill_diagonal(matrix, 1.0)
        return matrix, size

    def _noise(self, edge: Border, weight: Array) -> Array:
        """Rounding errors of the sums of squares."""
        design = self._design
        level = edge.mean**2 * edge.total
        if design.sparse:
            shift = design.shift.astype(float)
            level = level + shift**2 * weight.sum()
        return rounding(design) * level

    def _dual(self, weight: Array, ridge: Array, edge: Border) -> Dual:
        inner = self.kernel(ridge).copy()
        if self._intercept:
            means = inner @ weight / edge.total
            inner -= means[:, None] + means
            inner += means @ weight / edge.total
        root = np.sqrt(weight)
        inner *= root[:, None]
        inner *= root
        diagonal = np.diag(inner) + 1
        inner[np.diag_indices_from(inner)] = diagonal
        if self._intercept:
            # Centring removes this direction, which would contain only rounding errors.
            inner += np.outer(root, root) * (diagonal.mean() / edge.total)
            diagonal = np.diag(inner).copy()
        size = 1 / np.sqrt(diagonal)
        inner *= size[:, None]
        inner *= size
        lower, _ = cholesky(inner)
        return Dual(lower, size * root, ridge, self._design, edge)


def cholesky(matrix: Array, damping: float = 0.0) -> tuple[Array, float]:
    """Cholesky factor of a matrix with a diagonal of ones.

    Parameters
    ----------
    matrix : ndarray of shape (p, p)
        Positive semidefinite up to rounding.
    damping : float
        Term that is always added to the diagonal.

    Returns
    -------
    lower : ndarray of shape (p, p)
        Lower triangular factor.
    boost : float
        Additional term that makes the matrix numerically definite.
    """
    for boost in _BOOSTS:
        raised = matrix.copy()
        raised[np.diag_indices_from(raised)] += damping + boost
        try:
            lower = linalg.cholesky(
                raised, lower=True, overwrite_a=True, check_finite=False
            )
        except linalg.LinAlgError:
            continue
        return lower, boost
    raise linalg.LinAlgError("The system of normal equations is not finite.")
