"""One iteration of a primal-dual interior point method with cones of groups."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._design import Design
from skensemble.linear_model.solvers._cones import Cones, Pair, Scaling
from skensemble.linear_model.solvers._normal_equations import cholesky

Array = NDArray[Any]

# Share of its diagonal that is added to a system, so that it is not singular.
_DAMPING = 1e-13
# Share of the longest step that stays inside all boundaries.
_STEP = 0.99


@dataclass(frozen=True)
class ConeProgram:
    """min over c, b: sum of max(low r, high r) over kinks + sum of level_g ||c_g||.

    The first n rows of kinks are those of the data, with r = z_i c + b - at_i for each
    raw column. Each other row is an absolute value of a coefficient in all raw columns,
    with r = c_j.

    Parameters
    ----------
    design : Design
        The columns z.
    at, low, high : ndarray of shape (m, k)
        Position of each kink, and slopes below and above it.
    column : ndarray of shape (m - n,)
        Column of each kink after the rows.
    cones : Cones
        Groups of columns and their levels.
    intercept : bool
        Whether there is an intercept.
    """

    design: Design
    at: Array
    low: Array
    high: Array
    column: Array
    cones: Cones
    intercept: bool

    def times(self, coef: Array, intercept: Array) -> Array:
        """Raw output of the rows, then coefficients."""
        return np.vstack([self.design.times(coef) + intercept, coef[self.column]])

    def transposed_times(self, dual: Array) -> tuple[Array, Array]:
        """Sums of dual variables, by coefficients and by intercepts."""
        n = self.design.shape[0]
        coef = self.design.transposed_times(dual[:n])
        coef[self.column] += dual[n:]
        return coef, dual[:n].sum(axis=0) * self.intercept


@dataclass(frozen=True)
class ConeState:
    """Primal and dual variables, inside of their boundaries.

    Parameters
    ----------
    coef, intercept : ndarray of shape (p, k) and (k,)
        The model.
    a : ndarray of shape (m, k)
        Dual variables of the kinks.
    right, left : ndarray of shape (m, k)
        Parts of r above and below zero.
    above, below : ndarray of shape (m, k)
        Distances of `a` from high and from low.
    top : ndarray of shape (n_cones,)
        Upper bounds of the norms.
    u : ndarray of shape (n_columns, k)
        Dual variables of the penalised columns.
    """

    coef: Array
    intercept: Array
    a: Array
    right: Array
    left: Array
    above: Array
    below: Array
    top: Array
    u: Array

    def complementarity(self, cones: Cones) -> float:
        """Sum of the products of primal and dual distances."""
        rows = np.vdot(self.right, self.above) + np.vdot(self.left, self.below)
        inner = cones.dot(self.coef[cones.columns], self.u)
        return float(rows + (self.top * cones.level - inner).sum())

    def moved(self, step: "ConeStep", primal: float, dual: float) -> "ConeState":
        """State after a step of the primal and of the dual variables."""
        return ConeState(
            self.coef + primal * step.coef,
            self.intercept + primal * step.intercept,
            self.a + dual * step.a,
            self.right + primal * step.right,
            self.left + primal * step.left,
            self.above - dual * step.a,
            self.below + dual * step.a,
            self.top + primal * step.top,
            self.u + dual * step.u,
        )


@dataclass(frozen=True)
class ConeStep:
    """Changes of a state."""

    coef: Array
    intercept: Array
    a: Array
    right: Array
    left: Array
    top: Array
    u: Array


def cone_step(program: ConeProgram, state: ConeState) -> ConeState:
    """Return the next state, by the predictor and corrector of Mehrotra."""
    cones = program.cones
    x = Pair(state.top, state.coef[cones.columns])
    z = Pair(cones.level, -state.u)
    scaling = Scaling(cones, x, z)
    system = _ConeSystem(program, state, scaling)
    right, left = state.right * state.above, state.left * state.below
    inner = scaling.scaled
    total = state.complementarity(cones)
    guess = system.step(-right, -left, Pair(-inner.head, -inner.tail))
    ahead = state.moved(guess, *_step_lengths(cones, state, guess, 1.0))
    count = 2 * right.size + len(cones.level)
    centre = (max(ahead.complementarity(cones), 0.0) / total) ** 3 * total / count
    dx = Pair(guess.top, guess.coef[cones.columns])
    dz = Pair(np.zeros_like(guess.top), -guess.u)
    bent = cones.product(scaling.times(dx, -1.0), scaling.times(dz))
    square = cones.product(inner, inner).plus(bent)
    target = Pair(centre - square.head, -square.tail)
    step = system.step(
        centre - right + guess.right * guess.a,
        centre - left - guess.left * guess.a,
        cones.quotient(inner, target),
    )
    return state.moved(step, *_step_lengths(cones, state, step, _STEP))


def _step_lengths(
    cones: Cones, state: ConeState, step: ConeStep, share: float
) -> tuple[float, float]:
    """Primal and dual step length: at most one, and a share of the longest step."""
    x = Pair(state.top, state.coef[cones.columns])
    z = Pair(cones.level, -state.u)
    primal = min(
        _longest_step(state.right, step.right),
        _longest_step(state.left, step.left),
        cones.longest_step(x, Pair(step.top, step.coef[cones.columns])),
    )
    dual = min(
        _longest_step(state.above, -step.a),
        _longest_step(state.below, step.a),
        cones.longest_step(z, Pair(np.zeros_like(step.top), -step.u)),
    )
    return min(1.0, share * primal), min(1.0, share * dual)


def _longest_step(distance: Array, change: Array) -> float:
    """Multiple of a change at which the first distance is zero."""
    closing = change < 0
    return float(np.min(distance[closing] / -change[closing], initial=np.inf))


class _ConeSystem:
    """Linear equations of one iteration, with one Cholesky factor.

    With d the change of the model, A the map from the model to the kinks, D = 1 /
    (right / above + left / below), and M the curvature of the cones:

        da = D (A d + h),  du = M d - f,  A' da + du = -(A'a + u).
    """

    def __init__(
        self, program: ConeProgram, state: ConeState, scaling: Scaling
    ) -> None:
        self._program, self._state, self._scaling = program, state, scaling
        self._weight = 1 / (state.right / state.above + state.left / state.below)
        coef, self._level = program.transposed_times(state.a)
        coef[program.cones.columns] += state.u
        self._slope = coef
        fitted = program.times(state.coef, state.intercept)
        self._residual = fitted - program.at - state.right + state.left
        self._factorise()

    def _factorise(self) -> None:
        program, (p, k) = self._program, self._state.coef.shape
        n, size = program.design.shape[0], p + program.intercept
        matrix = np.zeros((k, size, k, size))
        for i in range(k):
            weight = self._weight[:, i]
            block = program.design.gram_with_intercept(weight[:n], program.intercept)
            block[program.column, program.column] += weight[n:]
            matrix[i, :, i] = block
        matrix = matrix.reshape(k * size, k * size)
        columns = program.cones.columns
        for rows, curvature in self._scaling.curvatures():
            index = (columns[rows][:, None] + size * np.arange(k)).ravel()
            matrix[index[:, None], index] += curvature
        diagonal = np.maximum(np.diag(matrix), 0)
        self._size = np.where(diagonal > 0, 1 / np.sqrt(diagonal + 1e-300), 0.0)
        matrix *= self._size[:, None]
        matrix *= self._size
        np.fill_diagonal(matrix, 1.0)
        self._lower, _ = cholesky(matrix, _DAMPING)

    def _solved(self, coef: Array, level: Array) -> tuple[Array, Array]:
        """Inverse of the matrix times a right-hand side."""
        p, k = coef.shape
        both = np.vstack([coef, level]) if self._program.intercept else coef
        flat = both.T.ravel() * self._size
        flat = linalg.cho_solve((self._lower, True), flat, check_finite=False)
        found = (flat * self._size).reshape(k, -1).T
        return found[:p], found[p] if self._program.intercept else np.zeros(k)

    def step(self, right: Array, left: Array, scaled: Pair) -> ConeStep:
        """Step that changes the products of kinks by `right` and `left`.

        The scaled variables of the cones change by `scaled` in sum.
        """
        program, state, scaling = self._program, self._state, self._scaling
        columns = program.cones.columns
        right, left = right / state.above, left / state.below
        h = self._residual - right + left
        owed = scaling.times(scaled, -1.0)
        coef, intercept = np.zeros_like(state.coef), np.zeros_like(state.intercept)
        a, u = self._weight * h, scaling.dual_step(coef[columns], owed)
        for _ in range(2):  # the second pass reduces errors of rounding and damping
            slope, level = program.transposed_times(a)
            slope += self._slope
            slope[columns] += u
            less, lower = self._solved(slope, level + self._level)
            coef, intercept = coef - less, intercept - lower
            a = self._weight * (program.times(coef, intercept) + h)
            u = scaling.dual_step(coef[columns], owed)
        top = scaling.top_step(coef[columns], owed)
        return ConeStep(
            coef,
            intercept,
            a,
            right + state.right / state.above * a,
            left - state.left / state.below * a,
            top,
            u,
        )
