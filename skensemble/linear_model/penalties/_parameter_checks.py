"""Checks of the parameters of penalties."""

from numbers import Real
from typing import Any

import numpy as np


def check_alpha(penalty: Any) -> None:
    """Refuse an `alpha` that is not a finite number, 0 or more."""
    value = penalty.alpha
    if not (is_number(value) and 0 <= value < np.inf):
        raise ValueError(
            f"alpha={value!r} of {type(penalty).__name__} must be a number, 0 or more."
        )


def check_l1_ratio(penalty: Any, others: str) -> None:
    """Refuse an `l1_ratio` outside 0 to 1; `others` is the penalty at 0."""
    value = penalty.l1_ratio
    if not (is_number(value) and 0 <= value <= 1):
        raise ValueError(
            f"l1_ratio={value!r} of {type(penalty).__name__} must lie between 0 "
            f"({others} only) and 1 (absolute values only)."
        )


def check_gamma(penalty: Any, least: float) -> None:
    """Refuse a `gamma` that is not a finite number above `least`."""
    value = penalty.gamma
    if not (is_number(value) and least < value < np.inf):
        raise ValueError(
            f"gamma={value!r} of {type(penalty).__name__} must be a number above {least}."
        )


def is_number(value: Any) -> bool:
    """Whether a value is a real number and not a bool."""
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
