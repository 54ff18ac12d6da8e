"""Checks of rows, weights, groups and classes before any member is fitted."""

from collections.abc import Mapping
from numbers import Number
from typing import Any

import numpy as np

from skensemble.core import Target, label_of, read_groups, read_weights
from skensemble.fitting._routing import FitParams


def read_row_params(X: Any, target: Target, params: dict[str, Any]) -> dict[str, Any]:
    """Check the rows, and read weights and groups among fit parameters.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        The features.
    target : Target
        The target.
    params : dict
        Fit parameters as given.

    Returns
    -------
    params : dict
        The parameters that are not None, with ``sample_weight``,
        ``member__sample_weight`` and ``groups`` as arrays.
    """
    n_rows = check_rows(X, target)
    found = {key: value for key, value in params.items() if value is not None}
    for key, value in found.items():
        if key == "sample_weight" or key.endswith("__sample_weight"):
            found[key] = read_weights(key, value, n_rows)
        elif key == "groups":
            found[key] = read_groups(value, n_rows)
    return found


def check_rows(X: Any, target: Target) -> int:
    """Check that `X` and the target have the same rows, and return their number."""
    y = target.values
    n_rows = count_rows(X)
    if n_rows != len(y):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{n_rows}, {len(y)}]; X and y should have the same rows."
        )
    return n_rows


def check_routed(target: Target, routed: FitParams) -> None:
    """Check weights that have another name before they are routed, and the classes."""
    n_rows = len(target.values)
    for name, params in routed.members.items():
        if params.get("sample_weight") is not routed.sample_weight:
            read_weights(f"{name}__sample_weight", params.get("sample_weight"), n_rows)
    read_groups(routed.splitter.get("groups"), n_rows)
    _check_several_classes(target, routed.sample_weight)


def count_rows(X: Any) -> int:
    """Return the number of rows of `X`, which must have rows and columns."""
    if X is None or isinstance(X, str | bytes | Mapping):
        raise ValueError(
            f"Expected 2D array of shape (n_samples, n_features), got X={X!r} instead."
        )
    shape: tuple[int, ...] = X.shape if hasattr(X, "shape") else (len(X),)
    if shape[0] == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={np.shape(X)}) while a minimum of 1 is "
            "required; X must have at least one row."
        )
    if len(shape) == 2 and shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 "
            "is required; X must have at least one column."
        )
    # One text per row is also accepted, for members that begin with a vectorizer.
    if len(shape) == 1 and isinstance(_first(X), Number):
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X has shape {shape}. "
            "Reshape your data either using array.reshape(-1, 1) if your data has a "
            "single feature or array.reshape(1, -1) if it contains a single sample."
        )
    return shape[0]


def _first(X: Any) -> Any:
    return X.iloc[0] if hasattr(X, "iloc") else X[0]


def _check_several_classes(target: Target, weight: Any) -> None:
    if target.kind != "classes":
        return
    if target.n_classes < 2:
        raise ValueError(
            f"y holds one class only, {label_of(target, 0)}; a classifier needs rows of at "
            "least 2 classes."
        )
    if weight is None:
        return
    seen = np.unique(target.values[np.asarray(weight, dtype=float) > 0])
    if len(seen) < 2:
        raise ValueError(
            f"y contains 1 class, {label_of(target, seen[0])}, after sample_weight "
            "trimmed classes with zero weights, while a minimum of 2 classes are "
            "required; give rows of another class a sample_weight above 0."
        )
