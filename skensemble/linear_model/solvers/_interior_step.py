"""One iteration of a primal-dual interior point method for kinks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._problem import Point
from skensemble.linear_model.solvers._kinks import Kinks
from skensemble.linear_model.solvers._normal_equations import (
    NormalEquations,
    cholesky,
)

Array = NDArray[Any]

# Share of its diagonal that is added to a system, so that it is not singular.
_DAMPING = 1e-13
# Share of the longest step that keeps all distances positive.
_STEP = 0.995
# Distances below this would make the weights of kinks overflow.
_NEAREST = 1e-60
# Rounds of `balanced_duals`: the first solves the equations, and the others reduce
# rounding errors.
_BALANCING_ROUNDS = 3
# Damping in `balanced_duals`. A step along columns that are almost collinear is large,
# and its rounding would disturb the equations of the other columns.
_BALANCING_DAMPING = 1e-8


@dataclass
class State:
    """Primal and dual variables; all distances from their boundaries are positive.

    For each kink, r = right - left is a variable of its own: it differs from the
    residual of the model until steps close the difference. Its dual variable is a =
    high - above = low + below.

    Parameters
    ----------
    coef, intercept : ndarray of shape (p,) and float
        The model.
    a : ndarray of shape (m,)
        Dual variables, strictly between low and high.
    right, left : ndarray of shape (m,)
        Parts of r above and below zero; `right` is zero where high is infinite, and
        `left` where low is infinite.
    above, below : ndarray of shape (m,)
        Distances of `a` from high and from low.
    """

    coef: Array
    intercept: float
    a: Array
    right: Array
    left: Array
    above: Array
    below: Array

    def products(self) -> tuple[Array, Array]:
        """Complementarity products of both sides; zero where a side is infinite."""
        right = self.right * np.where(np.isfinite(self.above), self.above, 0.0)
        return right, self.left * np.where(np.isfinite(self.below), self.below, 0.0)

    def complementarity(self) -> float:
        """Sum of the products: the part of the duality gap that steps can close."""
        return float(sum(part.sum() for part in self.products()))

    def exhausted(self) -> bool:
        """Whether distances are so small that the weights of kinks would overflow."""
        near = (
            np.minimum(self.right, self.above) + np.minimum(self.left, self.below)
        ).min()
        return bool(near < _NEAREST)


@dataclass(frozen=True)
class Step:
    """Changes of a state."""

    coef: Array
    intercept: float
    a: Array
    right: Array
    left: Array


def predictor_corrector_step(
    kinks: Kinks, equations: NormalEquations, state: State
) -> None:
    """Update a state by Mehrotra's predictor and corrector."""
    system = NewtonSystem(kinks, equations, state)
    right, left = state.products()
    total = state.complementarity()
    count = int(np.isfinite(state.above).sum() + np.isfinite(state.below).sum())
    guess = system.step(-right, -left)
    primal, dual = _step_lengths(kinks, state, guess, 1.0)
    ahead = State(
        state.coef,
        state.intercept,
        state.a + dual * guess.a,
        state.right + primal * guess.right,
        state.left + primal * guess.left,
        state.above - dual * guess.a,
        state.below + dual * guess.a,
    )
    centre = (ahead.complementarity() / total) ** 3 * total / count
    step = system.step(
        centre - right + guess.right * guess.a, centre - left - guess.left * guess.a
    )
    primal, dual = _step_lengths(kinks, state, step, _STEP)
    state.coef = state.coef + primal * step.coef
    state.intercept += primal * step.intercept
    state.right = state.right + primal * step.right
    state.left = state.left + primal * step.left
    state.a = state.a + dual * step.a
    # Updated by the step and not computed from `a`: close to a boundary the difference
    # would lose digits.
    state.above = state.above - dual * step.a
    state.below = state.below + dual * step.a


def balanced_duals(kinks: Kinks, equations: NormalEquations, state: State) -> Array:
    """Dual variables of the rows, corrected so that A'a + Q coef is zero.

    Close to the solution the weights of rows on their kinks grow without bound, and a
    step of their dual variables is a weight times a difference that has lost its
    digits. Here the weights are the squared distances from the boundaries, which are
    bounded, so rounding errors shrink with the step.

    Parameters
    ----------
    kinks : Kinks
        The problem.
    equations : NormalEquations
        Normal equations of its columns.
    state : State
        Current state, which is not changed.

    Returns
    -------
    a : ndarray of shape (n,)
        Dual variables. They may leave their interval; the caller clips them.
    """
    n, p = kinks.rows, len(state.coef)
    a = state.a.copy()
    if uses_rows(kinks):  # steps of the row system keep the equations balanced
        return a[:n]
    weight = np.minimum(state.above, state.below) ** 2
    extra = np.bincount(kinks.column, weights=weight[n:], minlength=p)
    factor = equations.factor(weight[:n], extra, _BALANCING_DAMPING)
    for _ in range(_BALANCING_ROUNDS):
        coef, total = kinks.transposed_times(a)
        residual = Point(-coef - kinks.form.l2 * state.coef, np.asarray(-total))
        step = factor.solve(residual)
        a += weight * kinks.times(step.coef, float(step.intercept))
    return a[:n]


def minimise_along_collinear(
    kinks: Kinks, equations: NormalEquations, state: State
) -> None:
    """Move coefficients of collinear columns to where the penalty is smallest.

    The raw output does not change. Steps also do this in the first iterations. Later
    the damping of their system, which grows with the weights of rows on their kinks,
    exceeds the penalty.
    """
    l2 = kinks.form.l2
    # With kinks of coefficients, the solution along collinear columns is determined.
    if uses_rows(kinks) or len(kinks.column) or not l2.any():
        return
    free = equations.collinear
    size = np.sqrt(l2 @ free.coef**2)
    penalised = size > 0
    if not penalised.any():
        return
    step = free.coef[:, penalised] / size[penalised]
    shift = free.intercept[penalised]
    curvature = step.T @ (l2[:, None] * step)
    slope = -(l2 * state.coef) @ step  # the loss has no slope along these directions
    share = np.linalg.lstsq(curvature, slope, rcond=None)[0]
    state.coef = state.coef + step @ share
    state.intercept += float(shift / size[penalised] @ share)


def uses_rows(kinks: Kinks) -> bool:
    """Whether there are fewer rows than columns, and all columns are penalised."""
    n, p = kinks.design.shape
    if n >= p:
        return False
    penalised = kinks.form.l2 > 0
    penalised[kinks.column] = True
    return bool(penalised.all())


def _step_lengths(
    kinks: Kinks, state: State, step: Step, share: float
) -> tuple[float, float]:
    """Primal and dual step length: at most one, and a share of the longest step."""
    primal = min(
        _longest_step(state.right, step.right), _longest_step(state.left, step.left)
    )
    dual = min(_longest_step(state.above, -step.a), _longest_step(state.below, step.a))
    primal, dual = min(1.0, share * primal), min(1.0, share * dual)
    # Squares couple the dual variables to the coefficients.
    if kinks.form.l2.any():
        primal = dual = min(primal, dual)
    return primal, dual


def _longest_step(distance: Array, change: Array) -> float:
    """Multiple of a change at which the first distance is zero."""
    closing = change < 0
    if not closing.any():
        return np.inf
    return float(np.min(distance[closing] / -change[closing]))


class NewtonSystem:
    """Linear equations of one iteration, solved for two right-hand sides.

    With d the change of coefficients and intercept, A as in `Kinks`, Q the squares of
    the penalty and 1 / D = right / above + left / below:

        da = D (A d + h),   A' da + Q d = -(A'a + Q coef).

    Parameters
    ----------
    kinks : Kinks
        The problem.
    equations : NormalEquations
        Normal equations of its columns.
    state : State
        Current state.
    """

    def __init__(self, kinks: Kinks, equations: NormalEquations, state: State) -> None:
        n, p = kinks.rows, len(state.coef)
        self._kinks, self._state = kinks, state
        # A side with an infinite distance has no effect: its quotient is zero.
        self._weight = 1 / (state.right / state.above + state.left / state.below)
        extra = np.bincount(kinks.column, weights=self._weight[n:], minlength=p)
        ridge = kinks.form.l2 + extra
        coef, total = kinks.transposed_times(state.a)
        self._slope = Point(coef + kinks.form.l2 * state.coef, np.asarray(total))
        fitted = kinks.times(state.coef, state.intercept)
        self._residual = fitted - kinks.at - state.right + state.left
        solver = RowSystem if uses_rows(kinks) and ridge.all() else ColumnSystem
        self._solver = solver(kinks, equations, self._weight[:n], ridge)

    def step(self, right: Array, left: Array) -> Step:
        """Step that changes the complementarity products by `right` and `left`."""
        kinks, state = self._kinks, self._state
        n, p = kinks.rows, len(state.coef)
        right, left = right / state.above, left / state.below
        h = self._residual - right + left
        weight = self._weight[n:]
        extra = np.bincount(kinks.column, weights=weight * h[n:], minlength=p)
        slope = Point(self._slope.coef + extra, self._slope.intercept)
        found, rows = self._solver.solve(slope, h[:n])
        a = np.concatenate([rows, weight * (found.coef[kinks.column] + h[n:])])
        return Step(
            found.coef,
            float(found.intercept),
            a,
            right + state.right / state.above * a,
            left - state.left / state.below * a,
        )


class ColumnSystem:
    """System of p unknowns: (Q + Z'DZ) d = -slope - Z'D h."""

    def __init__(
        self, kinks: Kinks, equations: NormalEquations, weight: Array, ridge: Array
    ) -> None:
        self._kinks, self._weight, self._ridge = kinks, weight, ridge
        self._factor = equations.factor(weight, ridge, _DAMPING)

    def solve(self, slope: Point, h: Array) -> tuple[Point, Array]:
        """Changes of the model and of the dual variables of the rows."""
        design, weight = self._kinks.design, self._weight
        found = Point(np.zeros_like(slope.coef), np.zeros(()))
        rows = weight * h
        for _ in range(2):  # the second pass reduces errors of rounding and damping
            coef = slope.coef + design.transposed_times(rows) + self._ridge * found.coef
            total = slope.intercept + rows.sum()
            found = found.moved(self._factor.solve(Point(coef, total)), -1.0)
            rows = weight * (design.times(found.coef) + found.intercept + h)
        return found, rows


class RowSystem:
    """System of n unknowns: (1 / D + Z Q^-1 Z') da - db = h - Z Q^-1 slope.

    db is the change of the intercept. The system stays well conditioned if weights D
    grow without bound, as those of rows on their kinks do.
    """

    def __init__(
        self, kinks: Kinks, equations: NormalEquations, weight: Array, ridge: Array
    ) -> None:
        self._kinks, self._weight, self._ridge = kinks, weight, ridge
        matrix = equations.kernel(ridge) + np.diag(1 / weight)
        self._size = 1 / np.sqrt(np.diag(matrix))
        matrix *= self._size[:, None]
        matrix *= self._size
        self._lower, _ = cholesky(matrix, _DAMPING)
        self._ones = self._inverse_times(np.ones(len(weight)))

    def _inverse_times(self, rows: Array) -> Array:
        scaled = rows * self._size
        factor = (self._lower, True)
        return self._size * linalg.cho_solve(factor, scaled, check_finite=False)

    def solve(self, slope: Point, h: Array) -> tuple[Point, Array]:
        """Changes of the model and of the dual variables of the rows."""
        design, ridge = self._kinks.design, self._ridge
        intercept, rows = 0.0, np.zeros_like(h)
        for _ in range(2):  # the second pass reduces errors of rounding and damping
            coef = -(slope.coef + design.transposed_times(rows)) / ridge
            residual = h + design.times(coef) + intercept - rows / self._weight
            step = self._inverse_times(residual)
            if self._kinks.intercept:
                imbalance = -float(slope.intercept) - rows.sum() - step.sum()
                shift = imbalance / self._ones.sum()
                intercept, step = intercept + shift, step + shift * self._ones
            rows = rows + step
        coef = -(slope.coef + design.transposed_times(rows)) / ridge
        return Point(coef, np.asarray(intercept)), rows
