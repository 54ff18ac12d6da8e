"""Newton steps with a penalty that is not smooth."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model.solvers._contract import Solver
from skensemble.linear_model.solvers._fista import FISTA
from skensemble.linear_model.solvers._working_set import NARROW, by_working_sets
from skensemble.losses import slope_of_gradient

Array = NDArray[Any]

_SHARE = 1e-4
# Least curvature, as a share of the largest: flat rows must not make steps endless.
_FLAT = 1e-8
# The same where the curvature is known to be less than a bound.
_BENT = 1e-4
# Steps until proximal gradients take over.
_MOST_STEPS = 50
# Halvings until the bound is taken instead.
_FEW = 4


class ProximalNewton(Solver):
    """Newton's method for a smooth loss and any penalty.

    Each step minimises the quadratic model of the loss plus the penalty itself, and goes
    as far along it as the objective falls (Lee, Sun and Saunders, "Proximal Newton-type
    methods for minimizing composite functions", SIAM Journal on Optimization 24, 2014).
    Several raw columns are taken in turn. Of many columns only those are solved for that
    are not zero or should not be.

    Parameters
    ----------
    max_halvings : int, default=40
        Most halvings of a step.

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
        """It needs a smooth loss, and groups within one raw column."""
        if not pairing.loss.smooth:
            return "needs a smooth loss"
        if pairing.width is not None and not pairing.penalty.separable:
            return "needs a penalty that ties no raw columns together"
        return None

    def solve(self, problem, start):
        """Step until the optimality conditions hold."""
        if problem.design.shape[1] > NARROW:
            return by_working_sets(problem, start, self._narrow)
        return self._narrow(problem, start)

    def _narrow(self, problem: Problem, start: Point) -> Solution:
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
        if violation <= tol or n_iter >= problem.max_iter:
            return Solution(point, n_iter, violation, violation <= tol)
        # Where the curvature jumps, steps may go to and fro; proximal ones do not.
        rest = replace(problem, max_iter=problem.max_iter - n_iter)
        found = FISTA().solve(rest, point)
        return replace(found, n_iter=found.n_iter + n_iter)

    def _step(
        self, problem: Problem, point: Point, raw: Array, k: int, tol: float
    ) -> tuple[Point, Array] | None:
        """Step in one raw column; None where nothing falls."""
        one = (lambda a: a) if problem.width is None else (lambda a: a[..., k])
        coef = one(point.coef).astype(float)
        for slopes, curvature, last in _models(problem, raw):
            g, d = problem.weight * one(slopes), one(curvature).astype(float)
            d = problem.weight * np.maximum(d, _FLAT * max(d.max(), 1e-300))
            aim, lift = newton_aim(problem, problem.penalty, coef, g, d, tol)
            move = aim - coef
            along = problem.design.times(move.astype(raw.dtype)) + lift
            found = self._searched(problem, point, raw, k, move, lift, along, g, last)
            if found is not None:
                return found
        return None

    def _searched(
        self, problem, point, raw, k, move, lift, along, g, last
    ) -> tuple[Point, Array] | None:
        """Go as far as the objective falls by a share of what the model promises."""
        penalty = problem.penalty
        before = penalty.value(point.coef)
        base = problem.loss_value(raw) + before
        whole, lifts = np.zeros_like(point.coef), np.zeros_like(point.intercept)
        turn = np.zeros_like(raw)
        if problem.width is None:
            whole, lifts, turn = move.astype(whole.dtype), np.asarray(lift), along
        else:
            whole[:, k], lifts[k], turn[:, k] = move, lift, along
        promised = float(g @ along) + penalty.value(point.coef + whole) - before
        noise = 10 * float(np.finfo(raw.dtype).eps) * max(abs(base), 1e-300)
        t = 1.0
        most = self.max_halvings if last else _FEW
        for _ in range(most):
            new = Point(point.coef + t * whole, point.intercept + t * lifts)
            there = raw + t * turn
            with np.errstate(over="ignore", invalid="ignore"):
                value = problem.value(new, there)
            if value <= base + _SHARE * t * min(promised, 0.0) + noise:
                dtype = point.coef.dtype
                kept = Point(
                    new.coef.astype(dtype, copy=False),
                    np.asarray(new.intercept, dtype=dtype),
                )
                return kept, there
            t /= 2
        return None


def _models(problem: Problem, raw: Array) -> Iterator[tuple[Array, Array, bool]]:
    """Slope and curvature of each row: the true curvature first, then a bound of it."""
    loss = problem.loss
    slopes, bound = loss.gradient_hessian(problem.y, raw)
    if not loss.exact_hessian and loss.convex:
        true = slope_of_gradient(lambda at: loss.gradient(problem.y, at), raw)
        yield slopes, np.clip(true, _BENT * bound, bound), False
    yield slopes, bound, True


def newton_aim(
    problem: Problem, penalty: Any, coef: Array, g: Array, d: Array, tol: float
) -> tuple[Array, float]:
    """Minimum of the quadratic model plus the penalty.

    Parameters
    ----------
    problem : Problem
        Whose columns and intercept these are.
    penalty : Penalty
        Of the columns.
    coef : ndarray of shape (p,)
        Where from.
    g, d : ndarray of shape (n,)
        Weighted slope and curvature of each row.
    tol : float
        Tolerance, in units of columns of norm one.

    Returns
    -------
    aim : ndarray of shape (p,)
        Coefficients at the minimum.
    lift : float
        Move of the intercept.
    """
    design = problem.design
    H = design.gram(d)
    slope = design.transposed_times(g).astype(float)
    if not problem.fit_intercept:
        aim = minimise_quadratic(
            H, H @ coef - slope, penalty, coef, tol * problem.norms
        )
        return aim, 0.0
    cross = design.transposed_times(d.astype(design.dtype)).astype(float)
    own, level = float(d.sum()), float(g.sum())
    # The intercept follows the coefficients, so it is taken out of the model.
    H = H - np.outer(cross, cross) / own
    slope = slope - cross * level / own
    aim = minimise_quadratic(H, H @ coef - slope, penalty, coef, tol * problem.norms)
    return aim, -(level + float(cross @ (aim - coef))) / own


def _feasible(problem: Problem, start: Point) -> Point:
    """The nearest point where the penalty is finite."""
    form = problem.penalty.form(problem.design.shape[1])
    if form is None or not form.bounded:
        return start
    lower, upper = form.lower, form.upper
    if start.coef.ndim == 2:
        lower, upper = lower[:, None], upper[:, None]
    return replace(
        start, coef=np.clip(start.coef, lower, upper).astype(start.coef.dtype)
    )
