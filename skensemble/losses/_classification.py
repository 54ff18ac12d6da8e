"""Classification losses: log loss, exponential loss and the hinges."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special
from sklearn.utils.class_weight import compute_class_weight

from skensemble.losses._base import Loss
from skensemble.losses._exponential import exponential
from skensemble.losses._kink import kink_of
from skensemble.losses._links import (
    IDENTITY,
    LOGIT,
    SOFTMAX,
    Link,
    Logit,
    sigmoid,
    softplus,
)
from skensemble.losses._quantiles import weighted_quantile

Array = NDArray[Any]


class LogLoss(Loss):
    r"""Log loss: minus the logarithm of the probability of the observed class.

    For two classes y in {0, 1} and one raw column it is log(1 + exp(raw)) - y raw, with
    the logit link. For classes 0, ..., k-1 and k columns it is log(sum of exp(raw)) -
    raw_y, with the softmax link. For labels in {0, 1}, of shape (n, k), it is the sum
    of the loss for two classes over the labels (Good, "Rational decisions", Journal of
    the Royal Statistical Society B 14, 1952).

    Read more in the :ref:`User Guide <guide_losses>`.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes (Szegedy et al.,
        "Rethinking the Inception architecture", CVPR 2016, section 7).
    class_weight : dict, "balanced" or None, default=None
        Factor of the loss per class: keys are class labels in an estimator, and codes
        0..k-1 otherwise (0 and 1 for multilabel targets). "balanced" uses
        n / (k n_class) of the data.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import LogLoss
    >>> loss = LogLoss()
    >>> round(loss.value(np.array([0, 1]), np.array([-2.0, 2.0])), 6)
    0.126928
    """

    links: ClassVar[Mapping[str, Link]] = {
        "binary": LOGIT,
        "multiclass": SOFTMAX,
        "multilabel": LOGIT,
    }

    def __init__(self, label_smoothing=0.0, class_weight=None):
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight

    def check(self, y):
        """Refuse parameters out of range."""
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"label_smoothing={self.label_smoothing!r} must lie in [0, 1)."
            )
        if isinstance(self.class_weight, str) and self.class_weight != "balanced":
            raise ValueError(
                f"class_weight={self.class_weight!r} must be 'balanced', a dict of "
                "class to factor, or None."
            )

    def adapted(self, y, raw, sample_weight=None):
        """Resolve "balanced" into factors."""
        if self.class_weight != "balanced":
            return self
        return type(self)(self.label_smoothing, balanced_factors(y, sample_weight))

    def for_classes(self, classes, y, sample_weight=None):
        """Key the class weights by code, and compute "balanced" ones from the data."""
        if self.class_weight == "balanced":
            return self.adapted(y, y, sample_weight)
        if not isinstance(self.class_weight, dict):
            return self
        codes = {label: code for code, label in enumerate(classes)}
        unknown = [label for label in self.class_weight if label not in codes]
        if unknown:
            raise ValueError(
                f"class_weight of loss={self!r} names {unknown}, which are not classes; "
                f"the classes are {list(classes)}."
            )
        factors = {codes[label]: w for label, w in self.class_weight.items()}
        return type(self)(self.label_smoothing, factors)

    def pointwise(self, y, raw):
        """Loss of each row, or of each row and label."""
        if is_multiclass(y, raw):
            target = self._shares(y, raw)
            each = special.logsumexp(raw, axis=1) - (target * raw).sum(axis=1)
        else:
            each = softplus(raw) - self._target(y, raw) * raw
        return self._weighted(y, each)

    def gradient(self, y, raw):
        """Slope: probability - y."""
        return self.gradient_hessian(y, raw)[0]

    def hessian(self, y, raw):
        """Second derivative: p (1 - p)."""
        return self.gradient_hessian(y, raw)[1]

    def gradient_hessian(self, y, raw):
        """Gradient p - y and second derivative p (1 - p), times the class weight."""
        if is_multiclass(y, raw):
            p = special.softmax(raw, axis=1)
            g = p - self._shares(y, raw)
        else:
            p = sigmoid(raw)
            g = p - self._target(y, raw)
        return self._weighted(y, g), self._weighted(y, p * (1 - p))

    def softmax_hessian(self, y, raw):
        """Return the probabilities of several classes, and the class weight per row."""
        if not is_multiclass(y, raw):
            return None
        ones = np.ones(len(y), dtype=raw.dtype)
        return special.softmax(raw, axis=1), self._weighted(y, ones)

    def start(self, y, sample_weight=None, width=None):
        """Raw output of the class shares."""
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        if width is not None and y.ndim == 1:
            w = self._weighted(y, w)
            target = self._shares(y, np.empty((len(y), width)))
            return SOFTMAX.link(np.average(target, axis=0, weights=w))
        each = self._weighted(
            y, w if y.ndim == 1 else np.repeat(w[:, None], y.shape[1], 1)
        )
        share = (self._target(y, np.zeros(1)) * each).sum(axis=0) / each.sum(axis=0)
        start = LOGIT.link(share)
        return float(start) if y.ndim == 1 else start

    def _target(self, y: Array, raw: Array) -> Array:
        smooth = self.label_smoothing
        target = np.asarray(y, dtype=np.asarray(raw).dtype)
        return target * (1 - smooth) + smooth / 2 if smooth else target

    def _shares(self, y: Array, raw: Array) -> Array:
        smooth, (n, k) = self.label_smoothing, raw.shape
        shares = np.full((n, k), smooth / k, dtype=raw.dtype)
        shares[np.arange(n), y.astype(np.intp)] += 1 - smooth
        return shares

    def _weighted(self, y: Array, each: Array) -> Array:
        if self.class_weight is None:
            return each
        if isinstance(self.class_weight, str):
            return self.adapted(y, each)._weighted(y, each)
        factor = _factors(self.class_weight, y).astype(each.dtype)
        return each * (factor[:, None] if each.ndim > factor.ndim else factor)


class Exponential(Loss):
    """Exponential loss of AdaBoost, exp(-s raw) with s = 2 y - 1, y in {0, 1}.

    Its minimiser is half the log odds (Friedman, Hastie and Tibshirani, "Additive
    logistic regression", Annals of Statistics 28, 2000), so the link is a logit with
    scale two. The loss is for binary targets only.

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Exponential
    >>> loss = Exponential()
    >>> start = loss.start(np.array([0, 1, 1, 1]))
    >>> loss.link_for("binary").inverse(start).round(6)
    np.float64(0.75)
    """

    links: ClassVar[Mapping[str, Link]] = {"binary": Logit(scale=2.0)}

    def pointwise(self, y, raw):
        """Loss of each row."""
        return exponential(-class_signs(y, raw) * raw)

    def gradient(self, y, raw):
        """Slope: -s exp(-s raw)."""
        s = class_signs(y, raw)
        return -s * exponential(-s * raw, 1)

    def hessian(self, y, raw):
        """Second derivative: exp(-s raw)."""
        return exponential(-class_signs(y, raw) * raw, 2)

    def leaf(self, y, raw, sample_weight=None):
        """Half the logarithm of the ratio of weights of the two classes."""
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        each = w * exponential(-class_signs(y, raw) * raw)
        on, total = each[y == 1].sum(), each.sum()
        return float(LOGIT.link(on / total) / 2) if total > 0 else 0.0


class Hinge(Loss):
    """Hinge loss of support vector machines, max(0, 1 - s raw), s = 2 y - 1.

    The target y is in {0, 1}. For several classes or labels the loss is the sum over
    one column per class, in which the observed class counts as 1 (one against the
    rest). The loss has no probabilities: the sign, or the largest column, determines
    the class (Cortes and Vapnik, "Support-vector networks", Machine Learning 20, 1995).
    Trees use a hessian of one and set their leaf values by `leaf`.

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Hinge
    >>> Hinge().pointwise(np.array([0, 1, 1]), np.array([0.5, 0.5, 2.0]))
    array([1.5, 0.5, 0. ])
    """

    links: ClassVar[Mapping[str, Link]] = {
        "binary": IDENTITY,
        "multiclass": IDENTITY,
        "multilabel": IDENTITY,
    }
    smooth: ClassVar[bool] = False
    constant_hessian: ClassVar[bool] = True

    def pointwise(self, y, raw):
        """Loss of each entry."""
        return np.maximum(0, 1 - class_signs(y, raw) * raw)

    def gradient(self, y, raw):
        """Slope: -s where the margin s raw is below one."""
        s = class_signs(y, raw)
        return np.where(s * raw < 1, -s, 0)

    def kink(self, y, width=None):
        """Give lines of slope -s and 0 that meet at a raw output of s."""
        s = class_signs(y, np.empty(len(y) if width is None else (len(y), width)))
        return kink_of(s, np.minimum(-s, 0), np.maximum(-s, 0))

    def leaf(self, y, raw, sample_weight=None):
        """Exact minimiser: a weighted quantile of the steps to a margin of one."""
        s = class_signs(y, raw)
        if raw.ndim == 1:
            return _hinge_step(s, raw, sample_weight)
        pairs = zip(s.T, raw.T, strict=True)
        return np.array([_hinge_step(a, b, sample_weight) for a, b in pairs])


class SquaredHinge(Loss):
    """Squared hinge loss, max(0, 1 - s raw)², s = 2 y - 1.

    The target y is in {0, 1}, or several classes or labels as in `Hinge`. The loss has
    no probabilities (Fan et al., "LIBLINEAR", Journal of Machine Learning Research 9,
    2008). The hessian is the upper bound two, because the second derivative is zero
    beyond the margin.

    Read more in the :ref:`User Guide <guide_losses>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import SquaredHinge
    >>> SquaredHinge().pointwise(np.array([0, 1, 1]), np.array([0.5, 0.5, 2.0]))
    array([2.25, 0.25, 0.  ])
    """

    links: ClassVar[Mapping[str, Link]] = Hinge.links
    exact_hessian: ClassVar[bool] = False

    def pointwise(self, y, raw):
        """Loss of each entry."""
        return np.maximum(0, 1 - class_signs(y, raw) * raw) ** 2

    def gradient(self, y, raw):
        """Slope: -2 s (1 - s raw) where the margin is below one."""
        s = class_signs(y, raw)
        return -2 * s * np.maximum(0, 1 - s * raw)

    def hessian(self, y, raw):
        """Upper bound of the second derivative: two."""
        return np.full_like(raw, 2)


def balanced_factors(y: Array, sample_weight: Array | None = None) -> dict[int, float]:
    """Factors that give all classes the same total weight.

    Parameters
    ----------
    y : ndarray of int
        Class codes, or an indicator matrix of labels.
    sample_weight : ndarray of shape (n,) or None
        Weights of the rows.

    Returns
    -------
    factors : dict of int to float
        The factor n / (k n_class), as scikit-learn's ``class_weight="balanced"``.
    """
    codes = np.asarray(y).astype(int)
    if codes.ndim == 2 and sample_weight is not None:
        sample_weight = np.repeat(sample_weight, codes.shape[1])
    codes = codes.ravel()
    seen = np.unique(codes)
    factors = compute_class_weight(
        "balanced", classes=seen, y=codes, sample_weight=sample_weight
    )
    return dict(zip(seen.tolist(), factors.tolist(), strict=True))


def one_hot(y: Array, k: int, dtype: Any = float) -> Array:
    """Indicator matrix with one column per class."""
    return (np.asarray(y)[:, None] == np.arange(k)).astype(dtype)


def _factors(class_weight: dict[int, float], y: Array) -> Array:
    """Look up the factor of each code; 1 for classes without an entry."""
    codes = np.asarray(y).astype(np.intp)
    table = np.ones(1 + max(int(codes.max()), *map(int, class_weight)))
    table[[int(code) for code in class_weight]] = list(class_weight.values())
    return table[codes]


def is_multiclass(y: Array, raw: Array) -> bool:
    """Whether targets are codes of several classes, with one raw column per class."""
    return raw.ndim == 2 and np.ndim(y) == 1


def class_signs(y: Array, raw: Array) -> Array:
    """Signs 2 y - 1 for each entry of the raw output."""
    raw = np.asarray(raw)
    if is_multiclass(y, raw):
        return 2 * one_hot(y, raw.shape[1], raw.dtype) - 1
    return 2 * np.asarray(y, dtype=raw.dtype) - 1


def _hinge_step(s: Array, raw: Array, sample_weight: Array | None) -> float:
    w = np.ones(len(s)) if sample_weight is None else np.asarray(sample_weight)
    return weighted_quantile(s - raw, float(w[s > 0].sum() / w.sum()), sample_weight)
