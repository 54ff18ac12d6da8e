"""Losses and penalties of straight lines, exactly: a linear program by HiGHS."""

from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from skensemble.core import check_choice, check_seconds
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._contract import Pairing, Solver
from skensemble.linear_model.solvers._kinks import Found, Kinks, kinks_of, solution

Array = NDArray[Any]

_METHODS = ["highs", "highs-ds", "highs-ipm"]
# Coefficients so near to zero or a bound, in units of the kinks, are there.
_ROUNDING = 1e-12


class LinearProgramming(Solver):
    """Solve quantile regression and its kin as a linear program.

    For losses of two straight lines (`AbsoluteError`, `Quantile`, `MultiQuantile`,
    `Hinge`) with absolute values as penalty, or none, and with bounds. It solves the dual
    program (Koenker and Bassett, "Regression quantiles", Econometrica 46, 1978, section
    3): one bounded variable a row and one equation a column, whose prices are the
    coefficients. That is many times quicker than the primal program, which has one
    equation a row. The solution is a vertex: as many rows as there are free coefficients
    are fitted exactly. Several raw columns are solved one by one.

    Convergence is HiGHS's own. The solution tells the duality gap; its `violation` is
    the gap as a share of the objective. `max_iter` does not count here: pivots are cheap
    and many.

    Parameters
    ----------
    method : {"highs", "highs-ds", "highs-ipm"}, default="highs"
        HiGHS's choice, dual simplex, or interior point with crossover.
    time_limit : float or None, default=None
        Most seconds for one raw column.

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
        """Say what this solver needs that a pairing does not have.

        Parameters
        ----------
        pairing : Pairing
            Loss, penalty and shape.

        Returns
        -------
        reason : str or None
            What is missing, or None if the solver can take the pairing.
        """
        if not pairing.loss.piecewise_linear:
            return "needs a loss of two straight lines, such as Quantile or Hinge"
        form = pairing.penalty.form(pairing.p)
        if form is None or form.l2.any():
            return "needs a penalty of absolute values or bounds (or none)"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise.

        Parameters
        ----------
        problem : Problem
            What to minimise.
        start : Point
            What is given back if HiGHS finds nothing within its time.

        Returns
        -------
        solution : Solution
            The coefficients and intercept, with the state of convergence.
        """
        check_choice("method", self.method, _METHODS)
        check_seconds("time_limit", self.time_limit)
        columns = kinks_of(problem)
        starts = zip(
            np.reshape(start.coef, (len(start.coef), -1)).T,
            np.atleast_1d(start.intercept),
            strict=True,
        )
        found = [
            _solved(kinks, *begin, self.method, self.time_limit)
            for kinks, begin in zip(columns, starts, strict=True)
        ]
        return solution(problem, columns, found, problem.tol)


def _solved(
    kinks: Kinks, coef: Array, intercept: float, method: str, limit: Real | None
) -> Found:
    """Dual variables of one raw column, and the prices of its equations."""
    n, p = kinks.design.shape
    rows, size = _columns(kinks)
    unit = _unit(kinks)
    size_of = size[kinks.of]
    at = np.concatenate([kinks.at[:n] / unit, kinks.at[n:] * size_of / unit])
    # HiGHS's tolerances are absolute: columns, kinks and slopes come near one.
    stretch = np.concatenate([np.full(n, float(n)), n / size_of])
    extra = sp.csc_matrix(
        (np.ones(len(kinks.of)), (kinks.of, np.arange(len(kinks.of)))),
        shape=(p, len(kinks.of)),
    )
    equations = sp.hstack([rows.T, extra], format="csc")
    if kinks.intercept:
        ones = np.concatenate([np.ones(n), np.zeros(len(kinks.of))])
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
        return Found(np.asarray(coef, float), float(intercept), np.zeros(n), 0)
    prices = result.eqlin.marginals * unit
    coef = np.clip(prices[:p] / size, kinks.form.lower, kinks.form.upper)
    edge = kinks.at[n:]
    near = np.abs(coef[kinks.of] - edge) * size_of <= _ROUNDING * unit
    coef[kinks.of[near]] = edge[near]
    intercept = float(prices[p]) if kinks.intercept else 0.0
    if not kinks.design.applied:  # the columns were not shifted
        intercept += float(kinks.design.shift @ (coef / kinks.design.scale))
    dual = np.clip(result.x / stretch, kinks.low, kinks.high)[:n]
    return Found(coef, intercept, dual, int(result.nit))


def _columns(kinks: Kinks) -> tuple[sp.csc_matrix, Array]:
    """Columns of root mean square one, sparse ones without their shift, and their size."""
    X = kinks.design.X
    if not kinks.design.applied:
        X = X.multiply(1 / kinks.design.scale).tocsc()
    squares = X.multiply(X) if sp.issparse(X) else X**2
    size = np.sqrt(np.asarray(squares.mean(axis=0)).ravel())
    size[size <= 1e-15 * size.max(initial=0.0)] = 1.0
    if sp.issparse(X):
        return X.multiply(1 / size).tocsc(), size
    return sp.csc_matrix(X / size), size


def _unit(kinks: Kinks) -> float:
    """Size of the kinks of the rows."""
    at = kinks.at[: kinks.rows]
    spread = float(np.mean(np.abs(at - np.median(at)))) if kinks.intercept else 0.0
    return spread or float(np.mean(np.abs(at))) or 1.0
