"""Link functions between raw output and mean or probability."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[Any]

# exp of more than this overflows float32.
_LARGEST_EXPONENT = 80.0


class Link:
    """A monotone map between the mean (or probability) of `y` and the raw output.

    A link without parameters is one object that all losses share.
    """

    name = "link"
    probabilities = False

    def link(self, mean: Array) -> Array:
        """Raw output of a mean."""
        raise TypeError(f"{type(self).__name__} does not define link(mean).")

    def inverse(self, raw: Array) -> Array:
        """Mean of a raw output."""
        raise TypeError(f"{type(self).__name__} does not define inverse(raw).")

    def log_inverse(self, raw: Array) -> Array:
        """Logarithm of the mean; links define it where exp would underflow to zero."""
        with np.errstate(divide="ignore"):
            return np.log(self.inverse(raw))

    def __repr__(self) -> str:
        """Name the link."""
        return f"{type(self).__name__}()"

    def __eq__(self, other: object) -> bool:
        """Two links of one class with the same parameters are the same."""
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((type(self), tuple(sorted(vars(self).items()))))


class Identity(Link):
    """The raw output is the mean itself."""

    name = "identity"

    def link(self, mean: Array) -> Array:
        """Raw output of a mean."""
        return np.asarray(mean)

    def inverse(self, raw: Array) -> Array:
        """Mean of a raw output."""
        return np.asarray(raw)


class Log(Link):
    """raw = log(mean): for means above zero."""

    name = "log"

    def link(self, mean: Array) -> Array:
        """Raw output of a mean."""
        return np.log(np.maximum(mean, np.exp(-_LARGEST_EXPONENT)))

    def inverse(self, raw: Array) -> Array:
        """Mean of a raw output."""
        return np.exp(np.clip(raw, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))


class Logit(Link):
    """raw = log(p / (1 - p)) / scale: one probability per column."""

    name = "logit"
    probabilities = True

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def link(self, mean: Array) -> Array:
        """Raw output of a probability."""
        p = _clip_probabilities(mean)
        return np.log(p / (1 - p)) / self.scale

    def inverse(self, raw: Array) -> Array:
        """Probability of a raw output."""
        return sigmoid(np.asarray(raw) if self.scale == 1 else self.scale * raw)

    def log_inverse(self, raw: Array) -> Array:
        """Logarithm of the probability."""
        return -softplus(-self.scale * np.asarray(raw))


def sigmoid(raw: Array) -> Array:
    """1 / (1 + exp(-raw)), by numpy's exp: twice as fast as scipy's expit.

    Parameters
    ----------
    raw : ndarray
        Log odds.

    Returns
    -------
    p : ndarray
    """
    with np.errstate(over="ignore"):  # exp overflows to infinity, p is zero then
        p = np.exp(np.negative(raw))
    p += 1
    return 1 / p


def softplus(raw: Array) -> Array:
    """log(1 + exp(raw)), faster than numpy.logaddexp.

    Parameters
    ----------
    raw : ndarray
        Log odds.

    Returns
    -------
    y : ndarray
    """
    return np.maximum(raw, 0) + np.log1p(np.exp(-np.abs(raw)))


class Softmax(Link):
    """p_j = exp(raw_j) / sum of exp(raw): probabilities that sum to one per row."""

    name = "softmax"
    probabilities = True

    def link(self, mean: Array) -> Array:
        """Raw output of the probabilities, with mean zero in each row."""
        logs = np.log(_clip_probabilities(mean))
        return logs - logs.mean(axis=-1, keepdims=True)

    def inverse(self, raw: Array) -> Array:
        """Probabilities of a raw output."""
        return special.softmax(raw, axis=-1)

    def log_inverse(self, raw: Array) -> Array:
        """Logarithms of the probabilities."""
        return special.log_softmax(raw, axis=-1)


class Rearranged(Link):
    """Sort the raw columns of each row, so that quantiles never cross.

    Sorting estimated quantiles never moves them further from the true ones
    (Chernozhukov, Fernández-Val and Galichon, "Quantile and probability curves
    without crossing", Econometrica 78, 2010).
    """

    name = "rearranged"

    def link(self, mean: Array) -> Array:
        """Raw output of the quantiles."""
        return np.asarray(mean)

    def inverse(self, raw: Array) -> Array:
        """Quantiles of a raw output, ascending along the columns."""
        return np.sort(raw, axis=-1)


IDENTITY, LOG, LOGIT, SOFTMAX = Identity(), Log(), Logit(), Softmax()
LINKS = {link.name: link for link in (IDENTITY, LOG, LOGIT, SOFTMAX)}


def as_link(link: Link | str) -> Link:
    """Return a link, given by its name or as an instance."""
    if isinstance(link, Link):
        return link
    if link not in LINKS:
        raise ValueError(f"link={link!r} is not known; use one of {sorted(LINKS)}.")
    return LINKS[link]


def two_columns(p: Array) -> Array:
    """Probabilities of both classes from those of the second; others unchanged."""
    return np.column_stack([1 - p, p]) if p.ndim == 1 else p


def log_probabilities(link: Link, raw: Array) -> Array:
    """Logarithms of the probabilities of all classes, exact where they underflow.

    Parameters
    ----------
    link : Link
        The link of the probabilities.
    raw : ndarray of shape (n,) or (n, k)
        Raw output; one dimension for two classes.

    Returns
    -------
    log_p : ndarray of shape (n, 2) or (n, k)
    """
    if raw.ndim == 1 and isinstance(link, Logit):
        return np.column_stack([link.log_inverse(-raw), link.log_inverse(raw)])
    if raw.ndim == 1:
        with np.errstate(divide="ignore"):
            return np.log(two_columns(link.inverse(raw)))
    return link.log_inverse(raw)


def _clip_probabilities(probability: Array) -> Array:
    """Clip probabilities, because the raw output is infinite at zero and one."""
    values = np.asarray(probability)
    tiny = np.finfo(values.dtype if values.dtype.kind == "f" else float).eps
    return np.clip(values, tiny, 1 - tiny)
