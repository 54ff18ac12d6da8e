"""Leave-one-out without refits: exact for squared loss, else one Newton step.

Penalties that set coefficients to zero are refused. Without one row other columns may
be selected, and a step with the columns of the fit on all rows can be wrong by any
factor.

With raw output r, slope g and curvature d of each row at the solution, weights s of sum
one, and J the curvature of the objective, the raw output of row i without row i is

    r_i + s_i g_i h_i / (1 - s_i d_i h_i),   h_i = z_i' J^-1 z_i

where z_i ends with a one for the intercept. It is one Newton step from the solution:
exact for a quadratic objective (Allen, "The relationship between variable selection and
data augmentation and a method for prediction", Technometrics 16, 1974), else accurate
to second order (Rad and Maleki, "A scalable estimate of the out-of-sample prediction
error via approximate leave-one-out", Journal of the Royal Statistical Society B 82,
2020). The penalty is not rescaled when a row is left out, as in scikit-learn's
`RidgeCV`: with n rows of equal weight, the same fit without one row has the alpha n /
(n - 1) alpha. Columns keep the centre and scale that they have on all rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._path import CoefficientPath
from skensemble.linear_model._problem import Point, Problem
from skensemble.linear_model._quadratic import ridge_inverse
from skensemble.linear_model._rows import TrainingRows, bind_penalty
from skensemble.linear_model.penalties import Penalty
from skensemble.linear_model.penalties._base import normal_form

Array = NDArray[Any]


def leave_one_out(
    problem: Problem,
    rows: TrainingRows,
    full: list[CoefficientPath],
    grid: list[tuple[Penalty, Array]],
) -> tuple[Array, Array, Array]:
    """Score all alphas by leave-one-out.

    Parameters
    ----------
    problem : Problem
        Problem of all rows.
    rows : TrainingRows
        All rows, including those of weight zero.
    full : list of CoefficientPath
        Paths on all rows, one per l1_ratio.
    grid : list of (Penalty, ndarray)
        Unbound penalties and their alphas.

    Returns
    -------
    scores : ndarray of shape (n_l1_ratios, n_alphas, 1)
        Minus the mean loss.
    error : ndarray of shape (n_l1_ratios, n_alphas)
        Standard error of the mean loss over rows.
    raw : ndarray of shape (n, n_l1_ratios, n_alphas)
        Raw output of each row by the fit without this row.
    """
    used = np.ones(len(rows.y), dtype=bool)
    if rows.weight is not None:
        used = rows.weight > 0
    m = len(grid[0][1])
    raw = np.full((len(used), len(grid), m), np.nan)
    scores, error = np.empty((len(grid), m, 1)), np.empty((len(grid), m))
    for i, (penalty, alphas) in enumerate(grid):
        here = bind_penalty(problem, penalty, rows.encoding)
        leverages = _Leverages(here)
        for j, alpha in enumerate(alphas):
            near = here.design.transformed(full[i].coef[j], full[i].intercept[j])
            bound = here.with_penalty(here.penalty.with_alpha(alpha))
            left = leverages.without_each(bound, Point(*near))
            raw[used, i, j] = left
            loss = here.loss.pointwise(here.y, left)
            scores[i, j] = -np.average(loss, weights=here.weight)
            error[i, j] = loss.std(ddof=1) / np.sqrt(len(loss))
    return scores, error, raw


def check_leave_one_out(
    problem: Problem, rows: TrainingRows, penalties: list[Penalty]
) -> None:
    """Refuse losses and penalties for which one Newton step is not accurate."""
    if problem.width is not None or not problem.loss.smooth:
        raise ValueError(
            f"cv='loo' needs a smooth loss of one raw column, got loss={problem.loss!r}"
            f"{'' if problem.width is None else f' with {problem.width} columns'}; use "
            "cv=LeaveOneOut(), which refits for each row, or cv=5."
        )
    for penalty in penalties:
        bound = bind_penalty(problem, penalty, rows.encoding).penalty
        form = bound.form(problem.design.shape[1])
        if form is None or not form.quadratic:
            raise ValueError(
                "cv='loo' takes one step from the fit on all rows, which needs a smooth "
                f"penalty (L2), got penalty={penalty!r}; use cv=LeaveOneOut(), which "
                "refits for each row, or cv=5."
            )


class _Leverages:
    """Leverage z_i' J^-1 z_i of each row, with one decomposition if possible."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._decomposed: tuple[Array, Array] | None = None

    def without_each(self, problem: Problem, point: Point) -> Array:
        """Raw output of each row by the fit without it."""
        raw = problem.raw(point)
        g, d = problem.loss.gradient_hessian(problem.y, raw)
        s = problem.weight
        h = self._leverage(problem, d)
        return raw + s * g * h / np.maximum(1 - s * d * h, 1e-12)

    def _leverage(self, problem: Problem, d: Array) -> Array:
        form = normal_form(problem.penalty, problem.design.shape[1])
        alike = np.ptp(form.l2) == 0
        if problem.loss.constant_hessian and alike and problem.design.shape[1]:
            return self._shared(form.l2[0])
        return _by_cholesky(problem, d, form.l2)

    def _shared(self, l2: float) -> Array:
        """Leverages for constant curvature and one factor for all columns."""
        if self._decomposed is None:
            gram = self.problem.design.gram(self.problem.weight)
            values, vectors = np.linalg.eigh(gram)
            self._decomposed = values, self.problem.design.times(vectors) ** 2
        values, squares = self._decomposed
        inverse = ridge_inverse(values, l2)
        # For centred columns the intercept adds one over the sum of weights, which is
        # one.
        return squares @ inverse + float(self.problem.fit_intercept)


def _by_cholesky(problem: Problem, d: Array, l2: Array) -> Array:
    """Leverages for any curvature, by the inverse of the matrix J."""
    curvature = problem.weight * d
    design, p = problem.design, len(l2)
    ones = float(problem.fit_intercept)
    matrix = np.eye(p + 1)
    size = p + problem.fit_intercept
    matrix[:size, :size] = design.gram_with_intercept(curvature, problem.fit_intercept)
    matrix[np.diag_indices(p)] += l2
    matrix[np.diag_indices(p + 1)] += 1e-12 * max(np.trace(matrix) / (p + 1), 1e-300)
    inverse = linalg.inv(matrix, assume_a="pos") if p else 1 / matrix
    moved = design.times(inverse[:p, :p]) if p else np.zeros((len(d), 0))
    h = _row_products(design, moved)
    if ones:
        h = h + 2 * design.times(inverse[:p, p]) + inverse[p, p]
    return h


def _row_products(design: Any, moved: Array) -> Array:
    """Sum over columns of z_ij moved_ij, per row."""
    if design.applied:
        return np.einsum("ij,ij->i", design.X, moved)
    product = np.asarray(design.X.multiply(moved).sum(axis=1)).ravel()
    return product - moved @ design.shift
