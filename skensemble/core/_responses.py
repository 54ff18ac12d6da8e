"""Response methods, and predictions of any shape as one block of columns.

A block has one row per sample. Its columns are the classes for ``predict_proba`` and
``decision_function`` (one column for a binary decision), and the outputs otherwise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core._features import narrow_indices

Array = NDArray[Any]

AUTO = ("predict_proba", "decision_function", "predict")


def resolve_response_method(estimator: Any, wanted: str) -> str:
    """Return the response method of an unfitted estimator, with "auto" resolved.

    Ensembles that use the same response method then share its fits.
    """
    found = (method for method in AUTO if hasattr(estimator, method))
    return next(found, wanted) if wanted == "auto" else wanted


def find_response_method(name: str, estimator: Any, wanted: str) -> str:
    """Return the response method to use: the given one, or for "auto" the best one."""
    for method in AUTO if wanted == "auto" else (wanted,):
        if hasattr(estimator, method):
            return method
    methods = (
        f"any of {', '.join(AUTO)}" if wanted == "auto" else f"the method {wanted}"
    )
    raise ValueError(f"Underlying estimator {name} does not implement {methods}.")


def flat_column(values: Any) -> Array:
    """Return an array, with one dimension if it has a single column.

    Targets come as a frame with one column, and some estimators predict one: CatBoost
    does for three or more classes. A shape of (n, 1) beside one of (n,) would compare
    all pairs of rows.

    Parameters
    ----------
    values : array-like
        Targets or predictions.

    Returns
    -------
    values : ndarray of shape (n,) or (n, k) with k > 1
    """
    values = np.asarray(values)
    single = values.ndim == 2 and values.shape[1] == 1
    return values[:, 0] if single else values


def predict_block(
    estimator: Any, method: str, X: Any, present: Array | None, n_classes: int
) -> Array:
    """Predict `X` as one block, in the columns of all `n_classes` classes.

    Parameters
    ----------
    estimator : estimator
        The fitted member.
    method : {"predict_proba", "decision_function", "predict"}
        The response method.
    X : array-like
        The rows to predict.
    present : ndarray of int or None
        Codes of the classes in its training rows, in the order of its columns; None
        unless each row belongs to exactly one class.
    n_classes : int
        Total number of classes.

    Returns
    -------
    block : ndarray of shape (n,) or (n, k)
        A class without training rows has probability zero, or the lowest decision
        value of its row.
    """
    raw = getattr(estimator, method)(narrow_indices(X))
    if isinstance(raw, list):
        return _labels_block(estimator, raw)
    raw = flat_column(raw) if method == "predict" else np.asarray(raw)
    if raw.dtype.kind == "f" and np.isnan(raw).any():
        raise ValueError(
            f"{method} gave NaN in {int(np.isnan(raw).reshape(len(raw), -1).any(1).sum())}"
            f" of {len(raw)} rows."
        )
    if present is None:
        return raw
    if method == "predict":
        return np.asarray(present[raw.astype(np.intp)])
    if method == "predict_proba":
        _check_probabilities(raw, len(present))
        return _spread(raw, present, n_classes, fill=0.0)
    return _spread_decision(raw, present, n_classes)


def _labels_block(estimator: Any, raw: list[Array]) -> Array:
    """Multilabel: one array of probabilities per label; keep P(label = 1)."""
    columns = []
    for k, block in enumerate(raw):
        if block.shape[1] == 1:  # this label never varied in the rows fitted
            on = float(estimator.classes_[k][0] == 1)
            columns.append(np.full((len(block), 1), on))
        else:
            columns.append(block[:, 1:])
    return np.hstack(columns)


def _check_probabilities(raw: Array, width: int) -> None:
    # With a custom objective LightGBM returns raw scores from predict_proba. As
    # probabilities they would spoil the meta model without an error.
    if raw.ndim != 2 or raw.shape[1] != width:
        raise ValueError(
            f"predict_proba gave an array of shape {raw.shape} for {width} classes; "
            "expected one column per class. Use a member that returns probabilities, "
            "or stack_method='predict'."
        )
    if raw.size and (raw.min() < -1e-3 or raw.max() > 1 + 1e-3):
        raise ValueError(
            f"predict_proba gave values from {raw.min():.3g} to {raw.max():.3g}, "
            "which are not probabilities. Use a member that returns probabilities, or "
            "stack_method='decision_function' or 'predict'."
        )


def _spread(raw: Array, present: Array, n_classes: int, fill: Any) -> Array:
    if len(present) == n_classes:
        return raw
    block = np.empty((len(raw), n_classes), dtype=raw.dtype)
    block[:] = fill
    block[:, present] = raw
    return block


def _spread_decision(raw: Array, present: Array, n_classes: int) -> Array:
    if len(present) == n_classes:
        return raw
    if raw.ndim == 1 and len(present) == 2:
        raw = np.column_stack([-raw, raw])
    if raw.ndim != 2 or raw.shape[1] != len(present):
        raise ValueError(
            f"decision_function gave an array of shape {raw.shape} for "
            f"{len(present)} of {n_classes} classes, which cannot be aligned with "
            "the other splits. Use stack_method='predict_proba' or 'predict', or a "
            "stratified cv."
        )
    return _spread(raw, present, n_classes, fill=raw.min(axis=1, keepdims=True))


def lacks_method(estimator: Any, method: str) -> bool:
    """Whether an estimator lacks a method, also after it is fitted."""
    # A stack with the default meta model only has the method when it is fitted.
    is_open = getattr(estimator, "final_estimator", estimator) is None
    may_gain = is_open and hasattr(type(estimator), method)
    return not hasattr(estimator, method) and not may_gain
