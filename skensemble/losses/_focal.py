"""Focal loss: log loss with less weight for well classified rows."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from skensemble.losses._base import Loss
from skensemble.losses._classification import LogLoss, class_signs, is_multiclass
from skensemble.losses._links import Link, softplus

Array = NDArray[Any]


class Focal(Loss):
    """Focal loss, -alpha (1 - p)^gamma log p.

    p is the probability of the observed class.

    The target y is as in `LogLoss`, which is the special case gamma=0 (Lin et al.,
    "Focal loss for dense object detection", ICCV 2017). The loss is not convex: the
    hessian is an upper bound, the second derivative without its negative terms.
    Predicted probabilities have a good order, but are less extreme than the true ones;
    calibrate them if their values matter.

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    gamma : float, default=2.0
        Exponent of the weight of well classified rows; zero or above.
    alpha : float, sequence of float or None, default=None
        Binary and multilabel: weight of class 1; the weight of class 0 is one minus it.
        Multiclass: one weight per class. None: weight 1 for all.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Focal
    >>> Focal(gamma=2).pointwise(np.array([1, 1]), np.array([0.0, 3.0])).round(3)
    array([0.173, 0.   ])
    """

    links: ClassVar[Mapping[str, Link]] = LogLoss.links
    convex: ClassVar[bool] = False
    exact_hessian: ClassVar[bool] = False

    def __init__(self, gamma=2.0, alpha=None):
        self.gamma = gamma
        self.alpha = alpha

    def check(self, y):
        """Refuse parameters out of range."""
        if not self.gamma >= 0:
            raise ValueError(f"gamma={self.gamma!r} must be zero or above.")
        if self.alpha is None:
            return
        alpha, k = np.asarray(self.alpha, dtype=float), int(np.max(y)) + 1
        if alpha.ndim == 0 and not 0 < alpha < 1:
            raise ValueError(f"alpha={self.alpha!r} must lie between 0 and 1.")
        if alpha.ndim == 0 and y.ndim == 1 and k > 2:
            raise ValueError(
                f"alpha={self.alpha!r} is for two classes; pass a sequence of {k}."
            )
        if alpha.ndim == 1 and (len(alpha) < k or alpha.min() <= 0):
            raise ValueError(
                f"alpha={self.alpha!r} must hold a weight above 0 for each of {k} classes."
            )

    def pointwise(self, y, raw):
        """Loss of each row, or of each row and label."""
        if is_multiclass(y, raw):
            _, q, cost = self._observed(y, raw)
            return self._alpha(y, raw) * q**self.gamma * cost
        z = class_signs(y, raw) * raw
        q = special.expit(-z)
        return self._alpha(y, raw) * q**self.gamma * softplus(-z)

    def gradient(self, y, raw):
        """Slope of the loss."""
        return self.gradient_hessian(y, raw)[0]

    def hessian(self, y, raw):
        """Upper bound of the second derivative."""
        return self.gradient_hessian(y, raw)[1]

    def gradient_hessian(self, y, raw):
        """Slope and the upper bound of the second derivative."""
        if is_multiclass(y, raw):
            return self._multiclass(y, raw)
        gamma, z = self.gamma, class_signs(y, raw) * raw
        p, q = special.expit(z), special.expit(-z)
        cost = softplus(-z)
        focus = self._alpha(y, raw) * q**gamma
        g = -focus * (gamma * p * cost + q)
        h = focus * p * (gamma**2 * p * cost + (2 * gamma + 1) * q)
        return g * np.sign(y - 0.5).astype(raw.dtype), h

    def _multiclass(self, y: Array, raw: Array) -> tuple[Array, Array]:
        gamma, n = self.gamma, np.arange(len(y))
        p, q, cost = self._observed(y, raw)
        each = special.softmax(raw, axis=1)
        alpha = self._alpha(y, raw)
        pull = alpha * (q**gamma + gamma * p * q ** max(gamma - 1, 0) * cost)
        if gamma < 1:  # cost falls as fast as q, so the ratio stays finite
            ratio = cost / np.maximum(q, np.finfo(raw.dtype).tiny)
            pull = alpha * (q**gamma + gamma * p * q**gamma * ratio)
        away = each.copy()
        away[n, y.astype(np.intp)] = -q
        share = away / np.maximum(q, np.finfo(raw.dtype).tiny)[:, None]
        bend = alpha * p * gamma * q**gamma
        bend = bend * (2 * q + max(gamma - 1, 0) * p * cost)
        h = bend[:, None] * share**2 + pull[:, None] * each * (1 - each)
        return pull[:, None] * away, h

    def _observed(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """Probability p of the observed class, 1 - p, and -log(p)."""
        n, codes = np.arange(len(y)), y.astype(np.intp)
        others = raw.copy()
        others[n, codes] = -np.inf
        margin = raw[n, codes] - special.logsumexp(others, axis=1)
        return special.expit(margin), special.expit(-margin), softplus(-margin)

    def _alpha(self, y: Array, raw: Array) -> Any:
        if self.alpha is None:
            return raw.dtype.type(1)
        alpha = np.asarray(self.alpha, dtype=raw.dtype)
        if alpha.ndim == 0:
            alpha = np.array([1 - alpha, alpha])
        return alpha[np.asarray(y).astype(np.intp)]
