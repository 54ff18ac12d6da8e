"""The adaptive lasso, with penalty factors from a first fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import Penalty, PenaltyColumns
from skensemble.linear_model.penalties._elastic_net import L1, ElasticNetPenalty
from skensemble.linear_model.penalties._names import NestedPenalty, as_penalty
from skensemble.linear_model.penalties._parameter_checks import (
    check_alpha,
    check_gamma,
    check_l1_ratio,
)

Array = NDArray[Any]

# Largest ratio of two factors. It keeps the factors of columns with zero coefficients
# in the first fit finite, and is large enough to exclude these columns.
_WIDEST = 1e6


class Adaptive(NestedPenalty):
    r"""L1 or elastic net with the factors v_j = 1 / \|first_j\|^gamma of a first fit.

    Columns with large coefficients in the first fit get small factors, so selected
    coefficients are hardly shrunk (Zou, "The adaptive lasso and its oracle properties",
    Journal of the American Statistical Association 101, 2006). With several outputs
    \|first_j\| is the norm over the outputs.

    The first fit uses the same loss, rows and weights, with the penalty `pilot`. In
    cross-validation it is repeated on the training rows of each fold, once per path.
    The ratio of two factors is at most one million, so columns that the first fit sets
    to zero stay excluded with finite factors. If all coefficients of the first fit are
    zero, all factors are one.

    Read more in the :ref:`User Guide <guide_penalties>`.

    Parameters
    ----------
    alpha : float, default=0.001
        Strength of the penalty, in units of the mean loss per unit of a coefficient
        times a factor.
    gamma : float, default=1.0
        Exponent of the coefficients of the first fit, above 0.
    pilot : Penalty or str, default="l2"
        Penalty of the first fit: "none" for least squares as in the paper, "l2" for
        many or collinear columns.
    l1_ratio : float, default=1.0
        Share of the L1 penalty, as in `ElasticNetPenalty`; 1 is the adaptive lasso.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.linear_model import Adaptive
    >>> from skensemble.linear_model.penalties import PenaltyColumns
    >>> columns = PenaltyColumns(2, pilot=lambda penalty: np.array([2.0, -0.1]))
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
        """Refuse parameters out of range, and a pilot that needs a first fit itself."""
        check_alpha(self)
        check_gamma(self, 0)
        check_l1_ratio(self, "squares")
        pilot = as_penalty(self.pilot)
        pilot.check()
        if isinstance(pilot, Adaptive):
            raise ValueError(
                f"pilot={self.pilot!r} of Adaptive needs a first fit itself; use one that "
                "does not, such as 'l2' or 'l1'."
            )

    def bind(self, columns: PenaltyColumns) -> Penalty:
        """Return the L1 or elastic net penalty with the factors of a first fit.

        Parameters
        ----------
        columns : PenaltyColumns
            Description of the columns, with a function `pilot` for the first fit.

        Returns
        -------
        penalty : L1 or ElasticNetPenalty
            The penalty with one factor per column.
        """
        self.check()
        if columns.pilot is None:
            raise ValueError(
                f"{self!r} needs a first fit for its factors, which is not available "
                "here; use it as the penalty of a model, or in Bounded or NonNegative."
            )
        found = _factors(columns.pilot(as_penalty(self.pilot)), self.gamma)
        if self.l1_ratio == 1:
            return L1(self.alpha, found)
        return ElasticNetPenalty(self.alpha, self.l1_ratio, found)


def _factors(coef: Array, gamma: float) -> Array:
    """1 / size^gamma per column; the size is the norm over the outputs."""
    first = np.asarray(coef, dtype=float)
    size = np.abs(first) if first.ndim == 1 else np.sqrt((first**2).sum(axis=1))
    most = size.max(initial=0.0)
    if not most:
        return np.ones(len(size))
    least = _WIDEST ** (-1 / gamma)
    return np.maximum(size / most, least) ** -gamma * most**-gamma
