"""The mean of the iterates, which scatters less than the last of them."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_share

Array = NDArray[Any]


class IterateAverage:
    """A mean of iterates w_1, w_2, ...: of all alike, or of the late ones above all.

    "polyak": a <- a + (w_t - a) / t, the mean of all (Polyak and Juditsky, "Acceleration
    of stochastic approximation by averaging", SIAM Journal on Control and Optimization 30,
    1992). A number d between 0 and 1: a <- d a + (1 - d) w_t, where iterates older than
    about 1 / (1 - d) updates are forgotten.

    Parameters
    ----------
    rule : "polyak" or float
        Which mean.
    """

    def __init__(self, rule: Any) -> None:
        self.rule = rule
        self.count = 0
        self.value: Array | None = None

    def take(self, params: Array) -> None:
        """Take in an iterate.

        Parameters
        ----------
        params : ndarray of shape (p,)
            All parameters; not kept.
        """
        self.count += 1
        if self.value is None:
            self.value = params.copy()
            return
        share = 1 / self.count if self.rule == "polyak" else 1 - float(self.rule)
        move = np.subtract(params, self.value)
        np.multiply(move, share, out=move)
        np.add(self.value, move, out=self.value)


def check_averaging(rule: Any) -> None:
    """Refuse what is no rule of averaging."""
    if rule is None or (isinstance(rule, str) and rule == "polyak"):
        return
    if not isinstance(rule, Real):
        raise ValueError(
            f"averaging={rule!r} must be None, 'polyak' or a number between 0 and 1 "
            "(the share of the mean that each update keeps)."
        )
    check_share("averaging", rule, of="the mean that each update keeps")
