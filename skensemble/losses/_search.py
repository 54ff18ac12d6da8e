"""Numerical search of the best constant step, for losses without a closed form."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Array = NDArray[Any]

_MOST_DOUBLINGS = 60
_MOST_HALVINGS = 150
# Absolute precision of a root. It is relative to the root itself, which has the units
# of the target, unless the root is zero.
_LEAST = 1e-300
# A slope below this share of its terms counts as zero. The search then stops, because
# the minimum is at infinity (such as for rows of one class).
_FLAT = 1e-12
_UNBOUNDED = (
    "the loss decreases without bound as the raw output moves {}: it has no best "
    "constant. Define `start` and `leaf`, or correct the loss (see check_loss)."
)


def best_step(
    slope_at: Callable[[float], float],
    value_at: Callable[[float], float],
    size: float,
    *,
    smooth: bool = True,
) -> float:
    """Find the step that minimises a function of one variable.

    The search follows the slope downhill in doubling steps until it changes sign, then
    finds the root by Brent's method. This gives full precision; a search by values
    gives half of the digits.

    Parameters
    ----------
    slope_at, value_at : callable
        The slope and the value at a step.
    size : float
        Sum of absolute slopes at step zero, the scale of a flat slope.
    smooth : bool
        Whether the slope has no jumps. With jumps an interval may be optimal (the
        median of an even number of rows); the result is its middle.

    Returns
    -------
    step : float
    """
    if not smooth:
        return _middle(slope_at, size)
    first = slope_at(0.0)
    if abs(first) <= _FLAT * size:
        return 0.0
    down = -np.sign(first)
    near, far = 0.0, down
    for _ in range(_MOST_DOUBLINGS):
        here = slope_at(far)
        if abs(here) <= _FLAT * size:
            return float(far)
        if here * first < 0:
            return _unless_higher(
                value_at,
                optimize.brentq(slope_at, near, far, xtol=_LEAST, maxiter=1000),
            )
        near, far = far, 2 * far
    raise ValueError(_UNBOUNDED.format("up" if down > 0 else "down"))


def _middle(slope_at: Callable[[float], float], size: float) -> float:
    """Middle of the interval of optimal steps."""
    flat = _FLAT * size
    low = _edge(lambda step: slope_at(step) < -flat, 1.0)
    high = _edge(lambda step: slope_at(step) > flat, -1.0)
    ends = [end for end in (low, high) if end is not None]
    if not ends:
        return 0.0
    return sum(ends) / len(ends)


def _edge(beyond: Callable[[float], bool], towards: float) -> float | None:
    """Find where `beyond` becomes False in a direction; None if it is never True."""
    step = towards
    place = 0.0
    if beyond(place):
        for _ in range(_MOST_DOUBLINGS):
            if not beyond(place + step):
                return _bisect(beyond, place, place + step)
            place, step = place + step, 2 * step
        raise ValueError(_UNBOUNDED.format("up" if towards > 0 else "down"))
    for _ in range(_MOST_DOUBLINGS):
        if beyond(place - step):
            return _bisect(beyond, place - step, place)
        place, step = place - step, 2 * step
    return None


def _bisect(beyond: Callable[[float], bool], holds: float, ends: float) -> float:
    """Find where `beyond` becomes False between two steps, by bisection."""
    for _ in range(_MOST_HALVINGS):
        half = (holds + ends) / 2
        if half in (holds, ends):
            break
        if beyond(half):
            holds = half
        else:
            ends = half
    return (holds + ends) / 2


def best_steps(
    value_and_slope: Callable[[Array], tuple[float, Array]], k: int
) -> Array:
    """Find the vector of steps that minimises a function of `k` numbers (L-BFGS)."""
    found = optimize.minimize(
        value_and_slope,
        np.zeros(k),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-40.0, 40.0)] * k,
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500},
    )
    return np.asarray(found.x)


def _unless_higher(value_at: Callable[[float], float], step: float) -> float:
    # If the loss is not convex, a root of the slope may be a maximum.
    return float(step) if value_at(step) <= value_at(0.0) else 0.0
