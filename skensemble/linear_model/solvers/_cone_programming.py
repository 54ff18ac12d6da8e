"""Piecewise linear losses with penalties of groups, as second-order cone programs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties._groups import GroupPenalty
from skensemble.linear_model.solvers._base import Pairing, Solver
from skensemble.linear_model.solvers._cone_step import (
    ConeProgram,
    ConeState,
    cone_step,
)
from skensemble.linear_model.solvers._cones import Cones
from skensemble.linear_model.solvers._kinks import weighted_kinks

Array = NDArray[Any]

# Number of iterations without progress before the solver stops.
_PATIENCE = 8
# Largest gap at convergence, as a share of the tolerance and the objective.
_TARGET = 0.01
# Least value by which a gap is divided, as a share of the objective at zero.
_FLOOR = 1e-3


class ConeProgramming(Solver):
    """Interior point method for piecewise linear losses with penalties of groups.

    For losses of two straight lines (`AbsoluteError`, `Quantile`, `MultiQuantile`,
    `Hinge`) with `GroupLasso` or `SparseGroupLasso`. The norm of each group is a
    second-order cone. The solver uses the predictor and corrector of Mehrotra with the
    scaling of Nesterov and Todd (Andersen, Roos and Terlaky, "On implementing a
    primal-dual interior-point method for conic quadratic optimization", Mathematical
    Programming 95, 2003). It needs about fifteen to forty iterations, which each solve
    a system of as many unknowns as there are coefficients.

    The solver stops at a small duality gap, which is an upper bound of the excess of
    the objective over its minimum. The `violation` of the solution is the gap as a
    share of the objective. Groups that are zero according to the dual variables are set
    to zero exactly.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    largest : int, default=5000
        Largest number of unknowns: coefficients and intercepts of all raw columns.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import ConeProgramming, GroupLasso
    >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> penalty = GroupLasso(0.1, groups=[0, 1])
    >>> model = LinearRegressor("absolute_error", penalty, ConeProgramming())
    >>> model.fit(X, [0, 2, 4, 6]).coef_.round(6)
    array([2., 0.])
    """

    def __init__(self, largest=5000):
        self.largest = largest

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        if not pairing.loss.piecewise_linear:
            return "needs a loss of two straight lines, such as Quantile or Hinge"
        if not isinstance(pairing.penalty, GroupPenalty):
            return "needs a penalty of groups, such as GroupLasso"
        unknowns = (pairing.p + 1) * (pairing.width or 1)
        if unknowns > self.largest:
            return f"needs at most {self.largest} unknowns (`largest`)"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem."""
        check_whole("largest", self.largest, 1)
        scaled = _ScaledProgram.of(problem)
        coef = np.reshape(start.coef, (len(start.coef), -1)) / scaled.unit
        intercept = np.atleast_1d(start.intercept - scaled.centre) / scaled.unit
        found, n_iter = _minimise(
            scaled, _initial_state(scaled.program, coef, intercept), problem
        )
        shape = start.coef.shape
        point = Point(
            (found.coef * scaled.unit).reshape(shape),
            (found.intercept * scaled.unit + scaled.centre).reshape(shape[1:]),
        ).astype(problem.design.dtype)
        gap = found.gap * scaled.unit
        return Solution(point, n_iter, found.share, found.share <= problem.tol, gap=gap)


@dataclass(frozen=True)
class _ConeSolution:
    """Coefficients and intercepts with their duality gap.

    Parameters
    ----------
    coef, intercept : ndarray of shape (p, k) and (k,)
        The model.
    gap, share : float
        Duality gap, and the gap as a share of the objective.
    """

    coef: Array
    intercept: Array
    gap: float
    share: float


@dataclass(frozen=True)
class _ScaledProgram:
    """A program whose kinks are shifted by a constant and divided by a unit.

    Parameters
    ----------
    program : ConeProgram
        The scaled program.
    penalty : GroupPenalty
        Penalty; its value is proportional to the coefficients.
    centre : ndarray of shape (k,)
        Shift of the kinks, per raw column.
    unit : float
        Typical distance of the kinks from the shift.
    """

    program: ConeProgram
    penalty: GroupPenalty
    centre: Array
    unit: float

    @classmethod
    def of(cls, problem: Problem) -> "_ScaledProgram":
        """Scaled program of a problem."""
        penalty, design = problem.penalty, problem.design.wide()
        assert isinstance(penalty, GroupPenalty)
        p = design.shape[1]
        at, low, high = (part.T for part in weighted_kinks(problem))
        k = at.shape[1]
        centre = np.broadcast_to(problem.start().intercept, k).astype(float)
        at = at - centre
        unit = float(np.mean(np.abs(at))) or 1.0
        block = penalty.blocks(p)
        l1, l2 = penalty.levels(p)
        if k == 1:  # the norm of a single coefficient is its absolute value
            single = np.bincount(block) == 1
            l1, l2 = np.where(single, l1 + l2, l1), np.where(single, 0.0, l2)
        each = np.flatnonzero(l1[block] > 0)
        slope = np.repeat(l1[block][each][:, None], k, axis=1)
        columns = np.flatnonzero(l2[block] > 0)
        paid, group = np.unique(block[columns], return_inverse=True)
        program = ConeProgram(
            design,
            np.vstack([at / unit, np.zeros_like(slope)]),
            np.vstack([low, -slope]),
            np.vstack([high, slope]),
            each,
            Cones(columns, group, l2[paid]),
            problem.fit_intercept,
        )
        return cls(program, penalty, centre if k > 1 else centre[0], unit)

    def value(self, coef: Array, intercept: Array) -> float:
        """Objective in units of `unit`."""
        n, program = self.program.design.shape[0], self.program
        r = program.design.times(coef) + intercept - program.at[:n]
        loss = np.maximum(program.low[:n] * r, program.high[:n] * r).sum()
        return float(loss) + self.penalty.value(coef)

    def dual_value(self, a: Array, coef: Array, intercept: Array) -> float:
        """Lower bound of the minimum, from dual variables of the rows.

        They are multiplied by the largest factor for which the slopes are in the
        subdifferential of the penalty at zero. Slopes of coefficients without a penalty
        are zero up to rounding, and are multiplied by the coefficients.
        """
        slope = self.program.design.transposed_times(a)
        least, alpha = self.penalty.largest(slope), float(self.penalty.alpha)
        shrink = min(1.0, alpha / least) if least > 0 else 1.0
        l1, l2 = (
            level[self.penalty.blocks(len(coef))] == 0
            for level in self.penalty.levels(len(coef))
        )
        free = float((slope * coef)[l1 & l2].sum())
        if self.program.intercept:
            free += float(intercept @ a.sum(axis=0))
        return shrink * (free - float(np.vdot(self.program.at[: len(a)], a)))

    def solution(self, state: ConeState, coef: Array, floor: float) -> _ConeSolution:
        """Coefficients with the gap to the dual variables of a state."""
        n, program = self.program.design.shape[0], self.program
        value = self.value(coef, state.intercept)
        a = np.clip(state.a[:n], program.low[:n], program.high[:n])
        gap = max(value - self.dual_value(a, coef, state.intercept), 0.0)
        return _ConeSolution(coef, state.intercept, gap, gap / max(value, floor))


def _minimise(
    scaled: _ScaledProgram, state: ConeState, problem: Problem
) -> tuple[_ConeSolution, int]:
    """Iterate until the gap is small, and return the best point."""
    floor = _FLOOR * max(scaled.value(0 * state.coef, 0 * state.intercept), 1e-300)
    target = _TARGET * problem.tol
    best, idle, least = scaled.solution(state, state.coef, floor), 0, np.inf
    for n_iter in range(problem.max_iter):
        state = cone_step(scaled.program, state)
        found = scaled.solution(state, state.coef, floor)
        # The gap falls late, when the dual variables of rows and cones agree.
        remaining = state.complementarity(scaled.program.cones)
        ahead = found.share < 0.9 * best.share or remaining < 0.9 * least
        idle, least = 0 if ahead else idle + 1, min(least, remaining)
        best = min(best, found, key=lambda one: one.share)
        if found.share <= target:
            coef = _with_exact_zeros(scaled.program, state)
            exact = scaled.solution(state, coef, floor)
            if exact.share <= target:
                return exact, n_iter + 1
        if idle > _PATIENCE or not np.isfinite(found.share):
            break
    return best, n_iter + 1


def _initial_state(program: ConeProgram, coef: Array, intercept: Array) -> ConeState:
    """State away from all boundaries."""
    cones, size = program.cones, _typical_sizes(program)
    r = program.times(coef, intercept) - program.at
    a = (program.low + program.high) / 2
    n = program.design.shape[0]
    a[n:] = 0
    above, below = program.high - a, a - program.low
    typical = np.ones_like(r)
    typical[n:] = size[program.column][:, None]
    right = np.maximum(r, 0) + typical
    left = np.maximum(-r, 0) + typical
    tail = coef[cones.columns]
    wide = np.zeros(len(cones.level))
    np.maximum.at(wide, cones.group, size[cones.columns])
    top = 1.1 * cones.norms(tail) + wide
    u = np.zeros_like(tail)
    return ConeState(coef, intercept, a, right, left, above, below, top, u)


def _typical_sizes(program: ConeProgram) -> Array:
    """Typical coefficient of each column, if the unit of the kinks is one."""
    n = program.design.shape[0]
    spread = np.sqrt(program.design.squares(np.full(n, 1 / n)))
    return 1 / np.where(spread > 0, spread, 1.0)


def _with_exact_zeros(program: ConeProgram, state: ConeState) -> Array:
    """Coefficients, zero where the dual variables are inside their boundary."""
    cones, size = program.cones, _typical_sizes(program)
    n, coef = program.design.shape[0], state.coef.copy()
    width = (program.high - program.low)[n:] / 2
    share = 1e-3 * size[program.column][:, None] / width
    still = (state.right[n:] <= share * state.above[n:]) & (
        state.left[n:] <= share * state.below[n:]
    )
    coef[program.column] = np.where(still, 0.0, coef[program.column])
    inside = 1 - cones.norms(state.u) / cones.level
    wide = np.zeros(len(cones.level))
    np.maximum.at(wide, cones.group, size[cones.columns])
    zero = state.top <= 1e-3 * wide * inside
    coef[cones.columns] = np.where(cones.spread(zero), 0.0, coef[cones.columns])
    return coef
