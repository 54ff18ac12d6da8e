"""Encoder styles: how tables are encoded for each kind of estimator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skensemble.preprocessing import _scaling


@dataclass(frozen=True)
class EncoderStyle:
    """How numeric columns and categories are encoded.

    Parameters
    ----------
    scale : callable or None
        Function that learns a scaling of the numeric columns. None leaves them and
        their missing values unchanged.
    native : bool
        Whether categories with up to 254 levels remain categories.
    words : bool
        Whether all categories remain categories, with a level for missing values.
    one_hot_most : int
        A category with more levels is not one-hot encoded.
    high_one_hot : bool
        Whether the frequent levels of high-cardinality categories are one-hot encoded.
    ordinal : bool
        Whether other categories are encoded by the rank of the frequency of each level.
    means : bool
        Whether other categories are encoded by target means.
    cycles : bool
        Whether periodic parts of dates are encoded as sine and cosine.
    hot : float
        Value of a 1 in one-hot columns.
    sparse : bool
        Whether a wide output with many one-hot columns is a sparse matrix.
    dtype : type
        Dtype of the output.
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
    # With sqrt(0.5), two rows with different levels have distance 1 and not sqrt(2).
    "neighbors": EncoderStyle(
        scale=_scaling.learn_robust_scaling,
        one_hot_most=_UNLIMITED,
        hot=float(np.sqrt(0.5)),
    ),
    "neural": EncoderStyle(
        scale=_scaling.learn_normal_quantiles, one_hot_most=_UNLIMITED, dtype=np.float32
    ),
}
