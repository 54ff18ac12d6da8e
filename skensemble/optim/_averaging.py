"""Averages of the iterates, which vary less than the last iterate."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_share

Array = NDArray[Any]


class IterateAverage:
    """Mean or exponential moving average of the iterates w_1, w_2, ...

    "polyak": a <- a + (w_t - a) / t, the mean of all (Polyak and Juditsky,
    "Acceleration of stochastic approximation by averaging", SIAM Journal on Control and
    Optimization 30, 1992). A float d between 0 and 1: a <- d a + (1 - d) w_t, in which
    iterates older than about 1 / (1 - d) updates hardly count.

    Parameters
    ----------
    rule : "polyak" or float
        The mean, or the decay d of the moving average.
    """

    def __init__(self, rule: Any) -> None:
        self.rule = rule
        self.count = 0
        self.value: Array | None = None

    def update(self, params: Array) -> None:
        """Update the average with an iterate, of which no reference is kept."""
        self.count += 1
        if self.value is None:
            self.value = params.copy()
            return
        share = 1 / self.count if self.rule == "polyak" else 1 - float(self.rule)
        move = np.subtract(params, self.value)
        np.multiply(move, share, out=move)
        np.add(self.value, move, out=self.value)


def check_averaging(rule: Any) -> None:
    """Refuse a value that is not a valid `averaging`."""
    if rule is None or (isinstance(rule, str) and rule == "polyak"):
        return
    if not isinstance(rule, Real):
        raise ValueError(
            f"averaging={rule!r} must be None, 'polyak' or a number between 0 and 1 "
            "(the share of the mean that each update keeps)."
        )
    check_share("averaging", rule, of="the mean that each update keeps")
