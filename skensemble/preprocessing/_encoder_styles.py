"""What each kind of learner wants, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skensemble.preprocessing import _scaling


@dataclass(frozen=True)
class EncoderStyle:
    """What is made of numbers, and of categories with few and with many levels.

    Parameters
    ----------
    scale : callable or None
        Learns how numbers are scaled; None leaves them and their missing values.
    native : bool
        Whether categories stay categories, but for those with hundreds of levels.
    words : bool
        Whether all do, with a word for what is missing.
    one_hot_most : int
        A category with more levels has no columns of 0 and 1.
    high_one_hot : bool
        Whether the frequent levels of high cardinality have them.
    ordinal : bool
        Whether a category that has none is a code: its rank by frequency.
    means : bool
        Whether target means stand for what has neither.
    cycles : bool
        Whether parts of dates are points on a circle.
    hot : float
        The value of a 1.
    sparse : bool
        Whether a wide output of 0 and 1 is better sparse.
    dtype : type
        Of the numbers.
    """

    scale: Callable[..., Any] | None = None
    native: bool = False
    words: bool = False
    one_hot_most: int = 0
    high_one_hot: bool = False
    ordinal: bool = False
    means: bool = True
    cycles: bool = True
    hot: float = 1.0
    sparse: bool = False
    dtype: type = np.float64


_UNLIMITED = 10**9
ENCODER_STYLES = {
    "trees": EncoderStyle(native=True, cycles=False),
    "catboost": EncoderStyle(native=True, words=True, means=False, cycles=False),
    "forests": EncoderStyle(
        one_hot_most=10, ordinal=True, cycles=False, dtype=np.float32
    ),
    "linear": EncoderStyle(
        scale=_scaling.learn_piecewise_linear,
        one_hot_most=_UNLIMITED,
        high_one_hot=True,
        sparse=True,
    ),
    # Two rows of different levels are then as far apart as 1, not the root of 2.
    "neighbors": EncoderStyle(
        scale=_scaling.learn_robust_scaling,
        one_hot_most=_UNLIMITED,
        hot=float(np.sqrt(0.5)),
    ),
    "neural": EncoderStyle(
        scale=_scaling.learn_normal_quantiles, one_hot_most=_UNLIMITED, dtype=np.float32
    ),
}
