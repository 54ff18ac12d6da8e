"""Weighted means and standard deviations of columns, in float64."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[Any]

# Size in bytes of the blocks of rows that are converted to float64 at a time.
_BLOCK_BYTES = 8_000_000
# A column is constant if its entries differ from the mean by at most this multiple of
# the rounding error of its largest entry.
_ROUNDINGS = 10.0
# Margin of sums over rows to the largest and smallest floats.
_MARGIN = 1e4


@dataclass(frozen=True)
class Moments:
    """Means and standard deviations of columns.

    Parameters
    ----------
    mean : ndarray of shape (p,)
        Weighted means; zero without centring.
    deviation : ndarray of shape (p,)
        Weighted standard deviations around `mean`; one for constant columns, and
        without centring for columns of zeros.
    constant : ndarray of bool of shape (p,)
        Columns that are constant up to the rounding of their type; none without
        centring.
    largest : ndarray of shape (p,)
        Largest distance from `mean`; zero for constant columns.
    """

    mean: Array
    deviation: Array
    constant: Array
    largest: Array

    def extreme(self, dtype: Any) -> Array:
        """Columns whose squares, or their sums, overflow or vanish in a type."""
        limits = np.finfo(dtype)
        high = np.sqrt(float(limits.max)) / _MARGIN
        low = np.sqrt(float(limits.tiny)) * _MARGIN
        return (self.largest > high) | (self.largest < low) & (self.largest > 0)


def column_moments(
    X: Any, weight: Array, *, center: bool, standardize: bool
) -> Moments:
    """Compute weighted means and standard deviations.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        The columns, in float32 or float64.
    weight : ndarray of shape (n,)
        Sample weights, which sum to one.
    center : bool
        Whether deviations are from the mean, or from zero.
    standardize : bool
        Whether standard deviations are needed; they are one otherwise.

    Returns
    -------
    moments : Moments
    """
    weight = np.asarray(weight, dtype=float)
    if not weight.all():  # rows of weight zero may hold the only other values
        X, weight = X[weight != 0], weight[weight != 0]
    weight = weight / weight.sum()
    size = _largest(X, np.zeros(X.shape[1]))
    mean = np.zeros(X.shape[1])
    if center:
        mean = _mean(X, weight, mean)
        mean = _mean(X, weight, mean)  # reduces the rounding error of the first sum
    far = _largest(X, mean) if center else size
    constant = np.zeros(len(mean), dtype=bool)
    if center:
        constant = far <= _ROUNDINGS * np.finfo(X.dtype).eps * size
    far = np.where(constant, 0.0, far)
    if not standardize:
        return Moments(mean, np.ones(len(mean)), constant, far)
    # Divided by the largest one, so that squares do not overflow or vanish.
    unit = np.where(far > 0, far, 1.0)
    deviation = unit * np.sqrt(_mean_squares(X, weight, mean, unit))
    return Moments(mean, np.where(far > 0, deviation, 1.0), constant, far)


def row_blocks(X: Array) -> Iterator[slice]:
    """Blocks of rows that fit in the processor cache."""
    n, p = X.shape
    size = max(1, _BLOCK_BYTES // (8 * max(p, 1)))
    for first in range(0, n, size):
        yield slice(first, first + size)


def _mean(X: Any, weight: Array, near: Array) -> Array:
    """Weighted mean, from the mean distance to a value that is near."""
    if sp.issparse(X):
        X = X.tocsc()
        w = weight[X.indices]
        each = w * (X.data.astype(float) - _per_entry(X, near))
        filled = _sums(X, w)
        return near + _sums(X, each) - (1 - filled) * near
    total = np.zeros(X.shape[1])
    for rows in row_blocks(X):
        total += weight[rows] @ (X[rows] - near)
    return near + total


def _mean_squares(X: Any, weight: Array, mean: Array, unit: Array) -> Array:
    """Weighted mean of the squared distances from the means, in squared units."""
    if sp.issparse(X):
        X = X.tocsc()
        w = weight[X.indices]
        each = (X.data.astype(float) - _per_entry(X, mean)) / _per_entry(X, unit)
        absent = np.maximum(1 - _sums(X, w), 0)
        return _sums(X, w * each**2) + absent * (mean / unit) ** 2
    total = np.zeros(X.shape[1])
    for rows in row_blocks(X):
        total += weight[rows] @ ((X[rows] - mean) / unit) ** 2
    return total


def _largest(X: Any, mean: Array) -> Array:
    """Largest distance of the entries of each column from a value."""
    if sp.issparse(X):
        X = X.tocsc()
        each = np.abs(X.data.astype(float) - _per_entry(X, mean))
        found = np.where(np.diff(X.indptr) < X.shape[0], np.abs(mean), 0.0)
        np.maximum.at(found, _columns(X), each)
        return found
    found = np.zeros(X.shape[1])
    for rows in row_blocks(X):
        found = np.maximum(found, np.abs(X[rows] - mean).max(axis=0, initial=0.0))
    return found


def _columns(X: Any) -> Array:
    """Column of each stored entry of a CSC matrix."""
    return np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))


def _per_entry(X: Any, values: Array) -> Array:
    """Values of columns, for each stored entry of a CSC matrix."""
    return np.repeat(values, np.diff(X.indptr))


def _sums(X: Any, entries: Array) -> Array:
    """Sum of entries per column of a CSC matrix."""
    return np.bincount(_columns(X), weights=entries, minlength=X.shape[1])
