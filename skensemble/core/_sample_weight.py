"""Checks of fit parameters with one entry per row: sample weights and groups."""

from typing import Any

import numpy as np
from sklearn.utils import compute_sample_weight

from skensemble.core._rounding import round_bits

# Significant bits of scaled weights: products with a constant agree in so many.
_WEIGHT_BITS = 40


def check_per_row(name: str, values: Any, n_rows: int) -> None:
    """Refuse weights or groups that do not have one entry per row."""
    if isinstance(values, str):
        raise ValueError(
            f"{name}={values!r} must have one entry per row; pass the column itself, "
            f"X[{values!r}]."
        )
    if values is not None and np.shape(values) != (n_rows,):
        raise ValueError(
            f"{name} has shape {np.shape(values)}, expected ({n_rows},): one entry per row."
        )


def check_weights(name: str, values: Any, n_rows: int) -> None:
    """Refuse sample weights that are negative, not finite, or zero in all rows."""
    if values is None:
        return
    check_per_row(name, values, n_rows)
    try:
        weights = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numeric, one per row; got {values!r}."
        ) from error
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(bad):
        raise ValueError(
            f"{name} is {weights[bad[0]]} in row {bad[0]}; all weights must be finite and "
            "zero or more."
        )
    if not weights.any():
        raise ValueError(
            f"{name} is zero in all rows; give at least one row a weight above 0."
        )


def validated_weights(name: str, values: Any, n_rows: int) -> np.ndarray | None:
    """Read sample weights; the error messages are those of scikit-learn's boosting.

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
    weights = np.asarray(values, dtype=float)
    # The test suite of scikit-learn matches these two messages.
    if weights.shape != (n_rows,):
        raise ValueError(
            f"{name}.shape == {weights.shape}, expected ({n_rows},): one entry per row."
        )
    if weights.min() < 0:
        raise ValueError(
            f"Negative values in data passed to `{name}`; weights must be zero or more."
        )
    check_weights(name, weights, n_rows)
    return weights


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
