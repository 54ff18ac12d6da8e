"""What a bag reads: features kept as a frame where they are one, and the target."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from skensemble.core import Target, class_target, numeric_target


def is_frame(X: Any) -> bool:
    """Tell whether features are a table with named columns."""
    return hasattr(X, "columns") and hasattr(X, "shape") and len(X.shape) == 2


def read_features(bag: Any, X: Any) -> Any:
    """Read the features of a fit: frames stay frames, the rest becomes an array.

    Parameters
    ----------
    bag : estimator
        Who is told their number and names.
    X : array-like, sparse matrix or frame
        The features.

    Returns
    -------
    X : ndarray, sparse matrix or frame
    """
    if not is_frame(X):
        return validate_data(bag, X, **_LENIENT)
    if 0 in X.shape:
        raise ValueError(
            f"X of shape {X.shape} has nothing to fit on: Found array with "
            f"{X.shape[0]} sample(s) and {X.shape[1]} feature(s); give a frame with "
            "rows and columns."
        )
    validate_data(bag, X, skip_check_array=True)
    return X


_LENIENT: dict[str, Any] = {
    "accept_sparse": ["csr", "csc"],
    "dtype": None,
    "ensure_all_finite": False,
}


def read_again(bag: Any, X: Any, fitted_on_frame: bool) -> Any:
    """Read rows to predict, as members saw the rows that they were fitted on.

    Parameters
    ----------
    bag : estimator
        The fitted bag.
    X : array-like, sparse matrix or frame
        The rows.
    fitted_on_frame : bool
        Whether members want named columns.

    Returns
    -------
    X : ndarray, sparse matrix or frame
    """
    if is_frame(X) and fitted_on_frame:
        validate_data(bag, X, reset=False, skip_check_array=True)
        return X
    X = validate_data(bag, X, reset=False, **_LENIENT)
    if fitted_on_frame and isinstance(X, np.ndarray):
        return pd.DataFrame(X, columns=getattr(bag, "feature_names_in_", None))
    return X


def read_target(y: Any, *, classifier: bool) -> Target:
    """Read the target; a row has one class, or one number or more.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_outputs)
        The target.
    classifier : bool
        Whether it holds classes.

    Returns
    -------
    target : Target
    """
    if not classifier:
        return numeric_target(y)
    target = class_target(y)
    if target.kind == "labels":
        raise ValueError(
            f"y should be a 1d array, got an array of shape {target.values.shape} "
            "instead; fit a classifier a column, for example with MultiOutputClassifier."
        )
    return target
