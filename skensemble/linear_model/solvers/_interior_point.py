"""Primal-dual interior point method for piecewise linear and quadratic terms."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import Pairing, Solver
from skensemble.linear_model.solvers._interior_step import (
    State,
    balanced_duals,
    minimise_along_collinear,
    predictor_corrector_step,
)
from skensemble.linear_model.solvers._kinks import (
    ColumnSolution,
    Kinks,
    combine_columns,
    gap_floor,
    kinks_of,
)
from skensemble.linear_model.solvers._normal_equations import NormalEquations

Array = NDArray[Any]

# Number of iterations without progress before the solver stops.
_PATIENCE = 8
# Smallest gap that exceeds the rounding of the objective, as a share of it.
_FINEST = 1e-11


class InteriorPoint(Solver):
    """Primal-dual interior point method, for quadratic programs with many rows.

    For losses of two straight lines (`AbsoluteError`, `Quantile`, `MultiQuantile`,
    `Hinge`) with penalties that are sums of absolute values, squares and bounds. This
    includes the linear support vector machine, quantile regression with ridge, and
    least absolute deviations with an elastic net. The solver uses the predictor and
    corrector of Mehrotra ("On the implementation of a primal-dual interior point
    method", SIAM Journal on Optimization 2, 1992; for quantiles Portnoy and Koenker,
    "The Gaussian hare and the Laplacian tortoise", Statistical Science 12, 1997). It
    needs about twenty to fifty iterations, which each solve normal equations of min(n,
    p) unknowns. Raw columns are solved one after the other.

    The solver stops at a small duality gap, which is an upper bound of the excess of
    the objective over its minimum. The `violation` of the solution is the gap as a
    share of the objective. Coefficients that are zero or at a bound according to the
    dual variables are set to this value exactly.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    gap : float or None, default=None
        Largest duality gap at convergence, as a share of the objective. None is a
        thousandth of the tolerance of the problem: 1e-9 for a tolerance of 1e-6.
    largest : int, default=10000
        Largest number of unknowns of a system, min(n, p).

    Examples
    --------
    >>> from skensemble import LinearClassifier
    >>> from skensemble.linear_model import L2, InteriorPoint
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> model = LinearClassifier("hinge", L2(0.001), InteriorPoint()).fit(X, y)
    >>> model.coef_.round(6)
    array([[2.]])
    """

    def __init__(self, gap=None, largest=10000):
        self.gap = gap
        self.largest = largest

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        if not pairing.loss.piecewise_linear:
            return "needs a loss of two straight lines, such as Quantile or Hinge"
        if pairing.penalty.form(pairing.p) is None:
            return "needs a penalty of absolute values, squares or bounds (or none)"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem."""
        target = self._target(problem)
        self._check_size(*problem.design.shape)
        columns = kinks_of(problem)
        coefs = np.reshape(start.coef, (len(start.coef), -1)).T.astype(float)
        starts = zip(coefs, np.atleast_1d(start.intercept).astype(float), strict=True)
        floor = gap_floor(columns) / len(columns)
        rule = StoppingRule(target, floor, problem.max_iter)
        found = [
            solve_column(kinks, *begin, rule)
            for kinks, begin in zip(columns, starts, strict=True)
        ]
        return combine_columns(problem, columns, found, target)

    def _target(self, problem: Problem) -> float:
        if self.gap is None:
            return max(1e-3 * problem.tol, _FINEST)
        if (
            isinstance(self.gap, bool)
            or not isinstance(self.gap, Real)
            or self.gap <= 0
        ):
            raise ValueError(f"gap={self.gap!r} must be a number above 0, or None.")
        return float(self.gap)

    def _check_size(self, n: int, p: int) -> None:
        check_whole("largest", self.largest, 1)
        if min(n, p) > self.largest:
            raise ValueError(
                f"solver={self!r} solves systems of min(n, p) unknowns, here "
                f"{min(n, p)}; use FirstOrder(), or increase largest={self.largest}."
            )


@dataclass(frozen=True)
class StoppingRule:
    """Stop at a gap of `target` times the objective, or times `floor` if larger.

    Parameters
    ----------
    target : float
        Largest gap, as a share of the objective.
    floor : float
        Least value by which the gap is divided.
    max_iter : int
        Largest number of iterations.
    """

    target: float
    floor: float
    max_iter: int

    def reached(self, gap: float, value: float) -> bool:
        """Whether a gap is small enough."""
        return gap <= 0.5 * self.target * max(value, self.floor)


def solve_column(
    kinks: Kinks, coef: Array, intercept: float, rule: StoppingRule
) -> ColumnSolution:
    """Solve for one raw column; coefficients with equal bounds are left out."""
    form = kinks.form
    fixed = form.lower >= form.upper
    if not fixed.any():
        return _minimise(kinks, coef, intercept, rule)
    free = np.flatnonzero(~fixed)
    full = np.where(fixed, form.lower, 0.0)
    inner = kinks.restricted(free, kinks.design.times(full))
    found = _minimise(inner, coef[free], intercept, rule)
    full[free] = found.coef
    return replace(found, coef=full)


def _minimise(
    kinks: Kinks, coef: Array, intercept: float, rule: StoppingRule
) -> ColumnSolution:
    """Iterate from a start until the gap is small, and return the best iterate."""
    state = _initial_state(kinks, coef, intercept)
    equations = NormalEquations(kinks.design, kinks.intercept)
    best, least, idle = _current_solution(kinks, state, 0), np.inf, 0
    for n_iter in range(rule.max_iter + 1):
        found = _current_solution(kinks, state, n_iter)
        gap, value = _gap(kinks, found)
        if not rule.reached(gap, value) and rule.reached(
            state.complementarity(), value
        ):
            found, gap = _with_balanced_duals(kinks, equations, state, found, gap)
        idle = 0 if gap < 0.9 * least else idle + 1
        if gap < least:
            best, least = found, gap
        if rule.reached(least, value):
            exact = _moved_to_kinks(kinks, state, found)
            if rule.reached(*_gap(kinks, exact)):
                return exact
        # If moving coefficients to their kinks makes the gap too large, more iterations
        # separate zero and nonzero coefficients more clearly.
        if n_iter == rule.max_iter or idle > _PATIENCE or state.exhausted():
            break
        predictor_corrector_step(kinks, equations, state)
        minimise_along_collinear(kinks, equations, state)
    return best


def _with_balanced_duals(
    kinks: Kinks,
    equations: NormalEquations,
    state: State,
    found: ColumnSolution,
    gap: float,
) -> tuple[ColumnSolution, float]:
    """Correct the dual variables of the rows, if this reduces the gap.

    Steps reduce only the complementarity products. The rest of the gap is rounding of
    the steps, which depends on the units and on the BLAS library.
    """
    _, low, high = kinks.row_kinks()
    dual = np.clip(balanced_duals(kinks, equations, state), low, high)
    other = replace(found, dual=dual)
    closer, _ = _gap(kinks, other)
    return (other, closer) if closer < gap else (found, gap)


def _gap(kinks: Kinks, found: ColumnSolution) -> tuple[float, float]:
    """Absolute duality gap, and the objective."""
    value = kinks.value(found.coef, found.intercept)
    dual = kinks.dual_value(found.dual, found.coef, found.intercept)
    return abs(value - dual), value


def _typical_sizes(kinks: Kinks) -> tuple[Array, Array]:
    """Typical coefficient and dual variable of each kink after the rows."""
    n = kinks.rows
    at = kinks.at[:n]
    residual = float(np.mean(np.abs(at - np.median(at)))) or float(np.mean(np.abs(at)))
    spread = np.sqrt(kinks.design.squares(np.full(n, 1 / n)))[kinks.column]
    spread = np.where(spread > 0, spread, 1.0)
    slope = spread * float(np.sum(kinks.high[:n] - kinks.low[:n])) / 2
    width = kinks.high[n:] - kinks.low[n:]
    return (residual or 1.0) / spread, np.where(np.isfinite(width), width / 2, slope)


def _initial_state(kinks: Kinks, coef: Array, intercept: float) -> State:
    """State away from all boundaries, with similar complementarity products."""
    n = kinks.rows
    r = kinks.times(coef, intercept) - kinks.at
    a = np.zeros(len(r))
    a[:n] = (kinks.low[:n] + kinks.high[:n]) / 2
    size, _ = _typical_sizes(kinks)
    typical = float(np.mean(np.abs(r[:n]))) or 1.0
    mu = typical * float(np.mean(kinks.high[:n] - kinks.low[:n])) / 2
    at_lower, at_upper = np.isneginf(kinks.low[n:]), np.isposinf(kinks.high[n:])
    size = np.maximum(np.abs(r[n:]), size)
    a[n:] = np.where(at_lower, -mu / size, np.where(at_upper, mu / size, 0.0))
    above, below = kinks.high - a, a - kinks.low
    right, left = np.maximum(r, 0) + mu / above, np.maximum(-r, 0) + mu / below
    right[n:] = np.where(at_lower, size, np.where(at_upper, 0.0, right[n:]))
    left[n:] = np.where(at_upper, size, np.where(at_lower, 0.0, left[n:]))
    return State(coef.copy(), intercept, a, right, left, above, below)


def _current_solution(kinks: Kinks, state: State, n_iter: int) -> ColumnSolution:
    """Variables of a state, within their bounds."""
    n = kinks.rows
    coef = np.clip(state.coef, kinks.form.lower, kinks.form.upper)
    dual = np.clip(state.a[:n], kinks.low[:n], kinks.high[:n])
    return ColumnSolution(coef, state.intercept, dual, n_iter)


def _moved_to_kinks(
    kinks: Kinks, state: State, found: ColumnSolution
) -> ColumnSolution:
    """Set coefficients to zero or a bound if the dual variables indicate this value."""
    n = kinks.rows
    size, dual_size = _typical_sizes(kinks)
    share = 1e-3 * size / dual_size
    held = (state.right[n:] <= share * state.above[n:]) & (
        state.left[n:] <= share * state.below[n:]
    )
    coef = found.coef.copy()
    coef[kinks.column[held]] = kinks.at[n:][held]
    return replace(found, coef=coef)
