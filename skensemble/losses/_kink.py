"""Piecewise linear losses: where the two lines meet, and their slopes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Kink(NamedTuple):
    """The two lines of a loss: max(below r, above r) with r = raw - at.

    Solvers of linear and quadratic programs use a loss in this form.

    Parameters
    ----------
    at : ndarray of shape (n,) or (n, k)
        Raw output at which the lines meet and the loss is zero.
    below, above : ndarray of the shape of `at`
        Slopes for raw outputs below and above it, below <= above.
    """

    at: Array
    below: Array
    above: Array


def kink_of(at: Any, below: Any, above: Any) -> Kink:
    """Broadcast slopes that are the same in all rows or columns."""
    at = np.asarray(at, dtype=float)
    slopes = [
        np.broadcast_to(np.asarray(each, float), at.shape) for each in (below, above)
    ]
    return Kink(at, *slopes)
