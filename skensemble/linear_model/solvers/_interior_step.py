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

# A system is kept off singularity by this share of its diagonal.
_DAMPING = 1e-13
# How near to its wall a step may come.
_STEP = 0.995
_NEAREST = 1e-60
# Rounds that balance dual variables: one solves, the others take rounding out.
_BALANCINGS = 3
# Columns that are collinear up to this share are left as they are: a step along them
# is large, and its rounding would spoil the balance of the others.
_BALANCE_DAMPING = 1e-8


@dataclass
class State:
    """Where the method is; all distances above zero.

    A kink's r = right - left is apart from the form it looks at until steps close the
    difference; a = high - above = low + below is its dual variable.

    Parameters
    ----------
    coef, intercept : ndarray of shape (p,) and float
        The model.
    a : ndarray of shape (m,)
        Dual variables, strictly between low and high.
    right, left : ndarray of shape (m,)
        Parts of r above and below zero; `right` is zero where high is infinite, `left`
        where low is.
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
        """Complementarity of each side; zero where there is no such side."""
        right = self.right * np.where(np.isfinite(self.above), self.above, 0.0)
        return right, self.left * np.where(np.isfinite(self.below), self.below, 0.0)

    def left_to_close(self) -> float:
        """The part of the duality gap that steps can close."""
        return float(sum(part.sum() for part in self.products()))

    def spent(self) -> bool:
        """Whether weights of kinks would overflow: there is nothing left to gain."""
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


def advance(kinks: Kinks, equations: NormalEquations, state: State) -> None:
    """One predictor and one corrector."""
    system = System(kinks, equations, state)
    right, left = state.products()
    both = state.left_to_close()
    count = int(np.isfinite(state.above).sum() + np.isfinite(state.below).sum())
    guess = system.step(-right, -left)
    primal, dual = _lengths(kinks, state, guess, 1.0)
    ahead = State(
        state.coef,
        state.intercept,
        state.a + dual * guess.a,
        state.right + primal * guess.right,
        state.left + primal * guess.left,
        state.above - dual * guess.a,
        state.below + dual * guess.a,
    )
    centre = (ahead.left_to_close() / both) ** 3 * both / count
    step = system.step(
        centre - right + guess.right * guess.a, centre - left - guess.left * guess.a
    )
    primal, dual = _lengths(kinks, state, step, _STEP)
    state.coef = state.coef + primal * step.coef
    state.intercept += primal * step.intercept
    state.right = state.right + primal * step.right
    state.left = state.left + primal * step.left
    state.a = state.a + dual * step.a
    # Moved by the step and not taken anew from `a`: near a wall differences lose
    # digits.
    state.above = state.above - dual * step.a
    state.below = state.below + dual * step.a


def balanced(kinks: Kinks, equations: NormalEquations, state: State) -> Array:
    """Dual variables of the rows, moved until the slopes by the coefficients balance.

    Rows on their kinks have weights without bound in the end, and a step of their dual
    variables is a weight times a difference that has lost its digits. Here the weights
    are the squared distances from the walls, which are bounded: rounding of the step
    shrinks as the step does.

    Parameters
    ----------
    kinks : Kinks
        The problem.
    equations : NormalEquations
        Of its columns.
    state : State
        The place, which stays as it is.

    Returns
    -------
    a : ndarray of shape (n,)
        Dual variables; the caller keeps them within their walls.
    """
    n, p = kinks.rows, len(state.coef)
    a = state.a.copy()
    if by_rows(kinks):  # these steps balance as they are
        return a[:n]
    weight = np.minimum(state.above, state.below) ** 2
    extra = np.bincount(kinks.of, weights=weight[n:], minlength=p)
    factor = equations.factor(weight[:n], extra, _BALANCE_DAMPING)
    for _ in range(_BALANCINGS):
        coef, total = kinks.pulled(a)
        owed = Point(-coef - kinks.form.l2 * state.coef, np.asarray(-total))
        step = factor.solve(owed)
        a += weight * kinks.forms(step.coef, float(step.intercept))
    return a[:n]


def settle(kinks: Kinks, equations: NormalEquations, state: State) -> None:
    """Move the model along collinear columns to where it pays least.

    Steps do so at first only: in the end the damping of their system, by the weights of
    rows on their kinks, is more than the penalty. The raw output stays as it is.
    """
    l2 = kinks.form.l2
    # Kinks of the coefficients hold collinear columns themselves.
    if by_rows(kinks) or len(kinks.of) or not l2.any():
        return
    free = equations.collinear
    size = np.sqrt(l2 @ free.coef**2)
    paying = size > 0
    if not paying.any():
        return
    step, shift = free.coef[:, paying] / size[paying], free.intercept[paying]
    curvature = step.T @ (l2[:, None] * step)
    owed = -(l2 * state.coef) @ step  # the rows have no slope along these
    share = np.linalg.lstsq(curvature, owed, rcond=None)[0]
    state.coef = state.coef + step @ share
    state.intercept += float(shift / size[paying] @ share)


def by_rows(kinks: Kinks) -> bool:
    """Whether n rows are fewer unknowns than the columns, and all of those pay."""
    n, p = kinks.design.shape
    if n >= p:
        return False
    paying = kinks.form.l2 > 0
    paying[kinks.of] = True
    return bool(paying.all())


def _lengths(
    kinks: Kinks, state: State, step: Step, share: float
) -> tuple[float, float]:
    """Longest steps of primal and dual variables that hit no wall."""
    primal = min(_room(state.right, step.right), _room(state.left, step.left))
    dual = min(_room(state.above, -step.a), _room(state.below, step.a))
    primal, dual = min(1.0, share * primal), min(1.0, share * dual)
    if kinks.form.l2.any():  # squares tie the slopes to the coefficients
        primal = dual = min(primal, dual)
    return primal, dual


def _room(distance: Array, change: Array) -> float:
    """How many such changes fit before a distance is zero."""
    closing = change < 0
    if not closing.any():
        return np.inf
    return float(np.min(distance[closing] / -change[closing]))


class System:
    """Linear equations of one iteration, solved for two right-hand sides.

    With d the change of coefficients and intercept, A what the kinks look at and
    1 / D = right / above + left / below: da = D (A d + h) and A' da + Q d = -slope.

    Parameters
    ----------
    kinks : Kinks
        The problem.
    equations : NormalEquations
        For rows that are not fewer than the columns.
    state : State
        The place.
    """

    def __init__(self, kinks: Kinks, equations: NormalEquations, state: State) -> None:
        n, p = kinks.rows, len(state.coef)
        self._kinks, self._state = kinks, state
        # An infinite distance takes its side out: nothing over infinity is zero.
        self._weight = 1 / (state.right / state.above + state.left / state.below)
        extra = np.bincount(kinks.of, weights=self._weight[n:], minlength=p)
        ridge = kinks.form.l2 + extra
        coef, total = kinks.pulled(state.a)
        self._slope = Point(coef + kinks.form.l2 * state.coef, np.asarray(total))
        looked = kinks.forms(state.coef, state.intercept)
        self._apart = looked - kinks.at - state.right + state.left
        solver = RowSystem if by_rows(kinks) and ridge.all() else ColumnSystem
        self._solver = solver(kinks, equations, self._weight[:n], ridge)

    def step(self, right: Array, left: Array) -> Step:
        """Changes that bring the products of the distances by `right` and `left`."""
        kinks, state = self._kinks, self._state
        n, p = kinks.rows, len(state.coef)
        right, left = right / state.above, left / state.below
        h = self._apart - right + left
        weight = self._weight[n:]
        pull = np.bincount(kinks.of, weights=weight * h[n:], minlength=p)
        slope = Point(self._slope.coef + pull, self._slope.intercept)
        found, rows = self._solver.solve(slope, h[:n])
        a = np.concatenate([rows, weight * (found.coef[kinks.of] + h[n:])])
        return Step(
            found.coef,
            float(found.intercept),
            a,
            right + state.right / state.above * a,
            left - state.left / state.below * a,
        )


class ColumnSystem:
    """The equations by p columns: (Q + Z'DZ) d = -slope - Z'D h."""

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
        for _ in range(2):  # again for what rounding and damping left
            coef = slope.coef + design.transposed_times(rows) + self._ridge * found.coef
            total = slope.intercept + rows.sum()
            found = found.moved(self._factor.solve(Point(coef, total)), -1.0)
            rows = weight * (design.times(found.coef) + found.intercept + h)
        return found, rows


class RowSystem:
    """The equations by n rows: (1 / D + Z Q^-1 Z') da - d_0 = h - Z Q^-1 slope.

    Weights without bound, as rows on their kinks have in the end, do no harm here.
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
        self._ones = self._inverse(np.ones(len(weight)))

    def _inverse(self, rows: Array) -> Array:
        scaled = (self._lower, True), rows * self._size
        return self._size * linalg.cho_solve(*scaled, check_finite=False)

    def solve(self, slope: Point, h: Array) -> tuple[Point, Array]:
        """Changes of the model and of the dual variables of the rows."""
        design, ridge = self._kinks.design, self._ridge
        intercept, rows = 0.0, np.zeros_like(h)
        for _ in range(2):
            coef = -(slope.coef + design.transposed_times(rows)) / ridge
            left = h + design.times(coef) + intercept - rows / self._weight
            step = self._inverse(left)
            if self._kinks.intercept:
                owed = -float(slope.intercept) - rows.sum() - step.sum()
                more = owed / self._ones.sum()
                intercept, step = intercept + more, step + more * self._ones
            rows = rows + step
        coef = -(slope.coef + design.transposed_times(rows)) / ridge
        return Point(coef, np.asarray(intercept)), rows
