"""The levels of quantiles that bagging and forests predict."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_quantile_levels(quantiles: Any) -> NDArray[Any]:
    """Turn levels into an array; refuse levels outside of [0, 1]."""
    try:
        levels = np.asarray(quantiles, dtype=float)
    except (TypeError, ValueError):
        levels = np.array([])
    if levels.ndim > 1 or levels.size == 0 or not ((levels >= 0) & (levels <= 1)).all():
        raise ValueError(
            f"quantiles={quantiles!r} must be one number or a list of numbers between 0 "
            "and 1; use levels such as [0.05, 0.5, 0.95]."
        )
    return levels
