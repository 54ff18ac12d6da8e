"""Order of rows that depends on their content, not on their position.

Draws that follow this order are the same for a shuffled table, and a row of weight two
is drawn as the same row given twice.
"""

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[Any]


def content_order(X: Any, y: Array) -> Array:
    """Order rows by a digest of their features and targets.

    Parameters
    ----------
    X : array, sparse matrix or frame of shape (n_samples, n_features)
        The features.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The target.

    Returns
    -------
    order : ndarray of int of shape (n_samples,)
    """
    digest = _digest_sparse(X) if sp.issparse(X) else _digest_columns(X)
    outputs = y.reshape(len(y), -1)
    for k in range(outputs.shape[1]):
        digest += _hashes(outputs[:, k], -1 - k)
    return np.argsort(digest, kind="stable")


def _digest_columns(X: Any) -> Array:
    digest = np.zeros(X.shape[0], dtype=np.uint64)
    for k in range(X.shape[1]):
        digest += _hashes(_column(X, k), k)
    return digest


def _digest_sparse(X: Any) -> Array:
    # The digest of a dense array is the same, since zeros add nothing.
    table = X.tocoo()
    digest = np.zeros(X.shape[0], dtype=np.uint64)
    np.add.at(digest, table.row, _hashes(table.data, table.col))
    return digest


def _column(X: Any, k: int) -> Array:
    if hasattr(X, "iloc"):
        return np.asarray(X.iloc[:, k])
    return np.asarray(X[:, k])


def _hashes(values: Array, column: Any) -> Array:
    """Hash each value with its column (finaliser of SplitMix64); zero gives zero."""
    numbers = _numbers(values)
    bits = (numbers + 0.0).view(np.uint64)
    salt = np.asarray(column, dtype=np.int64).astype(np.uint64)
    with np.errstate(over="ignore"):
        bits = bits + (salt + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits = bits ^ (bits >> np.uint64(31))
    return np.where(numbers == 0, np.uint64(0), bits)


def _numbers(values: Array) -> Array:
    """Convert values to floats: strings and other objects by a hash of their text."""
    if values.dtype.kind in "mM":
        return values.astype(np.int64).astype(float)
    try:
        return np.ascontiguousarray(values, dtype=float)
    except (TypeError, ValueError):
        texts = np.array([str(value) for value in values], dtype=object)
        # A float has 53 significant bits.
        return (pd.util.hash_array(texts) >> np.uint64(11)).astype(float)
