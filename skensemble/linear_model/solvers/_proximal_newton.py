"""Newton's method for penalties that are not smooth."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model.solvers._base import Solver
from skensemble.linear_model.solvers._excess import (
    has_dependent_columns,
    is_minimum,
)
from skensemble.linear_model.solvers._fista import FISTA
from skensemble.linear_model.solvers._working_set import NARROW, by_working_sets
from skensemble.losses import slope_of_gradient

Array = NDArray[Any]

# Required decrease, as a share of the decrease predicted by the model (Armijo's
# condition).
_ARMIJO = 1e-4
# Smallest curvature as a share of the largest, so that steps stay finite.
_FLAT = 1e-8
# Smallest curvature as a share of its upper bound.
_BENT = 1e-4
# Number of steps before the solver changes to proximal gradient steps.
_MOST_STEPS = 50
# Number of halvings before the bound of the curvature is used.
_MOST_TRIALS = 4


class ProximalNewton(Solver):
    """Newton's method for a smooth loss and any penalty.

    Each step minimises the quadratic model of the loss plus the penalty itself,
    followed by a line search (Lee, Sun and Saunders, "Proximal Newton-type methods for
    minimizing composite functions", SIAM Journal on Optimization 24, 2014). Raw columns
    are updated one after the other. If there are many columns, the solver works on the
    columns whose coefficients are not zero or violate the optimality conditions.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    max_halvings : int, default=40
        Largest number of halvings per step.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import LinearClassifier
    >>> from skensemble.linear_model import L1, ProximalNewton
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LinearClassifier(
    ...     "log_loss", L1(0.05), ProximalNewton(), standardize=True
    ... )
    >>> int((model.fit(X, y).coef_ != 0).sum())
    4
    """

    def __init__(self, max_halvings=40):
        self.max_halvings = max_halvings

    def refusal(self, pairing):
        """Return the reason why a problem is not supported, or None."""
        if not pairing.loss.smooth:
            return "needs a smooth loss"
        if pairing.width is not None and not pairing.penalty.separable:
            return "needs a penalty that does not couple raw columns"
        return None

    def solve(self, problem, start):
        """Minimise the objective of a problem."""
        if problem.design.shape[1] > NARROW:
            return by_working_sets(problem, start, self._solve_narrow)
        return self._solve_narrow(problem, start)

    def _solve_narrow(self, problem: Problem, start: Point) -> Solution:
        tol = problem.tolerance()
        point = _feasible(problem, start)
        raw = problem.raw(point)
        columns = 1 if problem.width is None else problem.width
        violation, n_iter = np.inf, 0
        while n_iter < min(problem.max_iter, _MOST_STEPS):
            violation = problem.violation(point, problem.gradient(raw))
            if violation <= tol:
                break
            moved = False
            for k in range(columns):
                new = self._step(problem, point, raw, k, 0.1 * tol)
                if new is not None:
                    moved, (point, raw) = True, new
            n_iter += 1
            if not moved:
                break
        violation = problem.violation(point, problem.gradient(raw))
        if violation <= tol and has_dependent_columns(problem):
            done = is_minimum(problem, point, raw)
            return Solution(point, n_iter, violation, done)
        if violation <= tol or n_iter >= problem.max_iter:
            return Solution(point, n_iter, violation, violation <= tol)
        # Newton steps may oscillate if the curvature jumps; proximal gradient steps do
        # not.
        rest = replace(problem, max_iter=problem.max_iter - n_iter)
        found = FISTA().solve(rest, point)
        return replace(found, n_iter=found.n_iter + n_iter)

    def _step(
        self, problem: Problem, point: Point, raw: Array, k: int, tol: float
    ) -> tuple[Point, Array] | None:
        """Step in one raw column; None if no step decreases the objective."""
        one = (lambda a: a) if problem.width is None else (lambda a: a[..., k])
        coef = one(point.coef).astype(float)
        for slopes, curvature, last in _models(problem, raw):
            g, d = problem.weight * one(slopes), one(curvature).astype(float)
            d = problem.weight * np.maximum(d, _FLAT * max(d.max(), 1e-300))
            target, lift = newton_target(problem, problem.penalty, coef, g, d, tol)
            move = target - coef
            along = problem.design.times(move.astype(raw.dtype)) + lift
            found = self._searched(problem, point, raw, k, move, lift, along, g, last)
            if found is not None:
                return found
        return None

    def _searched(
        self, problem, point, raw, k, move, lift, along, g, last
    ) -> tuple[Point, Array] | None:
        """Line search: halve the step until the objective falls enough."""
        penalty = problem.penalty
        before = penalty.value(point.coef)
        base = problem.loss_value(raw) + before
        moves, lifts = np.zeros_like(point.coef), np.zeros_like(point.intercept)
        turn = np.zeros_like(raw)
        if problem.width is None:
            moves, lifts, turn = move.astype(moves.dtype), np.asarray(lift), along
        else:
            moves[:, k], lifts[k], turn[:, k] = move, lift, along
        predicted = float(g @ along) + penalty.value(point.coef + moves) - before
        noise = 10 * float(np.finfo(raw.dtype).eps) * max(abs(base), 1e-300)
        t = 1.0
        most = self.max_halvings if last else _MOST_TRIALS
        for _ in range(most):
            new = Point(point.coef + t * moves, point.intercept + t * lifts)
            there = raw + t * turn
            with np.errstate(over="ignore", invalid="ignore"):
                value = problem.value(new, there)
            if value <= base + _ARMIJO * t * min(predicted, 0.0) + noise:
                return new.astype(point.coef.dtype), there
            t /= 2
        return None


def _models(problem: Problem, raw: Array) -> Iterator[tuple[Array, Array, bool]]:
    """Slope and curvature of each row: the exact curvature first, then its bound."""
    loss = problem.loss
    slopes, bound = loss.gradient_hessian(problem.y, raw)
    if not loss.exact_hessian and loss.convex:
        true = slope_of_gradient(lambda at: loss.gradient(problem.y, at), raw)
        yield slopes, np.clip(true, _BENT * bound, bound), False
    yield slopes, bound, True


def newton_target(
    problem: Problem, penalty: Any, coef: Array, g: Array, d: Array, tol: float
) -> tuple[Array, float]:
    """Minimise the quadratic model plus the penalty.

    Parameters
    ----------
    problem : Problem
        Columns, and whether there is an intercept.
    penalty : Penalty
        Bound penalty.
    coef : ndarray of shape (p,)
        Coefficients at which the quadratic model is made.
    g, d : ndarray of shape (n,)
        Weighted slope and curvature of each row.
    tol : float
        Tolerance, for columns of norm one.

    Returns
    -------
    target : ndarray of shape (p,)
        Coefficients at the minimum.
    lift : float
        Change of the intercept.
    """
    design = problem.design
    H = design.gram(d)
    slope = design.transposed_times(g).astype(float)
    if not problem.fit_intercept:
        target = minimise_quadratic(
            H, H @ coef - slope, penalty, coef, tol * problem.norms
        )
        return target, 0.0
    cross = design.transposed_times(d.astype(design.dtype)).astype(float)
    own, level = float(d.sum()), float(g.sum())
    # The intercept is eliminated from the model: it is a function of the coefficients.
    H = H - np.outer(cross, cross) / own
    slope = slope - cross * level / own
    target = minimise_quadratic(H, H @ coef - slope, penalty, coef, tol * problem.norms)
    return target, -(level + float(cross @ (target - coef))) / own


def _feasible(problem: Problem, start: Point) -> Point:
    """Closest point at which the penalty is finite."""
    form = problem.penalty.form(problem.design.shape[1])
    if form is None or not form.bounded:
        return start
    lower, upper = form.lower, form.upper
    if start.coef.ndim == 2:
        lower, upper = lower[:, None], upper[:, None]
    return replace(
        start, coef=np.clip(start.coef, lower, upper).astype(start.coef.dtype)
    )
