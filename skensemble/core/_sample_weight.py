"""Fit parameters with one entry per row: sample weights and groups."""

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import compute_sample_weight

from skensemble.core._rounding import round_bits

# Significant bits of scaled weights: products with a constant agree in so many.
_WEIGHT_BITS = 40


def check_per_row(name: str, values: Any, n_rows: int) -> None:
    """Refuse weights or groups that do not have one entry per row."""
    if isinstance(values, str):
        raise ValueError(
            f"{name}={values!r} must have one entry per row; {_column_hint(values)}."
        )
    shape = np.asarray(values).shape
    if values is not None and shape != (n_rows,):
        raise ValueError(
            f"{name} has shape {shape}, expected ({n_rows},): one entry per row."
        )


def _column_hint(name: str) -> str:
    if name == "balanced":
        return (
            "for classes of equal total weight use "
            "sklearn.utils.compute_sample_weight('balanced', y)"
        )
    return f"pass the column itself, X[{name!r}]"


def read_groups(groups: Any, n_rows: int) -> NDArray[Any] | None:
    """Read the groups of the rows: numbers, text or other values, none missing.

    Parameters
    ----------
    groups : array-like of shape (n_rows,) or None
        The groups as given.
    n_rows : int
        Number of rows.

    Returns
    -------
    groups : ndarray of shape (n_rows,) or None
        The values as given, or codes if they cannot be sorted, such as text beside
        numbers.

    Raises
    ------
    ValueError
        If groups are missing (None or NaN), or do not have one entry per row.
    """
    if groups is None:
        return None
    check_per_row("groups", groups, n_rows)
    values = np.asarray(groups)
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise ValueError(
            f"groups is missing in {len(missing)} of {n_rows} rows, first in row "
            f"{missing[0]} ({values[missing[0]]!r}); leave these rows out, or give them "
            "groups of their own."
        )
    if values.dtype == object and len({type(value) for value in values}) > 1:
        return np.asarray(pd.factorize(values)[0])
    return values


def numeric_weights(name: str, values: Any) -> NDArray[Any]:
    """Convert sample weights to an array of numbers; refuse text and missing values.

    Parameters
    ----------
    name : str
        Name of the weights in ``fit``.
    values : array-like
        The weights as given.

    Returns
    -------
    weights : ndarray
        The weights, which may still be negative or not finite.
    """
    if isinstance(values, str):
        check_per_row(name, values, 0)
    weights = np.asarray(values)
    if weights.dtype.kind == "f" and len(rows := np.argwhere(np.isnan(weights))):
        raise ValueError(_bad_weight(name, "nan", rows[0][0]))
    if weights.dtype.kind in "iuf":
        return weights
    if weights.dtype.kind != "b":
        for row, value in enumerate(weights.ravel().tolist()):
            if pd.isna(value):
                raise ValueError(_bad_weight(name, repr(value), row))
            if not isinstance(value, Real | Decimal):
                named = f"{name} must be numeric, and"
                raise ValueError(_bad_weight(named, repr(value), row))
    return weights.astype(float)


def read_weights(name: str, values: Any, n_rows: int) -> NDArray[Any] | None:
    """Read sample weights: one number per row, none negative, not all zero.

    Parameters
    ----------
    name : str
        Name of the weights in ``fit``.
    values : array-like of shape (n_rows,) or None
        The weights as given.
    n_rows : int
        Number of rows.

    Returns
    -------
    weights : ndarray of shape (n_rows,) or None

    Raises
    ------
    ValueError
        If weights are text, missing, negative, not finite, zero in all rows, or do not
        have one entry per row.
    """
    if values is None:
        return None
    check_per_row(name, values, n_rows)
    weights = numeric_weights(name, values)
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(bad):
        value = float(weights[bad[0]])
        # The test suite of scikit-learn matches these words.
        words = f"Negative values in data passed to `{name}`: " if value < 0 else ""
        raise ValueError(words + _bad_weight(name, str(value), bad[0]))
    if not weights.any():
        raise ValueError(
            f"{name} is zero in all rows; give at least one row a weight above 0."
        )
    return weights


def _bad_weight(name: str, value: str, row: int) -> str:
    return (
        f"{name} is {value} in row {row}; all weights must be finite numbers, zero or "
        "more. Convert text to numbers, and leave out rows without a weight."
    )


def validated_weights(name: str, values: Any, n_rows: int) -> NDArray[Any] | None:
    """Read sample weights in double precision, as scikit-learn's boosting does.

    Parameters
    ----------
    name : str
        Name of the weights in ``fit``.
    values : array-like of shape (n_rows,) or None
        The weights.
    n_rows : int
        Number of rows.

    Returns
    -------
    weights : ndarray of float of shape (n_rows,) or None
    """
    if values is None:
        return None
    weights = numeric_weights(name, values).astype(float)
    if weights.shape != (n_rows,):
        # The test suite of scikit-learn matches this message.
        raise ValueError(
            f"{name}.shape == {weights.shape}, expected ({n_rows},): one entry per row."
        )
    return read_weights(name, weights, n_rows)


def with_unit_scale(weights: np.ndarray | None) -> np.ndarray | None:
    """Scale sample weights whose median is far from one, so that it is near one.

    A constant factor does not change the minimum of a weighted loss. Compiled learners
    have absolute thresholds, however: LightGBM and XGBoost do not split a node whose
    sum of second derivatives is too small, and XGBoost works in single precision. The
    factor is a power of two, so that no digit is lost. Weights that can be numbers of
    rows, with a median between 1/16 and 16, stay as they are, because penalties of
    these learners are relative to the number of rows.

    Parameters
    ----------
    weights : ndarray of float of shape (n_rows,) or None
        The weights, at least one of them positive.

    Returns
    -------
    weights : ndarray of float of shape (n_rows,) or None
    """
    if weights is None:
        return None
    exponent = int(np.round(np.log2(np.median(weights[weights > 0]))))
    return weights if abs(exponent) <= 4 else np.ldexp(weights, -exponent)


def with_unit_median(weights: np.ndarray) -> np.ndarray:
    """Scale sample weights so that their median is one, without the last digits.

    Weights times a constant then give the same values.

    Parameters
    ----------
    weights : ndarray of float of shape (n_rows,)
        The weights, at least one of them positive.

    Returns
    -------
    weights : ndarray of float of shape (n_rows,)
    """
    return round_bits(weights / np.median(weights[weights > 0]), _WEIGHT_BITS)


def with_class_weight(class_weight: Any, y: Any, sample_weight: Any) -> Any:
    r"""Multiply sample weights by the weights of the classes.

    "balanced" counts the sample weights: the factor of class c is :math:`\sum_i w_i /
    (K \sum_{i: y_i = c} w_i)`, so that all classes have the same total weight.

    Parameters
    ----------
    class_weight : dict, list of dict, "balanced" or None
        Weights of the classes, as in scikit-learn.
    y : array-like of shape (n_rows,) or (n_rows, n_labels)
        Class labels.
    sample_weight : array-like of shape (n_rows,) or None
        Sample weights.

    Returns
    -------
    weights : ndarray of shape (n_rows,), or `sample_weight` without class weights
    """
    if class_weight is None:
        return sample_weight
    y = np.asarray(y)
    if sample_weight is None:
        return compute_sample_weight(class_weight, y)
    weight = validated_weights("sample_weight", sample_weight, len(y))
    assert weight is not None
    if not (isinstance(class_weight, str) and class_weight == "balanced"):
        return weight * compute_sample_weight(class_weight, y)
    factors = [_balanced_factors(column, weight) for column in y.reshape(len(y), -1).T]
    return weight * np.prod(factors, axis=0)


def _balanced_factors(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Compute the factor per row; rows of weight zero do not count."""
    codes = np.unique(y, return_inverse=True)[1]
    totals = np.bincount(codes, weights=weight)
    seen = totals > 0
    factors = np.divide(totals.sum(), seen.sum() * totals, where=seen, out=totals * 0)
    return factors[codes]
