"""Rounding of numbers to few bits, so that files are small."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BITS = 16


def round_bits(numbers: Any) -> NDArray[np.float64]:
    """Round numbers to 16 significant bits, with a relative error of at most 8e-6.

    Parameters
    ----------
    numbers : array-like of float
        The numbers.

    Returns
    -------
    rounded : ndarray of float
        The remaining bits are zero and compress well.
    """
    mantissa, exponent = np.frexp(numbers)
    return np.ldexp(np.round(np.ldexp(mantissa, _BITS)), exponent - _BITS)
