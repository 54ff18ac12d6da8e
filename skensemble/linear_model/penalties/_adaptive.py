"""The adaptive lasso: factors from a first fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._contract import Columns, Penalty
from skensemble.linear_model.penalties._elastic_net import L1, ElasticNetPenalty
from skensemble.linear_model.penalties._names import Nesting, as_penalty
from skensemble.linear_model.penalties._ranges import (
    check_gamma,
    check_ratio,
    check_strength,
)

Array = NDArray[Any]

# Factors are at most so many times the least, that columns without any share in the
# first fit have finite ones: large enough to keep them out.
_WIDEST = 1e6


class Adaptive(Nesting):
    r"""L1 or elastic net with the factors v_j = 1 / \|first_j\|^gamma of a first fit.

    Columns that count for much in the first fit pay little, so that what is kept is
    hardly shrunk (Zou, "The adaptive lasso and its oracle properties", Journal of the
    American Statistical Association 101, 2006). With several outputs \|first_j\| is the
    norm over them.

    The first fit is one more fit of the same loss, rows and weights, with the penalty
    `pilot`. In cross-validation it is fitted again on the training rows of each fold, and
    once for a whole path of strengths. A factor is at most a million times the least, so
    a column that the pilot sets to zero stays out without being infinite; where the pilot
    is zero throughout, all factors are one.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength, in units of the mean loss per unit of a coefficient times a factor.
    gamma : float, default=1.0
        Power of the first coefficients, above 0.
    pilot : Penalty or str, default="l2"
        Penalty of the first fit: "none" for least squares as in the paper, "l2" where
        columns are many or collinear.
    l1_ratio : float, default=1.0
        Share of absolute values, as in `ElasticNetPenalty`; 1 is the adaptive lasso.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import Adaptive
    >>> from skensemble.linear_model.penalties import Columns
    >>> columns = Columns(2, pilot=lambda penalty: np.array([2.0, -0.1]))
    >>> Adaptive(alpha=1.0).bind(columns).prox(np.array([2.0, 2.0]), step=1.0)
    array([1.5, 0. ])
    """

    _part = "pilot"

    def __init__(self, alpha=0.001, gamma=1.0, pilot="l2", l1_ratio=1.0):
        self.alpha = alpha
        self.gamma = gamma
        self.pilot = pilot
        self.l1_ratio = l1_ratio

    def check(self):
        """Refuse parameters out of range, and a pilot that needs one itself."""
        check_strength(self)
        check_gamma(self, 0)
        check_ratio(self, "squares")
        pilot = as_penalty(self.pilot)
        pilot.check()
        if isinstance(pilot, Adaptive):
            raise ValueError(
                f"pilot={self.pilot!r} of Adaptive needs a first fit itself; use one that "
                "does not, such as 'l2' or 'l1'."
            )

    def bind(self, columns: Columns) -> Penalty:
        """Fit the pilot, and give the L1 or elastic net penalty with its factors.

        Parameters
        ----------
        columns : Columns
            The columns of the design, with `pilot` to fit on them.

        Returns
        -------
        penalty : L1 or ElasticNetPenalty
            The penalty with its factors.
        """
        self.check()
        if columns.pilot is None:
            raise ValueError(
                f"{self!r} takes its factors from a first fit, and there is none here; "
                "use it as the penalty of a model, or inside of Bounded or NonNegative."
            )
        found = _factors(columns.pilot(as_penalty(self.pilot)), self.gamma)
        if self.l1_ratio == 1:
            return L1(self.alpha, found)
        return ElasticNetPenalty(self.alpha, self.l1_ratio, found)


def _factors(coef: Array, gamma: float) -> Array:
    """1 / size^gamma of each column, of norms over the outputs."""
    first = np.asarray(coef, dtype=float)
    size = np.abs(first) if first.ndim == 1 else np.sqrt((first**2).sum(axis=1))
    most = size.max(initial=0.0)
    if not most:
        return np.ones(len(size))
    least = _WIDEST ** (-1 / gamma)
    return np.maximum(size / most, least) ** -gamma * most**-gamma
