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
    advance,
    balanced,
    settle,
)
from skensemble.linear_model.solvers._kinks import (
    Found,
    Kinks,
    kinks_of,
    least_value,
    solution,
)
from skensemble.linear_model.solvers._normal_equations import NormalEquations

Array = NDArray[Any]

# Iterations without gain until the best point is taken.
_PATIENCE = 8
# A gap closer than this is lost in the rounding of the objective.
_FINEST = 1e-11


class InteriorPoint(Solver):
    """Primal-dual interior point method: quadratic programs with many rows.

    For losses of two straight lines (`AbsoluteError`, `Quantile`, `MultiQuantile`,
    `Hinge`) with penalties that are sums of absolute values, squares and bounds: the
    linear support vector machine, quantile regression with ridge, least absolute
    deviations with an elastic net. Mehrotra's predictor and corrector (Mehrotra, "On
    the implementation of a primal-dual interior point method", SIAM Journal on
    Optimization 2, 1992; Portnoy and Koenker, "The Gaussian hare and the Laplacian
    tortoise", Statistical Science 12, 1997, for quantiles): some twenty to fifty
    systems of normal equations, of min(n, p) unknowns each. Several raw columns are
    solved one by one.

    It stops by the duality gap, which bounds what the objective is above its minimum;
    the solution's `violation` is the gap as a share of the objective. Coefficients that
    the dual variables tell to be zero, or at a bound, are put there exactly.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    gap : float or None, default=None
        Largest gap, as a share of the objective. None: a thousandth of the tolerance of
        the problem, 1e-9 where that is 1e-6.
    largest : int, default=10000
        Most unknowns of a system, min(n, p).

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
        if pairing.penalty.form(pairing.p) is None:
            return "needs a penalty of absolute values, squares or bounds (or none)"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise.

        Parameters
        ----------
        problem : Problem
            What to minimise.
        start : Point
            Where to begin.

        Returns
        -------
        solution : Solution
            The coefficients and intercept, with the state of convergence.
        """
        target = self._target(problem)
        self._check_size(*problem.design.shape)
        columns = kinks_of(problem)
        coefs = np.reshape(start.coef, (len(start.coef), -1)).T.astype(float)
        starts = zip(coefs, np.atleast_1d(start.intercept).astype(float), strict=True)
        floor = least_value(columns) / len(columns)
        found = [
            _solved(kinks, *begin, _Aim(target, floor, problem.max_iter))
            for kinks, begin in zip(columns, starts, strict=True)
        ]
        return solution(problem, columns, found, target)

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
                f"{min(n, p)}; use FirstOrder(), or raise largest={self.largest}."
            )


@dataclass(frozen=True)
class _Aim:
    """When to stop: a gap, a floor of what it is a share of, and most iterations."""

    target: float
    floor: float
    max_iter: int

    def reached(self, gap: float, value: float) -> bool:
        return gap <= 0.5 * self.target * max(value, self.floor)


def _solved(kinks: Kinks, coef: Array, intercept: float, aim: _Aim) -> Found:
    """Solve one raw column, those columns aside that are fixed by their bounds."""
    form = kinks.form
    fixed = form.lower >= form.upper
    if not fixed.any():
        return _minimised(kinks, coef, intercept, aim)
    free = np.flatnonzero(~fixed)
    held = np.where(fixed, form.lower, 0.0)
    inner = kinks.only(free, kinks.design.times(held))
    found = _minimised(inner, coef[free], intercept, aim)
    held[free] = found.coef
    return Found(held, found.intercept, found.dual, found.n_iter)


def _minimised(kinks: Kinks, coef: Array, intercept: float, aim: _Aim) -> Found:
    state = _begun(kinks, coef, intercept)
    equations = NormalEquations(kinks.design, kinks.intercept)
    best, least, idle = _found(kinks, state, 0), np.inf, 0
    for n_iter in range(aim.max_iter + 1):
        found = _found(kinks, state, n_iter)
        gap, value = _gap(kinks, found)
        if not aim.reached(gap, value) and aim.reached(state.left_to_close(), value):
            found, gap = _without_rounding(kinks, equations, state, found, gap)
        idle = 0 if gap < 0.9 * least else idle + 1
        if gap < least:
            best, least = found, gap
        if aim.reached(least, value):
            exact = _on_kinks(kinks, state, found)
            if aim.reached(*_gap(kinks, exact)):
                return exact
        # Past the gap wanted it goes on a little: it is clearer then which are zero.
        if n_iter == aim.max_iter or idle > _PATIENCE or state.spent():
            break
        advance(kinks, equations, state)
        settle(kinks, equations, state)
    return best


def _without_rounding(
    kinks: Kinks, equations: NormalEquations, state: State, found: Found, gap: float
) -> tuple[Found, float]:
    """Balance the slopes, where that closes some of the gap.

    Steps close only the products of the distances. What the gap has beyond them is
    rounding of the steps, and differs by the units and by the BLAS.
    """
    low, high = kinks.low[: kinks.rows], kinks.high[: kinks.rows]
    other = replace(found, dual=np.clip(balanced(kinks, equations, state), low, high))
    closer, _ = _gap(kinks, other)
    return (other, closer) if closer < gap else (found, gap)


def _gap(kinks: Kinks, found: Found) -> tuple[float, float]:
    """Size of the duality gap, and the objective."""
    value = kinks.value(found.coef, found.intercept)
    dual = kinks.dual_value(found.dual, found.coef, found.intercept)
    return abs(value - dual), value


def _typical(kinks: Kinks) -> tuple[Array, Array]:
    """Sizes of the coefficient and of the dual variable of each kink after the rows."""
    n = kinks.rows
    at = kinks.at[:n]
    residual = float(np.mean(np.abs(at - np.median(at)))) or float(np.mean(np.abs(at)))
    spread = np.sqrt(kinks.design.squares(np.full(n, 1 / n)))[kinks.of]
    spread = np.where(spread > 0, spread, 1.0)
    pull = spread * float(np.sum(kinks.high[:n] - kinks.low[:n])) / 2
    width = kinks.high[n:] - kinks.low[n:]
    return (residual or 1.0) / spread, np.where(np.isfinite(width), width / 2, pull)


def _begun(kinks: Kinks, coef: Array, intercept: float) -> State:
    """A start off all walls, with even products of the distances from them."""
    n = kinks.rows
    r = kinks.forms(coef, intercept) - kinks.at
    a = np.zeros(len(r))
    a[:n] = (kinks.low[:n] + kinks.high[:n]) / 2
    room, _ = _typical(kinks)
    typical = float(np.mean(np.abs(r[:n]))) or 1.0
    mu = typical * float(np.mean(kinks.high[:n] - kinks.low[:n])) / 2
    at_lower, at_upper = np.isneginf(kinks.low[n:]), np.isposinf(kinks.high[n:])
    room = np.maximum(np.abs(r[n:]), room)
    a[n:] = np.where(at_lower, -mu / room, np.where(at_upper, mu / room, 0.0))
    above, below = kinks.high - a, a - kinks.low
    right, left = np.maximum(r, 0) + mu / above, np.maximum(-r, 0) + mu / below
    right[n:] = np.where(at_lower, room, np.where(at_upper, 0.0, right[n:]))
    left[n:] = np.where(at_upper, room, np.where(at_lower, 0.0, left[n:]))
    return State(coef.copy(), intercept, a, right, left, above, below)


def _found(kinks: Kinks, state: State, n_iter: int) -> Found:
    n = kinks.rows
    coef = np.clip(state.coef, kinks.form.lower, kinks.form.upper)
    dual = np.clip(state.a[:n], kinks.low[:n], kinks.high[:n])
    return Found(coef, state.intercept, dual, n_iter)


def _on_kinks(kinks: Kinks, state: State, found: Found) -> Found:
    """Put coefficients at zero or at a bound where the dual variables say so."""
    n = kinks.rows
    room, force = _typical(kinks)
    share = 1e-3 * room / force
    held = (state.right[n:] <= share * state.above[n:]) & (
        state.left[n:] <= share * state.below[n:]
    )
    coef = found.coef.copy()
    coef[kinks.of[held]] = kinks.at[n:][held]
    return replace(found, coef=coef)
