"""Exact solution of piecewise linear problems as a linear program with HiGHS."""

from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from skensemble.core import check_choice, check_seconds
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import Pairing, Solver
from skensemble.linear_model.solvers._kinks import (
    ColumnSolution,
    Kinks,
    combine_columns,
    kinks_of,
)

Array = NDArray[Any]

_METHODS = ["highs", "highs-ds", "highs-ipm"]
# Coefficients this close to zero or a bound, in units of the kinks, are set to it.
_ROUNDING = 1e-12


class LinearProgramming(Solver):
    """Solve problems with a piecewise linear loss as a linear program.

    For losses of two straight lines (`AbsoluteError`, `Quantile`, `MultiQuantile`,
    `Hinge`), a penalty of absolute values, or none, and bounds. The solver uses the
    dual program (Koenker and Bassett, "Regression quantiles", Econometrica 46, 1978,
    section 3), which has one bounded variable per row and one equation per column; the
    coefficients are the dual values of the equations. It is much faster than the primal
    program, which has one equation per row. The solution is a vertex: as many rows as
    there are free coefficients have a residual of zero. Raw columns are solved one
    after the other.

    HiGHS determines convergence. The solution includes the duality gap; its `violation`
    is the gap as a share of the objective. `max_iter` has no effect, because the
    program needs many cheap pivots.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    method : {"highs", "highs-ds", "highs-ipm"}, default="highs"
        Algorithm: selected by HiGHS, dual simplex, or interior point with crossover.
    time_limit : float or None, default=None
        Time limit in seconds for one raw column.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import LinearProgramming
    >>> X, y = [[0], [1], [2], [3], [4]], [0, 1, 2, 3, 90]
    >>> model = LinearRegressor("absolute_error", "none", LinearProgramming())
    >>> model.fit(X, y).coef_.round(6)
    array([1.])
    """

    def __init__(self, method="highs", time_limit=None):
        self.method = method
        self.time_limit = time_limit

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        if not pairing.loss.piecewise_linear:
            return "needs a loss of two straight lines, such as Quantile or Hinge"
        form = pairing.penalty.form(pairing.p)
        if form is None or form.l2.any():
            return "needs a penalty of absolute values or bounds (or none)"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective, or return `start` if HiGHS reaches its limit."""
        check_choice("method", self.method, _METHODS)
        check_seconds("time_limit", self.time_limit)
        columns = kinks_of(problem)
        starts = zip(
            np.reshape(start.coef, (len(start.coef), -1)).T,
            np.atleast_1d(start.intercept),
            strict=True,
        )
        found = [
            solve_program(kinks, *begin, self.method, self.time_limit)
            for kinks, begin in zip(columns, starts, strict=True)
        ]
        return combine_columns(problem, columns, found, problem.tol)


def solve_program(
    kinks: Kinks,
    coef: Array,
    intercept: float,
    method: str = "highs",
    limit: Real | None = None,
) -> ColumnSolution:
    """Solve the dual program of one raw column."""
    n, p = kinks.design.shape
    rows, size = _scaled_columns(kinks)
    unit = _unit(kinks)
    column_size = size[kinks.column]
    at = np.concatenate([kinks.at[:n] / unit, kinks.at[n:] * column_size / unit])
    # The tolerances of HiGHS are absolute, so columns, kinks and slopes are scaled to
    # about one.
    stretch = np.concatenate([np.full(n, float(n)), n / column_size])
    extra = sp.csc_matrix(
        (np.ones(len(kinks.column)), (kinks.column, np.arange(len(kinks.column)))),
        shape=(p, len(kinks.column)),
    )
    equations = sp.hstack([rows.T, extra], format="csc")
    if kinks.intercept:
        ones = np.concatenate([np.ones(n), np.zeros(len(kinks.column))])
        equations = sp.vstack([equations, sp.csc_matrix(ones)], format="csc")
    result = linprog(
        at,
        A_eq=equations,
        b_eq=np.zeros(equations.shape[0]),
        bounds=np.column_stack([kinks.low * stretch, kinks.high * stretch]),
        method=method,
        options={} if limit is None else {"time_limit": float(limit)},
    )
    if result.x is None or result.status != 0:
        return ColumnSolution(np.asarray(coef, float), float(intercept), np.zeros(n), 0)
    prices = result.eqlin.marginals * unit
    coef = np.clip(prices[:p] / size, kinks.form.lower, kinks.form.upper)
    edge = kinks.at[n:]
    near = np.abs(coef[kinks.column] - edge) * column_size <= _ROUNDING * unit
    coef[kinks.column[near]] = edge[near]
    intercept = float(prices[p]) if kinks.intercept else 0.0
    if not kinks.design.applied:  # the columns were not shifted
        intercept += float(kinks.design.shift @ coef)
    dual = np.clip(result.x / stretch, kinks.low, kinks.high)[:n]
    return ColumnSolution(coef, intercept, dual, int(result.nit))


def _scaled_columns(kinks: Kinks) -> tuple[sp.csc_matrix, Array]:
    """Columns scaled to root mean square one (not shifted if sparse), and scales."""
    X = kinks.design.X
    squares = X.multiply(X) if sp.issparse(X) else X**2
    size = np.sqrt(np.asarray(squares.mean(axis=0)).ravel())
    size[size <= 1e-15 * size.max(initial=0.0)] = 1.0
    if sp.issparse(X):
        return X.multiply(1 / size).tocsc(), size
    return sp.csc_matrix(X / size), size


def _unit(kinks: Kinks) -> float:
    """Typical distance of the kinks of the rows from a constant."""
    at = kinks.at[: kinks.rows]
    spread = float(np.mean(np.abs(at - np.median(at)))) if kinks.intercept else 0.0
    return spread or float(np.mean(np.abs(at))) or 1.0
