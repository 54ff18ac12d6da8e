"""Gradient clipping."""

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder
from skensemble.optim._rates import check_finite

Array = NDArray[Any]


class Clipping(ParameterHolder):
    """Base class of gradient clipping. A subclass defines `clip`.

    Parameters
    ----------
    limit : float, default=1.0
        The limit, above 0.
    """

    def __init__(self, limit=1.0):
        self.limit = limit

    def check(self) -> None:
        """Refuse parameters out of range."""
        check_finite("limit", self.limit)
        if self.limit == 0:
            raise ValueError("limit=0 would leave no gradient; use a number above 0.")

    def clip(self, gradients: list[Array]) -> list[Array]:
        """Clip gradients in place.

        Parameters
        ----------
        gradients : list of ndarray
            Gradients; modified in place.

        Returns
        -------
        gradients : list of ndarray
            The same arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define clip.")


class ClipByNorm(Clipping):
    """Scale the gradient down if its norm over all arrays is above a limit.

    g <- g min(1, limit / ||g||). The direction is kept (Pascanu, Mikolov and Bengio,
    "On the difficulty of training recurrent neural networks", ICML 2013, section 3.2).

    Parameters
    ----------
    limit : float, default=1.0
        The largest norm.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.optim import ClipByNorm
    >>> ClipByNorm(1.0).clip([np.array([3.0]), np.array([4.0])])
    [array([0.6]), array([0.8])]
    """

    def clip(self, gradients):
        """Clip gradients in place."""
        norm = norm_of(gradients)
        if norm > self.limit:
            for g in gradients:
                np.multiply(g, float(self.limit) / norm, out=g)
        return gradients


class ClipByValue(Clipping):
    """Clip each entry of the gradient to the interval from -limit to limit.

    The direction may change (Mikolov, "Statistical language models based on neural
    networks", PhD thesis, Brno, 2012).

    Parameters
    ----------
    limit : float, default=1.0
        The largest magnitude of an entry.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.optim import ClipByValue
    >>> ClipByValue(1.0).clip([np.array([-3.0, 0.5])])
    [array([-1. ,  0.5])]
    """

    def clip(self, gradients):
        """Clip gradients in place."""
        limit = float(self.limit)
        for g in gradients:
            np.clip(g, -limit, limit, out=g)
        return gradients


def norm_of(arrays: list[Array]) -> float:
    """Euclidean norm over all arrays."""
    square = sum(float(np.vdot(a, a)) for a in arrays)
    if not math.isinf(square):
        return math.sqrt(square)
    # Squares overflow before the entries do.
    largest = max(float(np.abs(a).max(initial=0)) for a in arrays)
    if math.isinf(largest):
        return largest
    return largest * math.sqrt(sum(float(np.sum((a / largest) ** 2)) for a in arrays))


def as_clipping(clipping: Any) -> Clipping | None:
    """Resolve ``clipping``: a number is a limit of the norm."""
    if isinstance(clipping, Real) and not isinstance(clipping, bool):
        clipping = ClipByNorm(float(clipping))
    if clipping is None:
        return None
    if isinstance(clipping, Clipping):
        clipping.check()
        return clipping
    raise ValueError(
        f"clipping={clipping!r} must be None, a number (the largest norm), "
        "ClipByNorm(limit) or ClipByValue(limit)."
    )
