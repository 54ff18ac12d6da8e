"""Rounding of numbers to few bits: small files, results without the last digit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BITS = 16


def round_bits(numbers: Any, bits: int = _BITS) -> NDArray[np.float64]:
    """Round numbers to few significant bits; 16 have a relative error of at most 8e-6.

    Parameters
    ----------
    numbers : array-like of float
        The numbers.
    bits : int, default=16
        Number of significant bits.

    Returns
    -------
    rounded : ndarray of float
        The remaining bits are zero and compress well.
    """
    mantissa, exponent = np.frexp(numbers)
    return np.ldexp(np.round(np.ldexp(mantissa, bits)), exponent - bits)
