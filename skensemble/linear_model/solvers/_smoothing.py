"""Losses with kinks and any penalty, by smooth losses that come closer and closer."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import Pairing, Solver
from skensemble.linear_model.solvers._proximal_newton import (
    ProximalNewton,
    newton_target,
)
from skensemble.losses import Loss

Array = NDArray[Any]

# Number of halvings of an interval that give a point to the precision of a float.
_HALVINGS = 60
# Factor by which the width of the smoothing decreases, and the number of widths.
_FACTOR, _MOST_WIDTHS = 0.1, 12
# Largest number of Newton steps per width.
_MOST_STEPS = 50
# Smallest curvature of a row, as a share of that of a row at a kink in the first
# problem. It keeps steps short if few rows are at kinks.
_LEAST_CURVATURE = 0.1
# Largest gap at convergence, as a share of the tolerance and the objective.
_TARGET = 0.5
# Least value by which a gap is divided, as a share of the objective of a constant.
_FLOOR = 1e-3


class Smoothing(Solver):
    """Smoothing with decreasing width, for convex losses with kinks and any penalty.

    For losses of your own with ``smooth=False``. Each loss of a row is replaced by its
    Moreau envelope of width d, min over v of loss(v) + (v - raw)² / (2 d), which is
    smooth. For the absolute error it is the loss of Huber. The smooth problem is solved
    by `ProximalNewton`, from the solution for a width ten
    times as large (Madsen and Nielsen, "A finite smoothing algorithm for linear l1
    estimation", SIAM Journal on Optimization 3, 1993; Chen, "A finite smoothing
    algorithm for quantile regression", Journal of Computational and Graphical
    Statistics 16, 2007).

    The slope of the envelope is a dual variable, so each width has a duality gap. The
    solver stops if the gap is small. The `violation` of the solution is the gap as a
    share of the objective.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import L1, Smoothing
    >>> from skensemble.losses import CustomLoss
    >>> loss = CustomLoss(
    ...     lambda y, raw: np.abs(y - raw),
    ...     gradient=lambda y, raw: np.sign(raw - y),
    ...     smooth=False,
    ... )
    >>> X, y = [[0], [1], [2], [3], [4]], [0, 1, 2, 3, 90]
    >>> LinearRegressor(loss, L1(0.01), Smoothing()).fit(X, y).coef_.round(4)
    array([1.])
    """

    def __init__(self):
        pass

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why a problem is not supported, or None."""
        loss = pairing.loss
        if loss.smooth or loss.piecewise_linear or not loss.convex or pairing.coupled:
            return (
                "needs a convex loss with kinks that is a sum over its raw columns, and "
                "has no `kink` method"
            )
        if pairing.width is not None and not pairing.penalty.separable:
            return "needs a penalty that does not couple raw columns"
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem."""
        width, used = _first_width(problem), 0
        floor = _FLOOR * abs(problem.value(problem.start()))
        envelope = Envelope(problem.loss, width, _LEAST_CURVATURE / width)
        point = start
        for _ in range(_MOST_WIDTHS):
            steps = min(_MOST_STEPS, max(problem.max_iter - used, 1))
            smooth = replace(problem, loss=envelope, max_iter=steps)
            found = ProximalNewton().solve(smooth, point)
            used, point, raw = used + found.n_iter, found.point, smooth.raw(found.point)
            gap = abs(float((envelope.gaps(problem.y, raw).T * problem.weight).sum()))
            share = gap / max(abs(problem.value(point, raw)), floor, 1e-300)
            done = found.converged and share <= _TARGET * problem.tol
            if done or used >= problem.max_iter:
                break
            narrow = Envelope(envelope.loss, _FACTOR * envelope.size, envelope.floor)
            point = _predicted(smooth, point, envelope, narrow)
            envelope = narrow
        return Solution(found.point, used, share, bool(done), gap=gap)


def _predicted(
    problem: Problem, point: Point, wide: "Envelope", narrow: "Envelope"
) -> Point:
    """Newton step to a smaller width, with the rows that are near kinks.

    A row near a kink is as far from it as its slope times the width. The slopes hardly
    change, so the distance decreases with the width.
    """
    raw, y, w = problem.raw(point), problem.y, problem.weight
    d = wide.hessian(y, raw)
    near = d > 0.5 / wide.size
    ratio = wide.size / narrow.size
    g = np.where(near, ratio * wide.gradient(y, raw), narrow.gradient(y, raw))
    g, d = ((part.T * w).T.astype(float) for part in (g, np.where(near, ratio * d, d)))
    tol = 0.1 * problem.tolerance()
    one = point.coef.ndim == 1
    columns = zip(
        np.reshape(point.coef, (len(point.coef), -1)).T.astype(float),
        np.reshape(g, (len(g), -1)).T,
        np.reshape(d, (len(d), -1)).T,
        strict=True,
    )
    found = [newton_target(problem, problem.penalty, *each, tol) for each in columns]
    coef = np.column_stack([target for target, _ in found])
    lifts = np.array([lift for _, lift in found])
    coef, lifts = (coef[:, 0], lifts[0]) if one else (coef, lifts)
    new = Point(coef, point.intercept + lifts).astype(problem.design.dtype)
    here = replace(problem, loss=narrow)
    return new if here.value(new) <= here.value(point) else point


def _first_width(problem: Problem) -> float:
    """Typical distance of raw outputs: the spread of a continuous target, or one."""
    if problem.y.dtype.kind != "f":
        return 1.0
    y = problem.y.astype(float)
    spread = np.abs(y - np.average(y, axis=0, weights=problem.weight))
    return float(np.max(np.average(spread, axis=0, weights=problem.weight))) or 1.0


class Envelope(Loss):
    """Moreau envelope of a convex loss, min over v of loss(v) + (v - raw)² / (2 size).

    Parameters
    ----------
    loss : Loss
        A convex loss, which is a sum over raw columns.
    size : float
        Width of the smoothing.
    floor : float
        Smallest second derivative.
    """

    def __init__(self, loss, size, floor):
        self.loss = loss
        self.size = size
        self.floor = floor
        self._last = (None, None)

    def nearest(self, y, raw):
        """Minimiser v, by bisection of the slope between raw and raw - size slope."""
        if self._last[0] is not raw:  # value, slope and curvature share the search
            self._last = (raw, self._searched(y, raw.astype(float)))
        return self._last[1]

    def _searched(self, y, raw):
        near, far = raw, raw - self.size * self.loss.gradient(y, raw)
        for _ in range(_HALVINGS):
            half = (near + far) / 2
            slope = self.loss.gradient(y, half) + (half - raw) / self.size
            # The slope grows with v, so v is on the side to which the slope falls.
            beyond = slope * (far - near) > 0
            near, far = np.where(beyond, near, half), np.where(beyond, half, far)
        return (near + far) / 2

    def pointwise(self, y, raw):
        """Loss per row, or per entry."""
        v = self.nearest(y, raw)
        return self.loss.pointwise(y, v) + (raw - v) ** 2 / (2 * self.size)

    def gradient(self, y, raw):
        """Slope, which is a slope of the loss at the minimiser."""
        return ((raw - self.nearest(y, raw)) / self.size).astype(raw.dtype)

    def hessian(self, y, raw):
        """Second derivative; one over the width where the minimiser is at a kink."""
        v = self.nearest(y, raw)
        step = 1e-6 * self.size + 1e-9 * np.abs(v)
        rise = self.loss.gradient(y, v + step) - self.loss.gradient(y, v - step)
        bent = np.maximum(rise, 0) / (2 * step)
        return np.maximum(bent / (1 + self.size * bent), self.floor).astype(raw.dtype)

    def gaps(self, y, raw):
        """Fenchel gap of each row or entry, for the slope as dual variable."""
        v = self.nearest(y, raw)
        slope = (raw - v) / self.size
        fall = self.loss.pointwise(y, raw) - self.loss.pointwise(y, v)
        return fall - slope * (raw - v)

    def start(self, y, sample_weight=None, width=None):
        """Best constant of the loss itself."""
        return self.loss.start(y, sample_weight, width)
