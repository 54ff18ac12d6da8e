"""Weighted quantiles: the constants that minimise the pinball loss."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def weighted_quantile(
    values: Array, quantile: float, sample_weight: Array | None = None
) -> float:
    """Quantile of weighted values.

    The value at which the sum of weights first passes the share `quantile`, or the
    middle of two neighbours where it meets the share exactly (so that the median of
    an even number of values is the one that `numpy.median` gives).

    Parameters
    ----------
    values : ndarray of shape (n,)
        What to take the quantile of.
    quantile : float
        The share, between 0 and 1.
    sample_weight : ndarray of shape (n,) or None
        Weights, the same as repeating rows.

    Returns
    -------
    value : float
    """
    if sample_weight is not None:
        kept = sample_weight > 0
        values, sample_weight = values[kept], sample_weight[kept]
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    if sample_weight is None:
        share = np.arange(1, len(values) + 1, dtype=float)
    else:
        share = np.cumsum(sample_weight[order], dtype=float)
    wanted = quantile * share[-1]
    # Sums of weights carry rounding: what meets the share up to it meets it.
    slack = 1e-12 * share[-1]
    low = min(int(np.searchsorted(share, wanted - slack)), len(values) - 1)
    high = min(
        int(np.searchsorted(share, wanted + slack, side="right")), len(values) - 1
    )
    return float((ranked[low] + ranked[high]) / 2)
