"""Names and number of the features of a fit, and the check of new rows against them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skensemble.core._frames import plain_table


@dataclass(frozen=True)
class Features:
    """Names and number of the features that a fit has seen.

    Parameters
    ----------
    count : int or None
        Number of features; None for data without columns, such as a list of texts.
    names : ndarray of str or None
        Names of the features; None unless all of them are strings.
    """

    count: int | None
    names: NDArray[Any] | None


class _Holder(BaseEstimator):
    """Takes the attributes that `validate_data` sets."""


def features_of(X: Any) -> Features:
    """Read the names and the number of the features of training data."""
    holder = _Holder()
    validate_data(holder, _with_shape(X), skip_check_array=True)
    found = vars(holder)
    return Features(found.get("n_features_in_"), found.get("feature_names_in_"))


def check_features(estimator: Any, X: Any) -> Any:
    """Check names, order and number of the features of new rows, as scikit-learn does.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with ``n_features_in_``, and ``feature_names_in_`` if it was
        fitted on named features.
    X : array-like, sparse matrix or frame
        The new rows.

    Returns
    -------
    X : array-like, sparse matrix or frame
        The rows, for the members: see `plain_table`.

    Raises
    ------
    ValueError
        If names are unknown, missing or in another order, if the number of features
        differs, or if the rows have one dimension only.
    """
    rows = plain_table(X)
    X = _with_shape(rows)
    if len(X.shape) == 1 and hasattr(estimator, "n_features_in_"):
        raise ValueError(
            f"Expected 2D array, got an array of shape {X.shape} instead. Reshape your "
            "data with array.reshape(-1, 1) if it has a single feature, or with "
            "array.reshape(1, -1) if it is a single row."
        )
    validate_data(estimator, X, reset=False, skip_check_array=True)
    return rows


def narrow_indices(X: Any) -> Any:
    """Return a sparse matrix with indices of 32 bits where these are enough.

    Sums and products of sparse matrices often have indices of 64 bits, which trees and
    other compiled learners do not read.

    Parameters
    ----------
    X : array-like, sparse matrix or frame
        The features.

    Returns
    -------
    X : array-like, sparse matrix or frame
        Another matrix with the same entries; `X` itself if it is not sparse or if its
        indices need 64 bits.
    """
    largest = np.iinfo(np.int32).max
    if not sp.issparse(X) or X.format not in ("csr", "csc", "coo"):
        return X
    if max(*X.shape, X.nnz) > largest:
        return X
    if X.format == "coo":
        if all(rows.dtype != np.int64 for rows in X.coords):
            return X
        found = X.copy()
        found.coords = tuple(rows.astype(np.int32) for rows in X.coords)
        return found
    if X.indices.dtype != np.int64 and X.indptr.dtype != np.int64:
        return X
    found = type(X)(X.shape, dtype=X.dtype)
    found.data = X.data
    found.indices, found.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return found


def _with_shape(X: Any) -> Any:
    return X if hasattr(X, "shape") else np.asarray(X)
