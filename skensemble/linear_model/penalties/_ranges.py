"""Ranges of the parameters of penalties, refused with the name and the value."""

from numbers import Real
from typing import Any

import numpy as np


def check_strength(penalty: Any) -> None:
    """Refuse an `alpha` that is no number of zero or more."""
    value = penalty.alpha
    if not (is_number(value) and 0 <= value < np.inf):
        raise ValueError(
            f"alpha={value!r} of {type(penalty).__name__} must be a number of 0 or more."
        )


def check_ratio(penalty: Any, others: str) -> None:
    """Refuse an `l1_ratio` outside 0 to 1; `others` are what a share of 0 leaves."""
    value = penalty.l1_ratio
    if not (is_number(value) and 0 <= value <= 1):
        raise ValueError(
            f"l1_ratio={value!r} of {type(penalty).__name__} must lie between 0 "
            f"({others} only) and 1 (absolute values only)."
        )


def check_gamma(penalty: Any, least: float) -> None:
    """Refuse a `gamma` that is no number above the least."""
    value = penalty.gamma
    if not (is_number(value) and least < value < np.inf):
        raise ValueError(
            f"gamma={value!r} of {type(penalty).__name__} must be a number above {least}."
        )


def is_number(value: Any) -> bool:
    """Whether it is a single real number, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
