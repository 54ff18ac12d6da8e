"""Best constant steps, searched where a loss has no closed form for them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Array = NDArray[Any]

_MOST_DOUBLINGS = 60
# A slope this small beside the slopes that it sums is zero: the minimum lies at
# infinity (all rows of one class) and this is far enough.
_FLAT = 1e-12


def best_step(
    slope_at: Callable[[float], float], value_at: Callable[[float], float], size: float
) -> float:
    """Find the step that minimises a function of one number.

    Its slope is followed downhill in doubling steps until it changes sign, and the
    root is then found by Brent's method: full precision, where a search by values
    gives half the digits.

    Parameters
    ----------
    slope_at, value_at : callable
        The slope and the value at a step.
    size : float
        Sum of absolute slopes at step zero: what counts as flat.

    Returns
    -------
    step : float
    """
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
            return _lower(value_at, optimize.brentq(slope_at, near, far, xtol=1e-12))
        near, far = far, 2 * far
    raise ValueError(
        "the loss falls without end as the raw output moves "
        f"{'up' if down > 0 else 'down'}: it has no best constant. Give `start` and "
        "`leaf`, or mend the loss (check_loss explains)."
    )


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


def _lower(value_at: Callable[[float], float], step: float) -> float:
    # Where the loss is not convex, a root of the slope may be a maximum.
    return float(step) if value_at(step) <= value_at(0.0) else 0.0
