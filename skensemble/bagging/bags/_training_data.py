"""The training data of bagging, and the rows that it predicts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from skensemble.bagging._out_of_bag_score import check_oob_score
from skensemble.bagging.bags._options import check_row_metadata
from skensemble.core import (
    Target,
    class_target,
    is_frame,
    narrow_indices,
    numeric_target,
    plain_table,
    read_groups,
    read_weights,
)

# Members decide which values they accept.
_LENIENT: dict[str, Any] = {
    "accept_sparse": ["csr", "csc"],
    "dtype": None,
    "ensure_all_finite": False,
}


@dataclass(frozen=True)
class BagTrainingData:
    """Features, target, sample weights and groups of a fit."""

    X: Any
    target: Target
    weight: Any
    groups: Any = None


def read_training_data(
    bag: Any, X: Any, y: Any, sample_weight: Any, groups: Any
) -> BagTrainingData:
    """Read and check the data of a fit; frames stay frames.

    Parameters
    ----------
    bag : estimator
        The ensemble; its ``n_features_in_`` and ``feature_names_in_`` are set.
    X : array-like, sparse matrix or frame of shape (n_samples, n_features)
        The features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target.
    sample_weight, groups : array-like of shape (n_samples,) or None
        Sample weights and groups.

    Returns
    -------
    data : BagTrainingData
    """
    X = _read_features(bag, plain_table(X))
    target = _read_target(y, classifier=is_classifier(bag))
    check_consistent_length(X, target.values)
    n_rows = len(target.values)
    check_row_metadata(bag.sampling, sample_weight, groups)
    sample_weight = read_weights("sample_weight", sample_weight, n_rows)
    groups = read_groups(groups, n_rows)
    check_oob_score("oob_score", bag.oob_score, target, sample_weight)
    return BagTrainingData(X, target, sample_weight, groups)


def read_rows(bag: Any, X: Any, fitted_on_frame: bool) -> Any:
    """Read rows to predict in the form in which members were fitted.

    Parameters
    ----------
    bag : estimator
        The fitted ensemble.
    X : array-like, sparse matrix or frame of shape (n_samples, n_features)
        The rows.
    fitted_on_frame : bool
        Whether members were fitted on named columns.

    Returns
    -------
    X : ndarray, sparse matrix or frame
    """
    X = plain_table(X)
    if is_frame(X) and fitted_on_frame:
        validate_data(bag, X, reset=False, skip_check_array=True)
        return X
    X = validate_data(bag, narrow_indices(X), reset=False, **_LENIENT)
    if fitted_on_frame and isinstance(X, np.ndarray):
        return pd.DataFrame(X, columns=getattr(bag, "feature_names_in_", None))
    return X


def _read_features(bag: Any, X: Any) -> Any:
    if not is_frame(X):
        return validate_data(bag, narrow_indices(X), **_LENIENT)
    if 0 in X.shape:
        raise ValueError(
            f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s) "
            f"(shape={X.shape}) while a minimum of 1 is required; X must have at least "
            "one row and one column."
        )
    validate_data(bag, X, skip_check_array=True)
    return X


def _read_target(y: Any, *, classifier: bool) -> Target:
    if not classifier:
        return numeric_target(y)
    target = class_target(y)
    if target.kind == "labels":
        raise ValueError(
            f"y should be a 1d array, got an array of shape {target.values.shape} "
            "instead; fit one classifier per column, for example with "
            "MultiOutputClassifier."
        )
    return target
