"""Excess of the objective over its minimum, estimated from slope and curvature."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Point, Problem
from skensemble.linear_model.penalties import LocalForm

Array = NDArray[Any]

# Number of operations of a matrix of curvatures that is computed for any columns, and
# for columns that are nearly dependent. Beyond, the estimate would cost more than the
# solver.
_FEW_OPERATIONS, _MOST_OPERATIONS = 2e9, 2e10
# Least value to which the excess is compared, as a share of that of a constant.
_FLOOR = 1e-3
# Rounding errors of a sum over rows, in units of that of one term.
_ROUNDINGS = 100.0
# Distance of a column of norm one from the others at which Newton steps lose digits,
# and the largest number of columns for which it is computed.
_DEPENDENT, _MOST_TESTED = 1e-5, 1000
# Least share of the largest eigenvalue that is exact in products of columns.
_EXACT = 1e-9


def is_minimum(problem: Problem, point: Point, raw: Array) -> bool:
    """Whether a Newton step would reduce the objective by a share below the tolerance.

    If columns are nearly dependent, the curvature is almost zero along a direction. A
    small slope then does not imply a small excess of the objective. For a concave
    penalty, the excess is that of its tangent.

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
        couple raw columns without a softmax, penalties without a local form, and very
        large problems.
    """
    local = problem.penalty.local_form(point.coef.astype(float))
    curvature = _row_curvature(problem, raw.astype(float))
    if local is None or curvature is None or not problem.loss.convex:
        return True
    start = abs(problem.value(problem.start()))
    finest = 1000 * float(np.finfo(problem.design.dtype).eps)
    size = max(abs(problem.value(point, raw)), _FLOOR * start)
    limit = max(problem.tol, finest) * size
    gradient = problem.gradient(raw.astype(float))
    k = curvature.diagonal.shape[1]
    joint = curvature.softmax is not None or (local.direction is not None and k > 1)
    parts = [list(range(k))] if joint else [[i] for i in range(k)]
    share = limit / len(parts)
    blocks = [_block(problem, local, gradient, curvature, part) for part in parts]
    return sum(block.excess(share) for block in blocks) <= limit


def has_dependent_columns(problem: Problem) -> bool:
    """Whether some columns are so close to dependent that Newton steps lose digits.

    The test uses some rows only, and at most a thousand columns.
    """
    return _dependent(problem.design, problem.fit_intercept)


def _dependent(design: Design, intercept: bool) -> bool:
    n, p = design.shape
    if p > _MOST_TESTED:
        return False
    some = design.rows(slice(None, None, max(1, n // (2 * p + 50))))
    rows = some.X.toarray() - some.shift if some.sparse else some.X
    rows = np.asarray(rows, dtype=float)
    if intercept:
        rows = np.column_stack([rows, np.ones(len(rows))])
    norms = np.sqrt(np.einsum("ij,ij->j", rows, rows))
    rows = rows[:, norms > 0] / norms[norms > 0]
    if rows.shape[1] > len(rows):
        return True
    gram = rows.T @ rows
    lower, failed = linalg.lapack.dpotrf(gram, lower=True)
    if failed:
        return True
    norm = float(np.abs(gram).sum(axis=0).max(initial=0.0))
    condition, _ = linalg.lapack.dpocon(lower, norm, uplo="L")
    return bool(condition < _DEPENDENT**2)


@dataclass(frozen=True)
class _RowCurvature:
    """First and second derivatives of the weighted loss by the raw output.

    Parameters
    ----------
    slopes : ndarray of shape (n, k)
        First derivative per row, without weights.
    diagonal : ndarray of shape (n, k)
        Weighted second derivative.
    softmax : tuple of ndarrays of shape (n, k) and (n,), or None
        Probabilities and weights w; the second derivative is w (diag(p) - p p'). None
        if the raw columns are not coupled.
    """

    slopes: Array
    diagonal: Array
    softmax: tuple[Array, Array] | None = None

    def between(self, i: int, j: int) -> Array | None:
        """Minus the second derivative by two raw columns; None if it is zero."""
        if self.softmax is None:
            return None
        p, weight = self.softmax
        return weight * p[:, i] * p[:, j]


def _row_curvature(problem: Problem, raw: Array) -> _RowCurvature | None:
    loss, n = problem.loss, len(raw)
    slopes, d = (
        np.reshape(one, (n, -1)) for one in loss.gradient_hessian(problem.y, raw)
    )
    weight = np.asarray(problem.weight, dtype=float)
    if not loss.couples_columns(problem.y, problem.width):
        return _RowCurvature(slopes, d * weight[:, None])
    found = loss.softmax_hessian(problem.y, raw)
    if found is None:
        return None
    p, factor = found
    weight = np.asarray(factor * weight, dtype=float)
    p = p.astype(float)
    return _RowCurvature(slopes, (p * (1 - p)) * weight[:, None], (p, weight))


def _block(
    problem: Problem,
    local: LocalForm,
    gradient: Point,
    curvature: _RowCurvature,
    part: list[int],
) -> "_Block":
    """The free coefficients of some raw columns, each followed by its intercept."""
    p = len(local.free)
    free, slope, l2 = (
        np.reshape(one, (p, -1))[:, part]
        for one in (local.free, local.slope, local.curvature)
    )
    columns = [np.flatnonzero(free[:, i]) for i in range(len(part))]
    total = np.reshape(gradient.coef, (p, -1))[:, part] + slope
    groups = None
    if local.direction is not None:
        direction = np.reshape(local.direction, (p, -1))[:, part]
        numbers = problem.penalty.blocks(p)
        groups = (
            np.concatenate([numbers[own] for own in columns]),
            np.concatenate([direction[own, i] for i, own in enumerate(columns)]),
        )
    return _Block(
        problem=problem,
        curvature=curvature,
        part=part,
        columns=columns,
        g=np.concatenate([total[own, i] for i, own in enumerate(columns)]),
        l2=np.concatenate([l2[own, i] for i, own in enumerate(columns)]),
        level=np.atleast_1d(gradient.intercept)[part].astype(float),
        groups=groups,
    )


@dataclass(frozen=True)
class _Block:
    """A quadratic model of the objective in some coefficients and intercepts.

    The intercepts come last.

    Parameters
    ----------
    problem : Problem
        Objective.
    curvature : _RowCurvature
        Derivatives of the rows.
    part : list of int
        Raw columns.
    columns : list of ndarray of int
        Columns of the design whose coefficients may move, per raw column.
    g, l2 : ndarray of shape (m,)
        Slope of the objective, and curvature of the penalty, per coefficient.
    level : ndarray of shape (len(part),)
        Slopes by the intercepts.
    groups : tuple of ndarrays of shape (m,), or None
        Number of the group and direction, per coefficient.
    """

    problem: Problem
    curvature: _RowCurvature
    part: list[int]
    columns: list[Array]
    g: Array
    l2: Array
    level: Array
    groups: tuple[Array, Array] | None

    def excess(self, limit: float) -> float:
        """Half of g' H^-1 g over the coefficients that may move.

        A larger bound is returned if it is below the limit, because it costs less.
        """
        g = np.append(self.g, self.level) if self._intercept else self.g
        if not len(g):
            return 0.0
        bound = self._bound_by_penalty()
        if bound <= limit:
            return bound
        if not self._is_small():
            return 0.0
        size = self._sizes()
        values, basis = self._roots(size)
        along = basis @ (g * size)
        # Slopes are not more precise than the rounding of their terms.
        along[np.abs(along) <= self._slope_rounding(size)] = 0
        eps = float(np.finfo(self.problem.design.dtype).eps)
        least = max(len(g) * eps * values.max(initial=0.0), 1e-300)
        return 0.5 * float(np.sum((along / np.maximum(values, least)) ** 2))

    @property
    def _intercept(self) -> bool:
        return self.problem.fit_intercept

    def _is_small(self) -> bool:
        """Whether the matrix of curvatures costs less than the solver."""
        pairs = len(self.part) ** 2 if self.curvature.softmax is not None else 1
        wide = self._design(self._union())
        cost = pairs * float(wide.shape[0]) * wide.shape[1] ** 2
        cost += 10.0 * len(self.g) ** 3
        if cost <= _FEW_OPERATIONS:
            return True
        return cost <= _MOST_OPERATIONS and _dependent(wide, self._intercept)

    def _bound_by_penalty(self) -> float:
        """Bound of the excess by the curvature of the penalty alone, for one column.

        The intercept, which has no penalty, is eliminated first. What remains of the
        curvature is at least that of the penalty.
        """
        if len(self.part) > 1 or self.groups is not None:
            return np.inf
        g, d = self.g, self.curvature.diagonal[:, self.part[0]]
        bound, own = 0.0, float(d.sum())
        if self._intercept:
            if not own > 0:
                return np.inf
            cross = self._design(self.columns[0]).transposed_times(d)
            bound = 0.5 * float(self.level[0]) ** 2 / own
            g = g - cross * (self.level[0] / own)
        if not np.all(self.l2 > 0):
            return np.inf if len(self.l2) else bound
        return bound + 0.5 * float(np.sum(g**2 / self.l2))

    def _slope_rounding(self, size: Array) -> float:
        """Rounding error of scaled slopes, which are sums over rows."""
        norms = np.concatenate([self.problem.norms[own] for own in self.columns])
        if self._intercept:
            norms = np.append(norms, np.ones(len(self.part)))
        slopes = self.curvature.slopes[:, self.part].astype(float)
        spread = np.sqrt(float(np.sum(self.problem.weight @ slopes**2)))
        eps = float(np.finfo(self.problem.design.dtype).eps)
        return _ROUNDINGS * eps * spread * float(np.linalg.norm(norms * size))

    def _sizes(self) -> Array:
        """One over the root of the curvature of each coefficient and intercept."""
        diagonal = self.curvature.diagonal[:, self.part]
        squares = np.concatenate(
            [
                self._design(own).squares(diagonal[:, i]).astype(float)
                for i, own in enumerate(self.columns)
            ]
        )
        squares = squares + self.l2
        if self._intercept:
            squares = np.append(squares, diagonal.sum(axis=0))
        return np.where(squares > 0, 1 / np.sqrt(np.maximum(squares, 1e-300)), 0.0)

    def _roots(self, size: Array) -> tuple[Array, Array]:
        """Roots of the eigenvalues of the scaled curvature, and eigenvectors."""
        H = self._of_loss() + self._of_penalty(root=False)
        values, vectors = np.linalg.eigh(H * size[:, None] * size)
        # Small eigenvalues of products of columns have no correct digit; those of the
        # columns themselves cost ten times as much.
        design = self.problem.design
        if len(self.part) > 1:
            least = len(size) * np.finfo(float).eps * values[-1]
            return np.sqrt(np.maximum(values, least)), vectors.T
        if design.sparse or values[0] > _EXACT * values[-1]:
            return np.sqrt(np.maximum(values, 0)), vectors.T
        rows = np.asarray(self._design(self.columns[0]).X, dtype=float)
        if self._intercept:
            rows = np.column_stack([rows, np.ones(len(rows))])
        rows = rows * np.sqrt(self.curvature.diagonal[:, self.part])
        rows = np.vstack([rows, self._of_penalty(root=True)]) * size
        (triangle,) = linalg.qr(rows, mode="r", check_finite=False)
        _, values, basis = linalg.svd(triangle[: len(size)], full_matrices=False)
        return values, basis

    def _of_loss(self) -> Array:
        """Second derivative of the mean loss."""
        union = self._union()
        design = self._design(union)
        places = [np.searchsorted(union, own) for own in self.columns]
        starts = np.cumsum([0, *map(len, places)])
        m, intercept = starts[-1], self._intercept
        H = np.zeros((m + len(places) * intercept,) * 2)
        for a, i in enumerate(self.part):
            for b, j in enumerate(self.part[: a + 1]):
                own = i == j
                weight = (
                    self.curvature.diagonal[:, i]
                    if own
                    else self.curvature.between(i, j)
                )
                if weight is None:
                    continue
                found = design.gram_with_intercept(weight, intercept)
                rows, columns = places[a], places[b]
                here = np.arange(starts[a], starts[a + 1])
                there = np.arange(starts[b], starts[b + 1])
                if intercept:
                    rows, columns = (
                        np.append(rows, len(union)),
                        np.append(columns, len(union)),
                    )
                    here, there = np.append(here, m + a), np.append(there, m + b)
                part = found[np.ix_(rows, columns)]
                H[np.ix_(here, there)] = part if own else -part
                H[np.ix_(there, here)] = part.T if own else -part.T
        return H

    def _of_penalty(self, *, root: bool) -> Array:
        """Second derivative of the penalty, or its symmetric root."""
        power = 0.5 if root else 1.0
        found = np.diag(self.l2**power)
        if self.groups is not None:
            number, direction = self.groups
            along = self.l2 ** (power / 2) * direction
            found -= np.where(number[:, None] == number, np.outer(along, along), 0.0)
        extra = len(self.part) * self._intercept
        return np.pad(found, (0, extra))

    def _union(self) -> Array:
        return np.unique(np.concatenate(self.columns))

    def _design(self, columns: Array) -> Design:
        """The columns of some coefficients, without a copy if they are all."""
        design = self.problem.design
        return design if len(columns) == design.shape[1] else design.columns(columns)
