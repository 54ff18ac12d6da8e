"""Newton's method with Cholesky factors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import (
    Pairing,
    Solver,
    normal_form_of,
    solution_at,
)
from skensemble.linear_model.solvers._excess import (
    has_dependent_columns,
    is_minimum,
)
from skensemble.linear_model.solvers._normal_equations import NormalEquations
from skensemble.linear_model.solvers._softmax import SoftmaxEquations
from skensemble.losses import Loss

Array = NDArray[Any]

# Required decrease, as a share of the decrease predicted by the slope (Armijo's
# condition).
_ARMIJO = 1e-4


class NewtonCholesky(Solver):
    """Newton's method: each step solves the normal equations with a Cholesky factor.

    For smooth losses with a penalty of squares, or none. A step is halved until the
    objective falls (Armijo 1966; Nocedal and Wright, "Numerical optimization", 2006,
    chapter 3). Losses that are sums over several raw columns are solved column by
    column. Losses with a softmax (`LogLoss` with several classes, `KLDivergence`) use
    the full second derivative of all columns. If a convex loss has only an upper bound
    of its curvature, the solver first uses the derivative of the gradient (a semismooth
    Newton step: Mangasarian, "A finite Newton method for classification", Optimization
    Methods and Software 17, 2002), and the bound if this step does not descend. If the
    loss is not convex, the solution is a stationary point.

    The method needs about five to fifteen steps of n p² operations each. It suits many
    rows and up to a few thousand columns (or many columns and few rows, if all columns
    are penalised).

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    max_halvings : int, default=30
        Largest number of halvings per step.
    largest : int, default=5000
        Largest number of unknowns of a system: columns, or rows if there are fewer rows
        and all columns are penalised; for a softmax columns times classes.

    Examples
    --------
    >>> from skensemble import LinearClassifier
    >>> from skensemble.linear_model import NewtonCholesky
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["a", "b", "a", "b"]
    >>> model = LinearClassifier(solver=NewtonCholesky()).fit(X, y)
    >>> model.coef_.round(2)
    array([[0.9]])
    """

    def __init__(self, max_halvings=30, largest=5000):
        self.max_halvings = max_halvings
        self.largest = largest

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        form = pairing.penalty.form(pairing.p)
        if not pairing.loss.smooth or form is None or not form.quadratic:
            return "needs a smooth loss and a penalty of squares only (or none)"
        if pairing.coupled and not _has_softmax(pairing.loss):
            return (
                "needs a loss that is a sum over its raw columns or has a softmax, such "
                "as LogLoss"
            )
        unknowns = pairing.p * (pairing.width or 1) if pairing.coupled else pairing.p
        if unknowns > self.largest and (pairing.coupled or not form.l2.all()):
            return f"needs at most {self.largest} coefficients (`largest`)"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem."""
        check_whole("max_halvings", self.max_halvings, 1)
        check_whole("largest", self.largest, 1)
        self._check_size(*problem.design.shape)
        steps = _directions_for(problem)
        point = start.astype(float)
        raw, tolerance = problem.raw(point), problem.tolerance()
        aim: float | None = tolerance
        for n_iter in range(problem.max_iter + 1):
            slopes, bound = problem.loss.gradient_hessian(problem.y, raw)
            gradient = problem.pulled_back((slopes.T * problem.weight).T)
            worst = problem.violation(point, gradient)
            if aim is not None and worst <= aim:
                aim = _next_aim(problem, point, raw, worst)
            if aim is None or n_iter == problem.max_iter:
                break
            search = _Search(problem, point, raw, steps.total(point, gradient))
            directions = steps.directions(raw, bound, search.slope)
            moved = search.first(directions, self.max_halvings)
            if moved is None:  # any further decrease is below rounding
                aim = None
                break
            point, raw = moved
        found = solution_at(problem, point, n_iter, worst, tolerance)
        return replace(found, converged=found.converged and aim is None)

    def _check_size(self, n: int, p: int) -> None:
        if min(n, p) > self.largest:
            raise ValueError(
                f"solver={self!r} solves systems of min(n, p) unknowns, here "
                f"{min(n, p)}; use LBFGS(), or increase largest={self.largest}."
            )


def _next_aim(problem: Problem, point: Point, raw: Array, worst: float) -> float | None:
    """Smaller tolerance if the objective is not yet minimal; None if it is."""
    if not has_dependent_columns(problem) or is_minimum(problem, point, raw):
        return None
    return 0.01 * worst


def _has_softmax(loss: Loss) -> bool:
    return type(loss).softmax_hessian is not Loss.softmax_hessian


def _directions_for(problem: Problem) -> "_ColumnDirections | _SoftmaxDirections":
    coupled = problem.loss.couples_columns(problem.y, problem.width)
    return _SoftmaxDirections(problem) if coupled else _ColumnDirections(problem)


class _NewtonDirections:
    """Base class of descent directions, the best first."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.ridge = normal_form_of(problem).l2

    def total(self, point: Point, gradient: Point) -> Point:
        """Gradient of loss plus penalty."""
        return Point(gradient.coef + (point.coef.T * self.ridge).T, gradient.intercept)

    def downhill(self, total: Point) -> Point:
        """Steepest descent for columns of norm one, by one unit of raw output."""
        coef = -(total.coef.T / (self.problem.norms**2 + self.ridge)).T
        raw = self.problem.raw(Point(coef, -total.intercept))
        longest = max(float(np.abs(raw).max()), 1e-300)
        return Point(coef / longest, -total.intercept / longest)


class _ColumnDirections(_NewtonDirections):
    """Newton steps for each raw column separately."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._equations = NormalEquations(problem.design, problem.fit_intercept)
        self._last: tuple[Array, Any] | None = None

    def directions(self, raw: Array, bound: Array, total: Point) -> Iterator[Point]:
        """Newton steps with the curvature and with its bound, then steepest descent."""
        loss, y = self.problem.loss, self.problem.y
        if loss.convex and not loss.exact_hessian:
            yield self._newton(_numerical_hessian(loss, y, raw, bound), total)
        yield self._newton(bound, total)
        yield self.downhill(total)

    def _newton(self, hessian: Array, total: Point) -> Point:
        weighted = (hessian.T * self.problem.weight).astype(float)
        if weighted.ndim == 1:
            return self._solved(weighted, total.coef, total.intercept)
        columns = zip(weighted, total.coef.T, total.intercept, strict=True)
        steps = [self._solved(*column) for column in columns]
        coef = np.column_stack([step.coef for step in steps])
        return Point(coef, np.array([step.intercept for step in steps]))

    def _solved(self, weight: Array, coef: Array, intercept: Any) -> Point:
        # The factor is computed once if the curvature is constant.
        if self._last is None or not np.array_equal(self._last[0], weight):
            self._last = (weight, self._equations.factor(weight, self.ridge))
        return self._last[1].solve(Point(-coef, -intercept))


class _SoftmaxDirections(_NewtonDirections):
    """Newton steps for all raw columns of a softmax."""

    def directions(self, raw: Array, bound: Array, total: Point) -> Iterator[Point]:
        """Newton step, then steepest descent."""
        problem = self.problem
        found = problem.loss.softmax_hessian(problem.y, raw)
        if found is not None:
            p, factor = found
            weight = np.asarray(factor * problem.weight, dtype=float)
            equations = SoftmaxEquations(
                problem.design, problem.fit_intercept, self.ridge
            )
            yield equations.solve(p.astype(float), weight, total)
        yield self.downhill(total)


def _numerical_hessian(loss: Loss, y: Array, raw: Array, bound: Array) -> Array:
    """Numerical derivative of the gradient, between zero and its bound."""
    at = raw.astype(float)
    step = 1e-6 * np.maximum(1, np.abs(at))
    found = (loss.gradient(y, at + step) - loss.gradient(y, at - step)) / (2 * step)
    return np.clip(found, 0, bound)


@dataclass(frozen=True)
class _Search:
    """Line search from a point, separately for raw columns that are not coupled.

    Parameters
    ----------
    problem : Problem
        Objective to minimise.
    point : Point
        Start of the search.
    raw : ndarray of shape (n,) or (n, k)
        Raw output at the start.
    slope : Point
        Gradient of loss plus penalty at the start.
    """

    problem: Problem
    point: Point
    raw: Array
    slope: Point

    def first(
        self, directions: Iterator[Point], most: int
    ) -> tuple[Point, Array] | None:
        """Step along the first direction that descends; None if none does."""
        here, scale = self._values(self.point.coef, self.raw)
        for direction in directions:
            along = self.problem.raw(direction)
            step = self._length(direction, along, (here, scale), most)
            if step is not None:
                return self._moved(direction, along, step)
        return None

    def _length(
        self, direction: Point, along: Array, here: tuple[Array, Array], most: int
    ) -> Array | None:
        """Longest step of 1, 1/2, 1/4, ... for which the objective falls enough."""
        value, scale = here
        fall = (self.slope.coef * direction.coef).sum(axis=0)
        fall = fall + self.slope.intercept * direction.intercept
        fall = fall if fall.ndim == value.ndim else fall.sum()
        rounding = 8 * float(np.finfo(self.raw.dtype).eps) * scale
        step = np.where(np.isfinite(fall) & (fall < 0), 1.0, 0.0)
        for _ in range(most):
            point, raw = self._moved(direction, along, step)
            there = self._values(point.coef, raw)[0]
            short = there <= value + _ARMIJO * step * fall + rounding
            if np.all(short | (step == 0)):
                break
            step = np.where(short, step, step / 2)
        else:
            step = np.where(short, step, 0.0)
        return step if step.any() else None

    def _moved(
        self, direction: Point, along: Array, step: Array
    ) -> tuple[Point, Array]:
        coef = self.point.coef + step * direction.coef
        intercept = self.point.intercept + step * direction.intercept
        return Point(coef, np.asarray(intercept)), self.raw + step * along

    def _values(self, coef: Array, raw: Array) -> tuple[Array, Array]:
        """Objective (per raw column if not coupled), and the size of its terms."""
        problem = self.problem
        with np.errstate(over="ignore", invalid="ignore"):
            each = problem.loss.pointwise(problem.y, raw)
        paid = normal_form_of(problem).l2 @ coef**2 / 2
        paid = paid if paid.ndim == each.ndim - 1 else paid.sum()
        weight = np.asarray(problem.weight, dtype=float)
        return np.asarray(weight @ each + paid), weight @ np.abs(each) + paid
