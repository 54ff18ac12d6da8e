"""Piecewise linear losses with concave penalties, by local linear approximation."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties import NoPenalty
from skensemble.linear_model.penalties._base import normal_form
from skensemble.linear_model.solvers._base import Pairing, Solver
from skensemble.linear_model.solvers._interior_point import (
    StoppingRule,
    solve_column,
)
from skensemble.linear_model.solvers._kinks import (
    ColumnSolution,
    Kinks,
    assemble_kinks,
    combine_columns,
    gap_floor,
    weighted_kinks,
)
from skensemble.linear_model.solvers._linear_programming import solve_program

Array = NDArray[Any]

# A vertex of a linear program stays optimal for similar factors, so few programs are
# needed. With more rows an interior point method is faster.
_MOST_VERTICES = 1000
_MOST_PROGRAMS = 100
# Largest duality gap at convergence, as a share of the tolerance and the objective.
_TARGET = 0.01


class LocalLinear(Solver):
    """Local linear approximation, for piecewise linear losses and concave penalties.

    For losses of two straight lines (`AbsoluteError`, `Quantile`, `MultiQuantile`,
    `Hinge`) with `MCP` or `SCAD`. The concave penalty is replaced by its tangent at the
    current coefficients, which is an L1 penalty with one factor per column. The
    solution of this problem is the next point (Zou and Li, "One-step sparse estimates
    in nonconcave penalized likelihood models", Annals of Statistics 36, 2008). The
    objective never rises. The first problem is the one with the `L1` penalty. With more
    rows than columns, a second sequence starts without a penalty, and the better result
    is used. The problems are solved by `LinearProgramming`, or by `InteriorPoint` if
    there are more than 1000 rows. Raw columns are solved one after the other.

    The solver stops if the current point solves its own tangent problem. The
    `violation` of the solution is the duality gap of this problem as a share of its
    objective. The solution is a local minimum, or another stationary point.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import MCP, LocalLinear
    >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> model = LinearRegressor("absolute_error", MCP(0.1), LocalLinear())
    >>> model.fit(X, [0, 2, 4, 6]).coef_.round(6)
    array([2., 0.])
    """

    def __init__(self):
        pass

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        if not pairing.loss.piecewise_linear:
            return "needs a loss of two straight lines, such as Quantile or Hinge"
        if pairing.penalty.convex or not pairing.penalty.separable:
            return "needs a concave penalty, such as MCP or SCAD"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem."""
        design, intercept = problem.design.wide(), problem.fit_intercept
        p = design.shape[1]
        none = normal_form(NoPenalty(), p)
        coefs = np.reshape(start.coef, (p, -1)).T.astype(float)
        constants = np.atleast_1d(start.intercept).astype(float)
        found = []
        rows = zip(*weighted_kinks(problem), strict=True)
        starts = zip(coefs, constants, strict=True)
        for (at, low, high), (coef, constant) in zip(rows, starts, strict=True):
            kinks = assemble_kinks(design, at, low, high, none, intercept)
            found.append(_Column(problem, kinks).best(coef, float(constant)))
        tangents, solutions = (list(part) for part in zip(*found, strict=True))
        solution = combine_columns(problem, tangents, solutions, problem.tol)
        # The gap of the tangent problem is no bound for a concave penalty.
        return replace(solution, gap=None)


class _Column:
    """The sequence of tangent problems of one raw column.

    Parameters
    ----------
    problem : Problem
        Problem of all raw columns.
    rows : Kinks
        Kinks of the rows, without a penalty.
    """

    def __init__(self, problem: Problem, rows: Kinks) -> None:
        self._problem = problem
        self._rows = rows
        self._floor = gap_floor([rows])
        self._target = _TARGET * problem.tol

    def best(self, coef: Array, intercept: float) -> tuple[Kinks, ColumnSolution]:
        """Best solution from one or two starts."""
        found = [self.minimised(coef, intercept)]
        n, p = self._rows.design.shape
        if n > p and not coef.any():  # also start without a penalty
            plain = self._solved(self._rows, coef, intercept)
            found.append(self.minimised(plain.coef, plain.intercept))
        return min(found, key=self._value)

    def _value(self, found: tuple[Kinks, ColumnSolution]) -> float:
        coef, intercept = found[1].coef, found[1].intercept
        penalty = self._problem.penalty.value(coef)
        return self._rows.value(coef, intercept) + penalty

    def minimised(self, coef: Array, intercept: float) -> tuple[Kinks, ColumnSolution]:
        """Last tangent problem, with a point that solves it."""
        used = 0
        for _ in range(_MOST_PROGRAMS):
            l1 = self._problem.penalty.tangent(coef)
            tangent = self._rows.with_form(replace(self._rows.form, l1=l1))
            found = self._solved(tangent, coef, intercept)
            used += found.n_iter
            value = tangent.value(coef, intercept)
            least = tangent.dual_value(found.dual, found.coef, found.intercept)
            here = ColumnSolution(coef, intercept, found.dual, used)
            if value - least <= self._target * max(value, self._floor):
                break
            coef, intercept = found.coef, found.intercept
        return tangent, here

    def _solved(self, tangent: Kinks, coef: Array, intercept: float) -> ColumnSolution:
        if tangent.rows <= _MOST_VERTICES:
            return solve_program(tangent, coef, intercept)
        rule = StoppingRule(0.1 * self._target, self._floor, self._problem.max_iter)
        return solve_column(tangent, coef, intercept, rule)
