"""The exponential function, continued as a parabola before float32 overflows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_CAP = 60.0


def exponential(x: Array, derivative: int = 0) -> Array:
    """Value, slope or curvature of exp; above 60 its second-order Taylor polynomial.

    So the function is convex and finite in float32, and slope and curvature are exactly
    its derivatives.

    Parameters
    ----------
    x : ndarray
        Exponents.
    derivative : {0, 1, 2}
        Order of the derivative.

    Returns
    -------
    y : ndarray
    """
    x = np.asarray(x)
    base = np.exp(np.minimum(x, _CAP))
    beyond = np.maximum(x - _CAP, 0)
    if derivative == 0:
        return base * (1 + beyond + beyond**2 / 2)
    return base * (1 + beyond) if derivative == 1 else base
