"""Losses of distributions: soft targets and ordered classes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from skensemble.losses._base import Loss
from skensemble.losses._classification import one_hot
from skensemble.losses._links import LOGIT, SOFTMAX, Link, softplus

Array = NDArray[Any]


class KLDivergence(Loss):
    """Kullback-Leibler divergence to given probabilities, sum of y log(y / p).

    The target y is of shape (n, k), with rows of probabilities that sum to one, and p =
    softmax(raw); or of shape (n,), with probabilities of one event, and p = expit(raw).
    The loss is used for distillation, in which a small model learns the probabilities
    of a large one (Hinton, Vinyals and Dean, "Distilling the knowledge in a neural
    network", 2015).

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import KLDivergence
    >>> y = np.array([[0.5, 0.3, 0.2]])
    >>> bool(abs(KLDivergence().value(y, np.log(y))) < 1e-12)
    True
    """

    links: ClassVar[Mapping[str, Link]] = {"regression": LOGIT, "multioutput": SOFTMAX}

    def check(self, y):
        """Refuse targets that are not probabilities."""
        if np.min(y) < 0 or np.max(y) > 1:
            raise ValueError(
                f"loss={self!r} needs probabilities as target, got values from "
                f"{np.min(y):.6g} to {np.max(y):.6g}."
            )
        off = np.abs(y.sum(axis=1) - 1).max() if y.ndim == 2 else 0
        if off > 1e-3:
            raise ValueError(
                f"loss={self!r} needs rows of probabilities that sum to one, got a "
                f"row that differs by {off:.3g}; divide each row by its sum."
            )

    def pointwise(self, y, raw):
        """Divergence of each row."""
        if raw.ndim == 1:
            entropy = special.xlogy(y, y) + special.xlogy(1 - y, 1 - y)
            return softplus(raw) - y * raw + entropy
        total = y.sum(axis=1) * special.logsumexp(raw, axis=1)
        return total - (y * raw).sum(axis=1) + special.xlogy(y, y).sum(axis=1)

    def gradient(self, y, raw):
        """Slope: p - y."""
        if raw.ndim == 1:
            return special.expit(raw) - y
        return special.softmax(raw, axis=1) * y.sum(axis=1, keepdims=True) - y

    def hessian(self, y, raw):
        """Second derivative: p (1 - p)."""
        if raw.ndim == 1:
            p = special.expit(raw)
            return p * (1 - p)
        p = special.softmax(raw, axis=1)
        return p * (1 - p) * y.sum(axis=1, keepdims=True)

    def softmax_hessian(self, y, raw):
        """Probabilities, and the sum of each row of y."""
        return (special.softmax(raw, axis=1), y.sum(axis=1)) if raw.ndim == 2 else None

    def start(self, y, sample_weight=None, width=None):
        """Raw output of the mean probabilities."""
        mean = np.average(y, axis=0, weights=sample_weight)
        return float(LOGIT.link(mean)) if y.ndim == 1 else SOFTMAX.link(mean)


class RankedProbability(Loss):
    """Ranked probability score, sum over j of (P(y <= j) - 1(y <= j))².

    The target y is an ordered class 0, ..., k-1, with probabilities softmax(raw) (expit
    for two classes). An error of two classes costs more than an error of one (Epstein,
    "A scoring system for probability forecasts of ranked categories", Journal of
    Applied Meteorology 8, 1969). It is the squared Wasserstein distance between classes
    (Hou, Yu and Samaras, 2016). The loss is not convex: the hessian is the Gauss-Newton
    term plus the absolute value of the rest.

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import RankedProbability
    >>> raw = np.array([[9.0, 0.0, 0.0], [9.0, 0.0, 0.0]])
    >>> RankedProbability().pointwise(np.array([1, 2]), raw).round(2)
    array([1., 2.])
    """

    links: ClassVar[Mapping[str, Link]] = {"binary": LOGIT, "multiclass": SOFTMAX}
    convex: ClassVar[bool] = False
    exact_hessian: ClassVar[bool] = False

    def pointwise(self, y, raw):
        """Score of each row."""
        if raw.ndim == 1:
            return (special.expit(raw) - y) ** 2
        return (self._errors(y, raw)[2] ** 2).sum(axis=1)

    def gradient(self, y, raw):
        """Slope of the score."""
        return self.gradient_hessian(y, raw)[0]

    def hessian(self, y, raw):
        """Upper bound of the second derivative."""
        return self.gradient_hessian(y, raw)[1]

    def gradient_hessian(self, y, raw):
        """Slope and the upper bound of the second derivative."""
        if raw.ndim == 1:
            p = special.expit(raw)
            error, spread = p - y.astype(p.dtype), p * (1 - p)
            rest = np.abs(error * spread * (1 - 2 * p))
            return 2 * error * spread, 2 * (spread**2 + rest)
        p, below, error = self._errors(y, raw)
        ahead = _sum_from(error) - (error * below).sum(axis=1, keepdims=True)
        squares = np.cumsum(below**2, axis=1) - below**2 + _sum_from((1 - below) ** 2)
        rest = np.abs(p * (1 - 2 * p) * ahead)
        return 2 * p * ahead, 2 * (p**2 * squares + rest)

    def _errors(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """Probabilities, their cumulative sums, and the errors of these sums."""
        p = special.softmax(raw, axis=1)
        below = np.cumsum(p, axis=1)
        seen = np.cumsum(one_hot(y, raw.shape[1], raw.dtype), axis=1)
        return p, below, below - seen


def _sum_from(values: Array) -> Array:
    """Sum of each column and all later columns."""
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
