"""Limited-memory quasi-Newton steps, in coefficients scaled by their curvature."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from skensemble.core import check_whole
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties._base import Form
from skensemble.linear_model.solvers._base import (
    Pairing,
    Solver,
    normal_form_of,
)
from skensemble.linear_model.solvers._excess import is_minimum

Array = NDArray[Any]

_MOST_RESTARTS = 5


class LBFGS(Solver):
    """Limited-memory BFGS, which needs products with the columns only.

    For smooth losses with any number of raw columns; penalties of squares, or none;
    bounds on the coefficients; and absolute values if the bounds fix the signs. The
    solver uses L-BFGS-B of scipy (Byrd, Lu, Nocedal and Zhu, "A limited memory
    algorithm for bound constrained optimization", SIAM Journal on Scientific Computing
    16, 1995) on coefficients times the root of their curvature at the start, so columns
    of very different size do not slow it down. It stops when the optimality conditions
    hold. If rounding stops it earlier, it is restarted with the curvature at the
    current point. If the loss is not convex, the solution is a stationary point.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    memory : int, default=10
        Number of stored steps; each needs the memory of two sets of coefficients.
    max_line_search : int, default=50
        Largest number of evaluations in one line search.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import LBFGS
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 2.0, 6.0]
    >>> model = LinearRegressor("poisson", solver=LBFGS(memory=5)).fit(X, y)
    >>> model.coef_.round(2)
    array([0.95])
    """

    def __init__(self, memory=10, max_line_search=50):
        self.memory = memory
        self.max_line_search = max_line_search

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        if not pairing.loss.smooth:
            return "needs a smooth loss"
        form = pairing.penalty.form(pairing.p)
        if form is None or not np.all(_fixed_signs(form) | (form.l1 == 0)):
            return "needs a smooth penalty: squares, or bounds that fix the signs"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem."""
        check_whole("memory", self.memory, 1)
        check_whole("max_line_search", self.max_line_search, 1)
        form = normal_form_of(problem)
        tolerance, used, last = problem.tolerance(), 0, np.inf
        coef = np.clip(start.coef.T, form.lower, form.upper).T.astype(float)
        point = Point(coef, start.intercept).astype(float)
        done = False
        for _ in range(2 + _MOST_RESTARTS):
            raw = problem.raw(point)
            worst = problem.violation(point, problem.gradient(raw))
            if worst <= tolerance:
                done = is_minimum(problem, point, raw)
                # The violation is small, but not the excess of the objective.
                tolerance = tolerance if done else 0.01 * worst
            # A run almost without progress is limited by rounding.
            if done or used >= problem.max_iter or worst > 0.9 * last:
                break
            last = worst
            run = _Run(problem, form, _scales(problem, form, point))
            point, steps = run.minimised(
                point, tolerance, problem.max_iter - used, self
            )
            used += max(steps, 1)
        point = point.astype(problem.design.dtype)
        return Solution(point, used, worst, done)


def _fixed_signs(form: Form) -> Array:
    """Columns whose coefficient cannot change its sign."""
    return (form.lower >= 0) | (form.upper <= 0)


def _scales(problem: Problem, form: Form, point: Point) -> Point:
    """Roots of the curvature of the objective by each coefficient and intercept."""
    hessian = problem.loss.hessian(problem.y, problem.raw(point))
    weighted = (hessian.T * problem.weight).astype(float)
    # If a few rows have all the curvature, the scales would depend on these rows only.
    weighted = np.maximum(weighted, 1e-3 * weighted.max() * problem.weight)
    if weighted.ndim == 1:
        squares = problem.design.squares(weighted)
    else:
        squares = np.column_stack([problem.design.squares(each) for each in weighted])
    curved = (squares.T + form.l2).T
    sums = np.asarray(weighted.sum(axis=-1))
    return Point(_root(curved), _root(sums))


def _root(curved: Array) -> Array:
    """Square root; curvatures that are almost zero are replaced by the largest."""
    most = float(curved.max(initial=0.0))
    return np.sqrt(np.where(curved > 1e-30 * most, curved, most or 1.0))


@dataclass
class _Run:
    """One run of L-BFGS-B on scaled coefficients, followed by intercepts.

    Parameters
    ----------
    problem : Problem
        Objective to minimise.
    form : Form
        Normal form of the penalty.
    scale : Point
        Scales of coefficients and intercepts.
    """

    problem: Problem
    form: Form
    scale: Point

    def minimised(
        self, point: Point, tolerance: float, most: int, options: LBFGS
    ) -> tuple[Point, int]:
        """Minimise from a point until the optimality conditions hold."""
        self._last: tuple[Array, float] | None = None
        lower, upper = self._packed_bounds()

        def check(intermediate_result: Any) -> None:
            if self._violation(intermediate_result.x) <= tolerance:
                raise StopIteration

        # Exponentials may overflow in a line search, which then shortens the step.
        with np.errstate(over="ignore", invalid="ignore"):
            found = optimize.minimize(
                self._value_and_slope,
                self._packed(point),
                jac=True,
                method="L-BFGS-B",
                bounds=optimize.Bounds(lower, upper) if self.form.bounded else None,
                callback=check,
                options={
                    "maxcor": options.memory,
                    "maxls": options.max_line_search,
                    "maxiter": most,
                    "maxfun": 20 * most + 100,
                    "ftol": 0.0,
                    "gtol": 0.0,
                },
            )
        return self._unpacked(found.x), int(found.nit)

    def _value_and_slope(self, scaled: Array) -> tuple[float, Array]:
        problem, point = self.problem, self._unpacked(scaled)
        raw = problem.raw(point).astype(float)
        gradient = problem.gradient(raw)
        self._last = (scaled.copy(), problem.violation(point, gradient))
        pull = self.form.l2 * point.coef.T
        pull = pull + self.form.l1 * np.where(self.form.lower >= 0, 1.0, -1.0)
        slope = Point(gradient.coef + pull.T, gradient.intercept)
        value = problem.value(point, raw)
        return value, self._joined(slope.coef / self.scale.coef, slope.intercept, -1)

    def _violation(self, scaled: Array) -> float:
        if self._last is None or not np.array_equal(self._last[0], scaled):
            self._value_and_slope(scaled)
        return self._last[1] if self._last else np.inf

    def _joined(self, coef: Array, intercept: Array, power: int) -> Array:
        """Flat coefficients, then intercepts times a power of their scale."""
        if not self.problem.fit_intercept:
            return coef.ravel().astype(float)
        last = np.ravel(intercept * self.scale.intercept**power)
        return np.concatenate([coef.ravel(), last]).astype(float)

    def _packed(self, point: Point) -> Array:
        return self._joined(point.coef * self.scale.coef, point.intercept, 1)

    def _unpacked(self, scaled: Array) -> Point:
        shape = self.scale.coef.shape
        size = int(np.prod(shape))
        coef = scaled[:size].reshape(shape) / self.scale.coef
        if self.form.bounded:  # the division may round beyond a bound
            coef = np.clip(coef.T, self.form.lower, self.form.upper).T
        if not self.problem.fit_intercept:
            return Point(coef, np.zeros(shape[1:]))
        last = scaled[size:].reshape(shape[1:])
        return Point(coef, last / self.scale.intercept)

    def _packed_bounds(self) -> tuple[Array, Array]:
        free = np.full(self.scale.intercept.shape, np.inf)
        scale = self.scale.coef.T
        lower = self._joined((self.form.lower * scale).T, -free, 0)
        return lower, self._joined((self.form.upper * scale).T, free, 0)
