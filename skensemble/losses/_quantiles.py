"""Weighted quantiles: the constants that minimise the pinball loss."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def weighted_quantile(
    values: Array, quantile: float, sample_weight: Array | None = None
) -> float:
    """Quantile of weighted values.

    The quantile is the first value at which the cumulative weight exceeds the share
    `quantile`, or the mean of two neighbours if the cumulative weight is equal to it.
    So the median of an even number of values is that of `numpy.median`.

    Parameters
    ----------
    values : ndarray of shape (n,)
        The values.
    quantile : float
        The share, between 0 and 1.
    sample_weight : ndarray of shape (n,) or None
        Weights; a weight of two is equivalent to the value twice.

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
    target = quantile * share[-1]
    # Cumulative weights have rounding errors, so they are compared with a tolerance.
    slack = 1e-12 * share[-1]
    low = min(int(np.searchsorted(share, target - slack)), len(values) - 1)
    high = min(
        int(np.searchsorted(share, target + slack, side="right")), len(values) - 1
    )
    return float((ranked[low] + ranked[high]) / 2)
