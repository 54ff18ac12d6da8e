"""Regression losses: squared error, absolute error, and robust and quantile losses."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skensemble.losses._base import Loss
from skensemble.losses._kink import kink_of
from skensemble.losses._links import Link, Rearranged
from skensemble.losses._quantiles import weighted_quantile

Array = NDArray[Any]


class SquaredError(Loss):
    """Half the squared error, (raw - y)² / 2: for the mean.

    y is any number (Legendre, "Nouvelles méthodes pour la détermination des orbites des
    comètes", 1805). The factor 1/2 makes the hessian one, as in scikit-learn's half
    squared error.

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import SquaredError
    >>> SquaredError().start(np.array([1.0, 2.0, 6.0]))
    3.0
    """

    constant_hessian: ClassVar[bool] = True

    def pointwise(self, y, raw):
        """Loss of each entry: half the squared error."""
        return 0.5 * (raw - y) ** 2

    def gradient(self, y, raw):
        """Slope: raw - y."""
        return raw - y

    def hessian(self, y, raw):
        """Second derivative: one."""
        return np.ones_like(raw)

    def leaf(self, y, raw, sample_weight=None):
        """Mean residual."""
        mean = np.average(y - raw, axis=0, weights=sample_weight)
        return float(mean) if raw.ndim == 1 else mean


class AbsoluteError(Loss):
    """Absolute error, \\|raw - y\\|: for the median.

    y is any number. Trees use a hessian of one and set their leaf values by the median
    of residuals (Friedman, "Greedy function approximation", Annals of Statistics 29,
    2001, algorithm 3).

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import AbsoluteError
    >>> AbsoluteError().start(np.array([1.0, 2.0, 60.0]))
    2.0
    """

    smooth: ClassVar[bool] = False
    constant_hessian: ClassVar[bool] = True

    def pointwise(self, y, raw):
        """Loss of each entry: the absolute error."""
        return np.abs(raw - y)

    def gradient(self, y, raw):
        """Slope: the sign of the error."""
        return np.sign(raw - y)

    def kink(self, y, width=None):
        """Give lines of slope -1 and 1 that meet at y."""
        return kink_of(y, -1, 1)

    def leaf(self, y, raw, sample_weight=None):
        """Median residual."""
        return _quantile_step(y, raw, 0.5, sample_weight)


class Huber(Loss):
    """Huber's loss: r² / 2 if \\|r\\| <= delta, else delta (\\|r\\| - delta / 2).

    With r = raw - y; y is any number. Quadratic near zero, linear in the tails (Huber,
    "Robust estimation of a location parameter", Annals of Mathematical Statistics 35,
    1964).

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    delta : float, default=1.0
        Size of the residual at which the linear tails begin, in units of y.
    quantile : float or None, default=None
        If given, `delta` is this quantile of the absolute residuals, and is computed
        again in each round of boosting (Friedman 2001, section 4.4).

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Huber
    >>> Huber(delta=2.0).gradient(np.zeros(3), np.array([-5.0, 1.0, 5.0]))
    array([-2.,  1.,  2.])
    """

    def __init__(self, delta=1.0, quantile=None):
        self.delta = delta
        self.quantile = quantile

    # In the tails the second derivative is zero and a Newton step would be infinite, so
    # the hessian is the upper bound one.
    exact_hessian: ClassVar[bool] = False
    constant_hessian: ClassVar[bool] = True

    @property
    def renews_leaves(self) -> bool:
        """Whether trees should set the values of their leaves by `leaf`.

        This holds with `quantile`: delta changes from round to round, and a Newton step
        would minimise the loss of the previous round.
        """
        return self.quantile is not None

    def check(self, y):
        """Refuse parameters out of range."""
        if self.quantile is None:
            _positive("delta", self.delta)
        else:
            _share("quantile", self.quantile)

    def start(self, y, sample_weight=None, width=None):
        """Best constant; with `quantile`, residuals are those from the median."""
        if self.quantile is None:
            return super().start(y, sample_weight, width)
        shape = (len(y),) if width is None else (len(y), width)
        median = AbsoluteError().start(y, sample_weight, width)
        return median + self.leaf(y, np.zeros(shape) + median, sample_weight)

    def adapted(self, y, raw, sample_weight=None) -> Self:
        """Fix `delta` at the quantile of the absolute residuals."""
        if self.quantile is None:
            return self
        return type(self)(delta=self._delta(y, raw, sample_weight))

    def pointwise(self, y, raw):
        """Loss of each entry."""
        size, delta = np.abs(raw - y), self._delta(y, raw)
        return np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))

    def gradient(self, y, raw):
        """Slope: the error, cut off at delta."""
        delta = self._delta(y, raw)
        return np.clip(raw - y, -delta, delta)

    def hessian(self, y, raw):
        """Upper bound of the second derivative: one."""
        return np.ones_like(raw)

    def _delta(self, y, raw, sample_weight=None) -> Any:
        if self.quantile is None:
            return self.delta
        size = np.abs(np.asarray(raw) - y)
        if size.ndim == 2:
            parts = [weighted_quantile(c, self.quantile, sample_weight) for c in size.T]
            found = float(np.mean(parts))
        else:
            found = weighted_quantile(size, self.quantile, sample_weight)
        return max(found, np.finfo(np.float32).tiny)


class LogCosh(Loss):
    """Logarithm of the hyperbolic cosine, log cosh(raw - y): a smooth absolute error.

    y is any number, in units where errors below one count as small (Green, "Bayesian
    reconstructions from emission tomography data using a modified EM algorithm", IEEE
    Transactions on Medical Imaging 9, 1990). The hessian is the upper bound tanh(r) /
    r, because the second derivative vanishes in the tails.

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import LogCosh
    >>> LogCosh().pointwise(np.zeros(2), np.array([0.0, 1e3])).round(4)
    array([  0.    , 999.3069])
    """

    exact_hessian: ClassVar[bool] = False

    def pointwise(self, y, raw):
        """Loss of each entry."""
        size = np.abs(raw - y)
        return size + np.log1p(np.exp(-2 * size)) - size.dtype.type(np.log(2))

    def gradient(self, y, raw):
        """Slope: the hyperbolic tangent of the error."""
        return np.tanh(raw - y)

    def hessian(self, y, raw):
        """Upper bound of the second derivative: tanh(r) / r."""
        size = np.maximum(np.abs(raw - y), 1e-3)
        return np.tanh(size) / size


class Quantile(Loss):
    """Pinball loss, max(quantile (y - raw), (1 - quantile) (raw - y)).

    y is any number; the minimiser is its quantile (Koenker and Bassett, "Regression
    quantiles", Econometrica 46, 1978). Trees use a hessian of one and set their leaf
    values by the quantile of residuals.

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    quantile : float, default=0.5
        The quantile, between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Quantile
    >>> Quantile(0.9).start(np.arange(101.0))
    90.0
    """

    smooth: ClassVar[bool] = False
    constant_hessian: ClassVar[bool] = True

    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def check(self, y):
        """Refuse parameters out of range."""
        _share("quantile", self.quantile)

    def pointwise(self, y, raw):
        """Loss of each entry."""
        error = y - raw
        return np.maximum(self.quantile * error, (self.quantile - 1) * error)

    def gradient(self, y, raw):
        """Slope: 1 - quantile above y, - quantile below it."""
        error = np.asarray(raw - y)
        slopes = np.where(error > 0, 1 - self.quantile, -self.quantile)
        return np.where(error == 0, 0, slopes).astype(error.dtype)

    def kink(self, y, width=None):
        """Give lines of slope -quantile and 1 - quantile that meet at y."""
        return kink_of(y, -self.quantile, 1 - self.quantile)

    def leaf(self, y, raw, sample_weight=None):
        """Quantile of the residuals."""
        return _quantile_step(y, raw, self.quantile, sample_weight)


class MultiQuantile(Loss):
    """Sum of pinball losses of several quantiles, with one raw column per quantile.

    y is any number, one column. Predictions never cross: the columns of a row are
    sorted in ascending order, which never increases the loss (Chernozhukov,
    Fernández-Val and Galichon, Econometrica 78, 2010).

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    quantiles : sequence of float, default=(0.1, 0.5, 0.9)
        The quantiles, ascending, between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import MultiQuantile
    >>> MultiQuantile([0.25, 0.75]).start(np.arange(101.0), width=2)
    array([25., 75.])
    """

    links: ClassVar[Mapping[str, Link]] = {"regression": Rearranged()}
    smooth: ClassVar[bool] = False
    constant_hessian: ClassVar[bool] = True

    def __init__(self, quantiles=(0.1, 0.5, 0.9)):
        self.quantiles = quantiles

    def check(self, y):
        """Refuse parameters out of range."""
        for quantile in self.quantiles:
            _share("quantiles", quantile)
        if list(self.quantiles) != sorted(set(self.quantiles)):
            raise ValueError(
                f"quantiles={self.quantiles!r} must be ascending and distinct."
            )

    def width(self, task, columns):
        """Number of raw columns: one per quantile."""
        return len(self.quantiles)

    def pointwise(self, y, raw):
        """Loss of each row and quantile."""
        q, error = self._levels(raw), y[:, None] - raw
        return np.maximum(q * error, (q - 1) * error)

    def gradient(self, y, raw):
        """Slope of each column."""
        q, error = self._levels(raw), raw - y[:, None]
        return np.where(error == 0, 0, np.where(error > 0, 1 - q, -q))

    def kink(self, y, width=None):
        """Give lines of slopes -quantile and 1 - quantile per column that meet at y."""
        q = np.asarray(self.quantiles, dtype=float)
        return kink_of(np.repeat(y[:, None], len(q), axis=1), -q, 1 - q)

    def leaf(self, y, raw, sample_weight=None):
        """Return the quantiles of the residuals, one per column."""
        steps = [
            weighted_quantile(y - column, quantile, sample_weight)
            for quantile, column in zip(self.quantiles, raw.T, strict=True)
        ]
        return np.array(steps)

    def _levels(self, raw) -> Array:
        return np.asarray(self.quantiles, dtype=raw.dtype)


class Expectile(Loss):
    """Asymmetric squared error, \\|expectile - 1(y < raw)\\| (raw - y)².

    y is any number; an expectile is to the mean what a quantile is to the median
    (Newey and Powell, "Asymmetric least squares estimation and testing", Econometrica
    55, 1987). At 0.5 it is `SquaredError`.

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    expectile : float, default=0.5
        Weight of predictions below y, between 0 and 1; predictions above y have weight
        one minus it.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Expectile
    >>> round(Expectile(0.75).start(np.array([0.0, 1.0])), 6)
    0.75
    """

    def __init__(self, expectile=0.5):
        self.expectile = expectile

    def check(self, y):
        """Refuse parameters out of range."""
        _share("expectile", self.expectile)

    def pointwise(self, y, raw):
        """Loss of each entry."""
        return self._weights(y, raw) * (raw - y) ** 2

    def gradient(self, y, raw):
        """Slope: twice the weighted error."""
        return 2 * self._weights(y, raw) * (raw - y)

    def hessian(self, y, raw):
        """Second derivative: twice the weight."""
        return 2 * self._weights(y, raw)

    def _weights(self, y, raw) -> Array:
        dtype = np.result_type(np.asarray(raw), np.float32)
        above = np.where(raw > y, 1 - self.expectile, self.expectile)
        return above.astype(dtype)


def _quantile_step(y, raw, quantile: float, sample_weight) -> Any:
    """Quantile of the residuals of each raw column."""
    if raw.ndim == 1:
        return weighted_quantile(y - raw, quantile, sample_weight)
    residuals = (y - raw).T
    return np.array([weighted_quantile(r, quantile, sample_weight) for r in residuals])


def _positive(name: str, value: Any) -> None:
    if not value > 0:
        raise ValueError(f"{name}={value!r} must be a number above 0.")


def _share(name: str, value: Any) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name}={value!r} must lie between 0 and 1.")
