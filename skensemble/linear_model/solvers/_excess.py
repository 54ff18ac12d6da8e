"""Excess of the objective over its minimum, estimated from slope and curvature."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Point, Problem
from skensemble.linear_model.penalties import Form

Array = NDArray[Any]

# Largest number of operations of a matrix of curvatures. Beyond, the estimate would
# cost more than the solver.
_MOST_OPERATIONS = 2e9
# Least value to which the excess is compared, as a share of that of a constant.
_FLOOR = 1e-3
# Rounding errors of a sum over rows, in units of that of one term.
_ROUNDINGS = 100.0
# Distance of a column of norm one from the others at which Newton steps lose digits,
# and the largest number of columns for which it is computed.
_DEPENDENT, _MOST_TESTED = 1e-5, 300
# Least share of the largest eigenvalue that is exact in products of columns.
_EXACT = 1e-9


def is_minimum(problem: Problem, point: Point, raw: Array) -> bool:
    """Whether a Newton step would reduce the objective by a share below the tolerance.

    If columns are nearly dependent, the curvature is almost zero along a direction. A
    small slope then does not imply a small excess of the objective.

    Parameters
    ----------
    problem : Problem
        Problem that was solved.
    point : Point
        Point at which the optimality conditions hold within the tolerance.
    raw : ndarray of shape (n,) or (n, k)
        Raw output at the point.

    Returns
    -------
    found : bool
        True also if the excess is not estimated: for losses that are not convex or
        couple raw columns, penalties of groups, and very large problems.
    """
    n, p = problem.design.shape
    form = problem.penalty.form(p)
    loss = problem.loss
    coupled = loss.couples_columns(problem.y, problem.width)
    if form is None or coupled or not loss.convex or n * p**2 > _MOST_OPERATIONS:
        return True
    raw = raw.astype(float)
    gradient = problem.gradient(raw)
    slopes, d = loss.gradient_hessian(problem.y, raw)
    columns = zip(
        *(np.reshape(part, (p, -1)).T for part in (point.coef, gradient.coef)),
        np.atleast_1d(gradient.intercept),
        np.reshape(slopes, (n, -1)).T,
        np.reshape(d, (n, -1)).T * problem.weight,
        strict=True,
    )
    start = abs(problem.value(problem.start()))
    finest = 1000 * float(np.finfo(problem.design.dtype).eps)
    size = max(abs(problem.value(point, raw)), _FLOOR * start)
    limit = max(problem.tol, finest) * size
    share = limit / len(np.atleast_1d(gradient.intercept))
    excess = [_excess(problem, form, *column, limit=share) for column in columns]
    return sum(excess) <= limit


def has_dependent_columns(problem: Problem) -> bool:
    """Whether some columns are so close to dependent that Newton steps lose digits.

    The test uses some rows only, and at most a few hundred columns.
    """
    design = problem.design
    n, p = design.shape
    if p > _MOST_TESTED:
        return False
    some = design.rows(slice(None, None, max(1, n // (2 * p + 50))))
    rows = some.X.toarray() - some.shift if some.sparse else some.X
    rows = np.asarray(rows, dtype=float)
    if problem.fit_intercept:
        rows = np.column_stack([rows, np.ones(len(rows))])
    norms = np.sqrt(np.einsum("ij,ij->j", rows, rows))
    rows = rows[:, norms > 0] / norms[norms > 0]
    if rows.shape[1] > len(rows):
        return True
    triangle, _ = linalg.qr(rows, mode="r", pivoting=True, check_finite=False)
    diagonal = np.abs(np.diag(triangle))
    return bool(diagonal.min(initial=1.0) < _DEPENDENT)


def _excess(
    problem: Problem,
    form: Form,
    coef: Array,
    slope: Array,
    level: float,
    slopes: Array,
    d: Array,
    *,
    limit: float,
) -> float:
    """Half of g' H^-1 g over the coefficients that may move, for one raw column.

    A larger bound is returned if it is below the limit, because it costs less.
    """
    inside = (coef > form.lower) & (coef < form.upper)
    free = np.flatnonzero(inside & ((coef != 0) | (form.l1 == 0)))
    l1, l2 = form.l1[free], form.l2[free]
    g = slope[free] + l2 * coef[free] + l1 * np.sign(coef[free])
    if problem.fit_intercept:
        g, l2 = np.append(g, level), np.append(l2, 0.0)
    if not len(g):
        return 0.0
    bound = _bound_by_penalty(problem, free, g, d, l2)
    if bound <= limit:
        return bound
    size = _sizes(problem, free, d, l2)
    values, basis = _curvature(problem, free, d, l2)
    along = basis @ (g * size)
    # Slopes are not more precise than the rounding of their terms.
    along[np.abs(along) <= _slope_rounding(problem, free, slopes, size)] = 0
    least = len(g) * float(np.finfo(problem.design.dtype).eps) * values.max(initial=0.0)
    return 0.5 * float(np.sum((along / np.maximum(values, max(least, 1e-300))) ** 2))


def _bound_by_penalty(
    problem: Problem, free: Array, g: Array, d: Array, l2: Array
) -> float:
    """Bound of half of g' H^-1 g by the curvature of the penalty alone.

    The intercept, which has no penalty, is eliminated first. What remains of the
    curvature is at least that of the penalty.
    """
    bound, own = 0.0, float(d.sum())
    if problem.fit_intercept:
        if not own > 0:
            return np.inf
        cross = _columns(problem, free).transposed_times(d)
        bound = 0.5 * float(g[-1]) ** 2 / own
        g, l2 = g[:-1] - cross * (g[-1] / own), l2[:-1]
    if not np.all(l2 > 0):
        return np.inf if len(l2) else bound
    return bound + 0.5 * float(np.sum(g**2 / l2))


def _slope_rounding(problem: Problem, free: Array, slopes: Array, size: Array) -> float:
    """Rounding error of scaled slopes, which are sums over rows."""
    norms = problem.norms[free]
    if problem.fit_intercept:
        norms = np.append(norms, 1.0)
    spread = np.sqrt(float(problem.weight @ slopes.astype(float) ** 2))
    eps = float(np.finfo(problem.design.dtype).eps)
    return _ROUNDINGS * eps * spread * float(np.linalg.norm(norms * size))


def _sizes(problem: Problem, free: Array, d: Array, l2: Array) -> Array:
    """One over the root of the curvature of each coefficient."""
    squares = _columns(problem, free).squares(d).astype(float)
    if problem.fit_intercept:
        squares = np.append(squares, d.sum())
    squares = squares + l2
    return np.where(squares > 0, 1 / np.sqrt(np.maximum(squares, 1e-300)), 0.0)


def _columns(problem: Problem, free: Array) -> Design:
    """The columns of some coefficients, without a copy if they are all."""
    everything = len(free) == problem.design.shape[1]
    return problem.design if everything else problem.design.columns(free)


def _curvature(
    problem: Problem, free: Array, d: Array, l2: Array
) -> tuple[Array, Array]:
    """Roots of the eigenvalues of the curvature of scaled coefficients, and vectors."""
    size = _sizes(problem, free, d, l2)
    design = _columns(problem, free)
    H = design.gram_with_intercept(d, problem.fit_intercept) + np.diag(l2)
    values, vectors = np.linalg.eigh(H * size[:, None] * size)
    # Small eigenvalues of products of columns have no correct digit; those of the
    # columns themselves cost ten times as much.
    if design.sparse or values[0] > _EXACT * values[-1]:
        return np.sqrt(np.maximum(values, 0)), vectors.T
    rows = np.asarray(design.X, dtype=float)
    if problem.fit_intercept:
        rows = np.column_stack([rows, np.ones(len(rows))])
    rows = np.vstack([rows * np.sqrt(d)[:, None], np.diag(np.sqrt(l2))]) * size
    (triangle,) = linalg.qr(rows, mode="r", check_finite=False)
    _, values, basis = linalg.svd(triangle[: len(l2)], full_matrices=False)
    return values, basis
