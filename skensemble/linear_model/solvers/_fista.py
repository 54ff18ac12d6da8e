"""Accelerated proximal gradient steps, for any smooth loss and any penalty."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import Solver
from skensemble.linear_model.solvers._excess import is_minimum

Array = NDArray[Any]

# Number of iterations between checks of the optimality conditions, which cost about
# half an iteration.
_CHECK_EVERY = 5
# Largest number of halvings of the step size per step.
_MOST_HALVINGS = 40


class FISTA(Solver):
    """Accelerated proximal gradient descent with backtracking and restarts.

    For smooth losses, convex or not, and any penalty. Each step goes from the
    extrapolated point z to prox(z - s g(z), s), with a step size s per column that
    decreases with the norm of the column (Beck and Teboulle, "A fast iterative
    shrinkage-thresholding algorithm", SIAM Journal on Imaging Sciences 2, 2009). The
    extrapolation is restarted if it leads uphill (O'Donoghue and Candès, "Adaptive
    restart for accelerated gradient schemes", Foundations of Computational Mathematics
    15, 2015).

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    growth : float, default=1.05
        Factor by which a step size may grow from one iteration to the next.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FISTA, L1
    >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> LinearRegressor("huber", L1(0.1), FISTA()).fit(X, [0, 2, 4, 6]).coef_.round(2)
    array([1.92, 0.  ])
    """

    def __init__(self, growth=1.05):
        self.growth = growth

    def refusal(self, pairing):
        """Return the reason why a problem is not supported, or None."""
        return None if pairing.loss.smooth else "needs a smooth loss"

    def solve(self, problem, start):
        """Minimise the objective of a problem."""
        run = _Run(problem, start)
        tol = problem.tolerance()
        violation = run.violation()
        n_iter, done = 0, False
        moves = True
        while True:
            if violation <= tol:
                done = is_minimum(problem, run.point, run.last.raw)
                # The violation is small, but not the excess of the objective.
                tol = tol if done else 0.1 * violation
            if done or n_iter >= problem.max_iter or not moves:
                return Solution(run.point, n_iter, violation, done)
            for _ in range(_CHECK_EVERY):
                n_iter += 1
                moves = run.step(self.growth)
                if not moves:
                    break
            violation = run.violation()


@dataclass
class _State:
    """A point with its raw output."""

    point: Point
    raw: Array


class _Run:
    """Iterates of one minimisation: the last point, and the extrapolated point."""

    def __init__(self, problem: Problem, start: Point) -> None:
        self.problem = problem
        p = problem.design.shape[1]
        share = problem.penalty.common_steps(1 / problem.norms**2)
        self.share = share if problem.width is None else share[:, None]
        ones = np.ones(p) if problem.width is None else np.ones((p, 1))
        # A tiny step moves the start to where the penalty is finite.
        first = problem.penalty.prox(start.coef, 1e-300 * ones)
        point = Point(first, start.intercept).astype(problem.design.dtype)
        self.last = _State(point, problem.raw(point))
        self.here = self.last
        self.t = 1.0
        self.size = 1.0
        self.value = problem.value(point, self.last.raw)

    @property
    def point(self) -> Point:
        return self.last.point

    def violation(self) -> float:
        gradient = self.problem.gradient(self.last.raw)
        return self.problem.violation(self.last.point, gradient)

    def step(self, growth: float) -> bool:
        """Make one step; return False if no step decreases the objective."""
        new = self._forward(self.here, growth)
        if new is not None and self._uphill(new):
            self._restart()
            new = self._forward(self.last, growth)
        if new is None:
            return False
        value = self.problem.value(new.point, new.raw)
        if value > self.value and self.here is not self.last:
            self._restart()
            return True
        self.value = value
        ahead = (1 + np.sqrt(1 + 4 * self.t**2)) / 2
        beta = float((self.t - 1) / ahead)
        move = Point(
            new.point.coef - self.last.point.coef,
            new.point.intercept - self.last.point.intercept,
        )
        raw = new.raw + beta * (new.raw - self.last.raw)
        self.here = _State(new.point.moved(move, beta), raw)
        self.last, self.t = new, ahead
        return True

    def _restart(self) -> None:
        self.here, self.t = self.last, 1.0

    def _uphill(self, new: _State) -> bool:
        """Whether the extrapolation increases the objective, to first order."""
        a = (self.here.point.coef - new.point.coef) / self.share
        b = new.point.coef - self.last.point.coef
        c = self.here.point.intercept - new.point.intercept
        d = new.point.intercept - self.last.point.intercept
        return float(np.vdot(a, b) + np.vdot(c, d)) > 0

    def _forward(self, at: _State, growth: float) -> _State | None:
        """Proximal step from a point, with backtracking of the step size."""
        problem = self.problem
        base = problem.loss_value(at.raw)
        gradient = problem.gradient(at.raw)
        self.size *= growth
        first_size = self.size
        dtype = problem.design.dtype
        noise = 10 * float(np.finfo(dtype).eps) * abs(base)
        for _ in range(_MOST_HALVINGS):
            steps = self.size * self.share
            aim = at.point.coef - steps * gradient.coef
            coef = problem.penalty.prox(aim, np.broadcast_to(steps, aim.shape))
            intercept = at.point.intercept - self.size * gradient.intercept
            intercept = np.asarray(intercept, dtype)
            point = Point(coef.astype(dtype, copy=False), intercept)
            raw = problem.raw(point)
            move, lift = point.coef - at.point.coef, intercept - at.point.intercept
            bend = np.sum(move**2 / self.share) + np.sum(lift**2)
            slope = np.vdot(gradient.coef, move) + np.vdot(gradient.intercept, lift)
            with np.errstate(over="ignore", invalid="ignore"):
                value = problem.loss_value(raw)
            if value <= base + slope + bend / (2 * self.size) + noise:
                return _State(point, raw)
            self.size /= 2
        # Any further decrease is below rounding.
        self.size = first_size
        return None
