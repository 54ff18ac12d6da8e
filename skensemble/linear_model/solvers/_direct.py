"""Least squares in closed form: normal equations, or the pseudo-inverse."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, lsmr

from skensemble.core import check_whole
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import (
    Pairing,
    Solver,
    normal_form_of,
    solution_at,
)
from skensemble.linear_model.solvers._normal_equations import (
    Border,
    Dual,
    NormalEquations,
    Primal,
    border,
    rounding,
)
from skensemble.losses import SquaredError

Array = NDArray[Any]

_MOST_REFINEMENTS = 5
# Reciprocal condition of products of columns, below which singular values of the
# columns themselves are used: products lose twice as many digits.
_CLOSE_TO_SINGULAR = 1e-10


class Direct(Solver):
    """Solve penalised least squares in closed form.

    For `SquaredError` with a penalty of squares, or none, and any number of outputs.
    The solver uses the Cholesky factor of the normal equations (of the dual equations
    if there are fewer rows than columns and all columns are penalised), and refines the
    solution with its residual. If the data does not determine the coefficients, the
    solver returns the solution of least norm, from a singular value decomposition
    (Golub and Van Loan, "Matrix computations", 2013, chapter 5). If there are more than
    `largest` rows and columns, LSMR iterates to the tolerance without a dense matrix
    (Fong and Saunders, "LSMR: an iterative algorithm for sparse least-squares
    problems", SIAM Journal on Scientific Computing 33, 2011).

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    largest : int, default=5000
        Largest number of unknowns of a dense system.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import Direct
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 2.0, 6.0]
    >>> model = LinearRegressor(penalty="none", solver=Direct()).fit(X, y)
    >>> model.coef_.round(6), round(model.intercept_, 6)
    (array([2.5]), 0.5)
    """

    def __init__(self, largest=5000):
        self.largest = largest

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        form = pairing.penalty.form(pairing.p)
        squared = isinstance(pairing.loss, SquaredError)
        if squared and form is not None and form.quadratic:
            return None
        return "needs SquaredError and a penalty of squares only (or none)"

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem; `start` is used by LSMR only."""
        check_whole("largest", self.largest, 1)
        n, p = problem.design.shape
        ridge = normal_form_of(problem).l2
        if min(n, p) > self.largest or (p > self.largest and not ridge.all()):
            return _iterated(problem, start, ridge)
        return _refined(problem, _system(problem, ridge), ridge)


def _system(problem: Problem, ridge: Array) -> "Primal | Dual | PseudoInverse":
    """Factorise the normal equations, or decompose the rows if these are singular."""
    design, w = problem.design, problem.weight
    n, p = design.shape
    if n >= p or ridge.any():
        equations = NormalEquations(design, problem.fit_intercept)
        system = equations.factor(w, ridge)
        if isinstance(system, Dual):
            return system
        if system.reciprocal_condition() > _CLOSE_TO_SINGULAR:
            return system
    return _decomposed(problem, ridge)


def _refined(problem: Problem, system: Any, ridge: Array) -> Solution:
    """Newton steps: the first solves the problem, and others reduce rounding errors."""
    zero, tolerance = problem.start(), problem.tolerance()
    point = zero.astype(float)
    raw = np.zeros_like(problem.y) + zero.intercept
    best = (np.inf, point)
    for _ in range(1 + _MOST_REFINEMENTS):
        gradient = problem.gradient(raw)
        worst = problem.violation(point, gradient)
        if not worst < best[0] / 2:
            break
        best = (worst, point)
        if worst <= 0.01 * tolerance:
            break
        pull = gradient.coef + (point.coef.T * ridge).T
        point = point.moved(system.solve(Point(pull, gradient.intercept)), -1.0)
        raw = problem.raw(point)
    worst, point = best if best[0] <= worst else (worst, point)
    return solution_at(problem, point, 1, worst, tolerance)


@dataclass(frozen=True)
class PseudoInverse:
    """Solution of least norm, from singular vectors of columns scaled to norm one.

    Parameters
    ----------
    basis : ndarray of shape (r, p)
        Right singular vectors of nonzero singular values, in rows.
    values : ndarray of shape (r,)
        Singular values.
    size : ndarray of shape (p,)
        One over the norm of each column; zero for constant columns.
    edge : Border
        Eliminates the intercept.
    """

    basis: Array
    values: Array
    size: Array
    edge: Border

    def solve(self, rhs: Point) -> Point:
        """Coefficients of least norm and intercept for a right-hand side."""
        scaled = (self.edge.reduced(rhs).T * self.size).T
        parts = ((self.basis @ scaled).T / self.values**2).T
        if len(self.values) == len(self.size):
            coef = ((self.basis.T @ parts).T * self.size).T
        else:
            coef = self._shortest(parts)
        return self.edge.completed(coef, rhs)

    def _shortest(self, parts: Array) -> Array:
        """Coefficients of least norm whose scaled values project to `parts`."""
        norms = np.where(self.size > 0, 1 / np.where(self.size > 0, self.size, 1), 0)
        conditions = self.basis * norms
        q, r = linalg.qr(conditions.T, mode="economic")
        found = q @ linalg.solve_triangular(r, parts, trans="T")
        left = parts - conditions @ found  # columns of very different size lose digits
        return found + q @ linalg.solve_triangular(r, left, trans="T")


def _decomposed(problem: Problem, ridge: Array) -> PseudoInverse:
    """Singular values and vectors of the rows; if sparse, of the Gram matrix."""
    design, w = problem.design, np.asarray(problem.weight, dtype=float)
    edge = border(design, w, problem.fit_intercept)
    if design.sparse:
        matrix = design.gram(w) - edge.total * np.outer(edge.mean, edge.mean)
        matrix[np.diag_indices_from(matrix)] += ridge
        squares = np.diag(matrix)
    else:
        matrix = (design.X - edge.mean) * np.sqrt(w)[:, None]
        matrix = np.vstack([matrix, np.diag(np.sqrt(ridge))[ridge > 0]])
        squares = np.einsum("ij,ij->j", matrix, matrix)
    eps = float(np.finfo(design.dtype).eps)
    # After centring, constant columns contain only rounding errors.
    shift = design.shift.astype(float)
    noise = rounding(design) * shift**2 * (1 if design.sparse else eps)
    size = np.where(squares > noise, 1 / np.sqrt(np.maximum(squares, 1e-300)), 0.0)
    if design.sparse:
        each, vectors = linalg.eigh(matrix * size[:, None] * size)
        values, basis = np.sqrt(np.maximum(each, 0))[::-1], vectors.T[::-1]
        finest = np.sqrt(len(size) * eps)  # singular values are roots of eigenvalues
    else:
        _, values, basis = linalg.svd(matrix * size, full_matrices=False)
        finest = max(matrix.shape) * eps
    known = values > finest * values.max(initial=1e-300)
    return PseudoInverse(basis[known], values[known], size, edge)


def _iterated(problem: Problem, start: Point, ridge: Array) -> Solution:
    """LSMR for each output, restarted from its residual until convergence."""
    design, tolerance = problem.design, problem.tolerance()
    determined = design.shape[0] >= design.shape[1] or ridge.all()
    norms = np.sqrt(problem.norms**2 + ridge) if determined else 1.0
    rows = _augmented_rows(problem, ridge, norms)
    point = start if determined else problem.start()  # zero leads to the least norm
    point = point.astype(float)
    accuracy = problem.tol / np.sqrt(design.shape[1])
    used = 0
    while True:
        gradient = problem.gradient(problem.raw(point))
        worst = problem.violation(point, gradient)
        if worst <= tolerance or used >= problem.max_iter:
            return solution_at(problem, point, used, worst, tolerance)
        step, steps = _least_squares(problem, rows, point, ridge, accuracy, used)
        coef = point.coef + (step.T / norms).T
        point = _with_best_intercept(problem, coef, point.intercept)
        accuracy, used = 0.1 * accuracy, used + max(steps, 1)


def _least_squares(
    problem: Problem,
    rows: LinearOperator,
    point: Point,
    ridge: Array,
    accuracy: float,
    used: int,
) -> tuple[Array, int]:
    """Step of the scaled coefficients that minimises the residuals of a point."""
    root = np.sqrt(np.asarray(problem.weight, dtype=float))
    residual = ((problem.y - problem.raw(point)).T * root).T
    penalty = -(point.coef.T * np.sqrt(ridge)).T
    target = np.concatenate([residual, penalty])
    columns = target.reshape(len(target), -1).T
    found = [
        lsmr(
            rows,
            column,
            atol=accuracy,
            btol=accuracy,
            conlim=0,
            maxiter=max(problem.max_iter - used, 1),
        )
        for column in columns
    ]
    step = np.column_stack([each[0] for each in found]).reshape(point.coef.shape)
    return step, max(each[2] for each in found)


def _augmented_rows(problem: Problem, ridge: Array, norms: Any) -> LinearOperator:
    """Operator of the weighted, centred rows, followed by the rows of the penalty."""
    design, w = problem.design, np.asarray(problem.weight, dtype=float)
    (n, p), root, pull = design.shape, np.sqrt(w), np.sqrt(ridge)
    free = float(problem.fit_intercept)

    def forwards(scaled: Array) -> Array:
        coef = scaled.ravel() / norms
        raw = design.times(coef)
        return np.concatenate([root * (raw - free * (w @ raw)), pull * coef])

    def backwards(both: Array) -> Array:
        top = root * both.ravel()[:n]
        top = top - free * w * top.sum()
        return (design.transposed_times(top) + pull * both.ravel()[n:]) / norms

    return LinearOperator((n + p, p), matvec=forwards, rmatvec=backwards, dtype=float)


def _with_best_intercept(problem: Problem, coef: Array, intercept: Array) -> Point:
    """Coefficients with their optimal intercept."""
    if not problem.fit_intercept:
        return Point(coef, intercept)
    left = problem.y - problem.design.times(coef)
    return Point(coef, np.asarray(left.T @ problem.weight))
