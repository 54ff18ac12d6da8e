"""Coordinate descent for squared loss, on the products of the columns."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model.penalties import Penalty
from skensemble.linear_model.solvers._base import Solver
from skensemble.linear_model.solvers._excess import (
    has_dependent_columns,
    is_minimum,
)
from skensemble.linear_model.solvers._working_set import NARROW, by_working_sets
from skensemble.losses import SquaredError

Array = NDArray[Any]

# With more columns, or more columns than rows, working sets avoid the products of all
# columns.
_MOST_COLUMNS = 2000


class CoordinateDescent(Solver):
    """Coordinate descent for squared loss with any penalty.

    Coordinate descent finds which coefficients are zero (Friedman, Hastie and
    Tibshirani, "Regularization paths for generalized linear models via coordinate
    descent", Journal of Statistical Software 33, 2010), and a linear system gives the
    others to the last digit. Concave penalties are solved by a sequence of such
    problems, and penalties of groups by accelerated proximal steps. If there are many
    columns, the solver works on the columns whose coefficients are not zero or violate
    the optimality conditions.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import CoordinateDescent, L1
    >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> model = LinearRegressor(penalty=L1(0.1), solver=CoordinateDescent())
    >>> model.fit(X, [0, 2, 4, 6]).coef_.round(2)
    array([1.92, 0.  ])
    """

    def __init__(self):
        pass

    def refusal(self, pairing):
        """Return the reason why a problem is not supported, or None."""
        if type(pairing.loss) is not SquaredError:
            return "needs squared loss"
        if pairing.width is not None and not pairing.penalty.separable:
            return "needs a penalty that does not couple outputs"
        return None

    def solve(self, problem, start):
        """Minimise the objective of a problem."""
        return next(iter(self.path(problem, [problem.penalty], start)))

    def path(
        self, problem: Problem, penalties: list[Penalty], start: Point
    ) -> Iterator[Solution]:
        """Minimise with each penalty; products of columns are computed once."""
        n, p = problem.design.shape
        wide = p > min(n, _MOST_COLUMNS) and p > NARROW
        products = None if wide else _Products(problem)
        for penalty in penalties:
            here = problem.with_penalty(penalty)
            if products is None:
                solution = by_working_sets(here, start, _solve_narrow)
            else:
                solution = products.solved(here, start)
            start = solution.point
            yield solution


def _solve_narrow(problem: Problem, start: Point) -> Solution:
    return _Products(problem).solved(problem, start)


class _Products:
    """Products Z'WZ and Z'Wy, and the means, which all penalties share."""

    def __init__(self, problem: Problem) -> None:
        design, w = problem.design, problem.weight
        self._dependent = has_dependent_columns(problem)
        self.gram = design.gram(w)
        heavy = (problem.y.T * w).T
        self.xy = np.asarray(design.transposed_times(heavy), dtype=float)
        self.mean = np.zeros(len(self.xy))
        self.mean_y: Any = 0.0
        if problem.fit_intercept:
            # Zero up to rounding.
            self.mean = np.asarray(design.transposed_times(w), dtype=float)
            self.mean_y = heavy.sum(axis=0, dtype=float)
            self.gram -= np.outer(self.mean, self.mean)
            self.xy -= np.multiply.outer(self.mean, self.mean_y)

    def solved(self, problem: Problem, start: Point) -> Solution:
        """Return the solution for the penalty of a problem."""
        goal = problem.tolerance()
        tol = 0.5 * goal * problem.norms
        starts = start.coef.reshape(len(self.xy), -1).astype(float)
        columns = [
            minimise_quadratic(self.gram, q, problem.penalty, w, tol)
            for q, w in zip(self.xy.reshape(len(self.xy), -1).T, starts.T, strict=True)
        ]
        coef = np.stack(columns, axis=1).reshape(start.coef.shape)
        dtype = problem.design.dtype
        intercept = np.asarray(self.mean_y - self.mean @ coef, dtype=dtype)
        point = Point(coef.astype(dtype), intercept)
        if not problem.fit_intercept:
            point = Point(point.coef, np.zeros_like(start.intercept))
        violation = problem.violation(point, self._gradient(problem, coef))
        gap = self._gap(problem, coef, start)
        done = violation <= goal
        if done and self._dependent:
            done = is_minimum(problem, point, problem.raw(point))
        return Solution(point, 1, violation, done, gap=gap)

    def _gradient(self, problem: Problem, coef: Array) -> Point:
        slope = self.gram @ coef - self.xy
        shape = () if problem.width is None else (problem.width,)
        return Point(slope, np.zeros(shape))

    def _gap(self, problem: Problem, coef: Array, start: Point) -> float | None:
        """Duality gap, if the penalty has absolute values and squares only.

        This is the gap of the lasso with the residual scaled by u into the bounds of
        the dual problem; squares count as additional rows (Massias, Gramfort and
        Salmon, "Celer", ICML 2018).
        """
        form = problem.penalty.form(len(self.xy))
        if form is None or form.bounded or problem.width is not None:
            return None
        if not form.l1.all():
            return None
        raw = problem.raw(Point(coef.astype(problem.design.dtype), start.intercept))
        centre = self.mean_y - problem.weight @ raw.astype(float)
        r = problem.y - raw - centre
        square = float(problem.weight @ r.astype(float) ** 2)
        square += float(form.l2 @ coef**2)
        pull = self.xy - self.gram @ coef - form.l2 * coef
        u = min(1.0, 1 / max(float(np.max(np.abs(pull) / form.l1)), 1e-300))
        total = float(problem.weight @ (problem.y - self.mean_y).astype(float) ** 2)
        # <y, r> over rows; the target of the additional rows of the squares is zero.
        y = problem.y.astype(float) - self.mean_y
        cross = float((problem.weight * r) @ y)
        primal = 0.5 * square + float(form.l1 @ np.abs(coef))
        dual = u * cross - 0.5 * u * u * square
        return max(primal - min(dual, total), 0.0)
