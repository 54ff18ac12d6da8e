"""Half deviances of positive targets and counts, with a log link."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from skensemble.losses._base import Loss
from skensemble.losses._exponential import exponential
from skensemble.losses._links import LOG, Link

Array = NDArray[Any]

POSITIVE: Mapping[str, Link] = {"regression": LOG, "multioutput": LOG}


class Poisson(Loss):
    """Half the Poisson deviance, y log(y / mean) - y + mean, with mean = exp(raw).

    y is a count or a rate, zero or above, and not zero everywhere (McCullagh and
    Nelder, "Generalized linear models", 1989).

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Poisson
    >>> np.exp(Poisson().start(np.array([0.0, 1.0, 5.0]))).round(6)
    np.float64(2.0)
    """

    links: ClassVar[Mapping[str, Link]] = POSITIVE

    def check(self, y):
        """Refuse targets below zero, and a column of zeros."""
        _check_not_negative(self, y)

    def pointwise(self, y, raw):
        """Half of the unit deviance of each entry."""
        return exponential(raw) - y * raw + (xlogy(y, y) - y)

    def gradient(self, y, raw):
        """Slope: mean - y."""
        return exponential(raw, 1) - y

    def hessian(self, y, raw):
        """Second derivative: the mean."""
        return exponential(raw, 2)

    def leaf(self, y, raw, sample_weight=None):
        """Logarithm of the ratio of observed to predicted totals."""
        return _log_ratio(y, raw, 1.0, sample_weight)


class Gamma(Loss):
    """Half the gamma deviance, log(mean / y) + y / mean - 1, with mean = exp(raw).

    y is above zero: amounts and durations whose spread grows with their mean
    (McCullagh and Nelder 1989).

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Gamma
    >>> np.exp(Gamma().start(np.array([1.0, 2.0, 6.0]))).round(6)
    np.float64(3.0)
    """

    links: ClassVar[Mapping[str, Link]] = POSITIVE

    def check(self, y):
        """Refuse targets that are not above zero."""
        _check_positive(self, y)

    def pointwise(self, y, raw):
        """Half of the unit deviance of each entry."""
        return raw + y * exponential(-raw) - np.log(y) - 1

    def gradient(self, y, raw):
        """Slope: 1 - y / mean."""
        return 1 - y * exponential(-raw, 1)

    def hessian(self, y, raw):
        """Second derivative: y / mean."""
        return y * exponential(-raw, 2)

    def leaf(self, y, raw, sample_weight=None):
        """Logarithm of the mean ratio of observed to predicted."""
        return _log_ratio(y, raw, 2.0, sample_weight)


class Tweedie(Loss):
    """Half the Tweedie deviance of a power between 1 (Poisson) and 2 (gamma).

    y^(2-p) / ((1-p)(2-p)) - y m^(1-p) / (1-p) + m^(2-p) / (2-p), with m = exp(raw).
    y is zero or above with a point mass at zero: claims, rainfall, spending (Jørgensen,
    "Exponential dispersion models", Journal of the Royal Statistical Society B 49,
    1987).

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    power : float, default=1.5
        The variance grows with this power of the mean, 1 <= power <= 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Tweedie
    >>> np.exp(Tweedie(1.5).start(np.array([0.0, 0.0, 6.0]))).round(6)
    np.float64(2.0)
    """

    links: ClassVar[Mapping[str, Link]] = POSITIVE

    def __init__(self, power=1.5):
        self.power = power

    def check(self, y):
        """Refuse a power out of range, and targets out of the range of the loss."""
        if not 1 <= self.power <= 2:
            raise ValueError(
                f"power={self.power!r} must lie between 1 and 2; use SquaredError for "
                "power 0."
            )
        (_check_positive if self.power == 2 else _check_not_negative)(self, y)

    def pointwise(self, y, raw):
        """Half of the unit deviance of each entry."""
        p = self.power
        if p in (1, 2):
            return self._limit().pointwise(y, raw)
        constant = np.power(y, 2 - p) / ((1 - p) * (2 - p))
        growing = exponential((2 - p) * raw) / (2 - p)
        return constant + y * exponential((1 - p) * raw) / (p - 1) + growing

    def gradient(self, y, raw):
        """Slope: mean^(2-p) - y mean^(1-p)."""
        p = self.power
        return exponential((2 - p) * raw, 1) - y * exponential((1 - p) * raw, 1)

    def hessian(self, y, raw):
        """Second derivative: (2-p) mean^(2-p) + (p-1) y mean^(1-p)."""
        p = self.power
        growing = (2 - p) * exponential((2 - p) * raw, 2)
        return growing + (p - 1) * y * exponential((1 - p) * raw, 2)

    def leaf(self, y, raw, sample_weight=None):
        """Logarithm of a weighted ratio of observed to predicted."""
        return _log_ratio(y, raw, self.power, sample_weight)

    def _limit(self) -> Loss:
        return Poisson() if self.power == 1 else Gamma()


def _log_ratio(y, raw, power: float, sample_weight) -> Any:
    """Solve the mean of mean^(2-p) e^((2-p)c) = y mean^(1-p) e^((1-p)c) for c."""
    observed = np.average(
        y * exponential((1 - power) * raw), axis=0, weights=sample_weight
    )
    predicted = np.average(
        exponential((2 - power) * raw), axis=0, weights=sample_weight
    )
    # A leaf of zeros only has its best step at minus infinity.
    step = np.log(np.maximum(observed, 1e-13 * predicted) / predicted)
    return float(step) if raw.ndim == 1 else step


def _check_not_negative(loss: Loss, y: Array) -> None:
    if np.min(y) < 0 or np.any(np.sum(y, axis=0) <= 0):
        raise ValueError(
            f"loss={loss!r} needs a target of zero or above that is not zero "
            f"everywhere, got values from {np.min(y):.6g} to {np.max(y):.6g}."
        )


def _check_positive(loss: Loss, y: Array) -> None:
    if np.min(y) <= 0:
        raise ValueError(
            f"loss={loss!r} needs a target above zero, got {np.min(y):.6g}; "
            "Tweedie(power=1.5) accepts zeros."
        )
