"""Binned features, once for all trees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Largest number of bins of a feature.
MOST_BINS = 255
# Up to this number of rows every value has a bin.
_FEW_ROWS = 2048
# Number of rows that quantiles are computed from.
_ENOUGH_ROWS = 10_000
# Number of equal intervals between the first and the last edge, in a lookup table.
_N_INTERVALS = 2048
# Number of steps up in `places` before a binary search.
_FEW_STEPS = 2


@dataclass(frozen=True)
class Bins:
    """The bins of each feature.

    Parameters
    ----------
    edges : tuple of ndarray
        Edges per feature. A value belongs to the first bin whose edge is not below it.
    categorical : tuple of int
        Columns that hold codes of categories; a split separates one category.
    most : int
        Maximum number of bins of a feature.
    """

    edges: tuple[Array, ...]
    categorical: tuple[int, ...]
    most: int

    @property
    def last(self) -> Array:
        """Last bin of each feature, without the bin of missing values."""
        return np.array([len(edges) for edges in self.edges])

    def codes(self, X: Array) -> Array:
        """Bin of each value, (n_features, n); missing values have the last bin."""
        found = np.empty((X.shape[1], X.shape[0]), dtype=np.intp)
        for j, edges in enumerate(self.edges):
            column = np.ascontiguousarray(X[:, j])
            found[j] = places(edges, column)
            unknown = np.isnan(column)
            if j in self.categorical:
                # An unknown category is treated as missing.
                unknown |= column > len(edges)
            found[j, unknown] = len(edges) + 1
        return found

    def indices(self, X: Array) -> Array:
        """Bin of each value as a float, (n, n_features); missing values stay NaN."""
        found = self.codes(X).T.astype(np.float32)
        found[np.isnan(X)] = np.nan
        return found

    def every_index(self) -> Array:
        """Rows in which each feature takes all its bins, (n_bins, n_features)."""
        rows = np.arange(self.last.max() + 1)[:, None]
        return np.minimum(rows, self.last).astype(np.float32)

    def threshold(self, j: int, number: float) -> float:
        """Threshold of the values for a threshold of the indices of bins.

        In single precision, as XGBoost stores both; a value on an edge is below it.
        """
        at = int(np.ceil(number)) - 1
        if not 0 <= at < len(self.edges[j]):  # missing values against all others
            return float(np.copysign(np.finfo(np.float32).max, at))
        edge = np.float32(self.edges[j][at])
        return float(np.nextafter(edge, np.float32(np.inf)))


def find_bins(X: Array, categorical: tuple[int, ...], n_bins: int = MOST_BINS) -> Bins:
    """Bin each feature halfway between its values, or at its quantiles.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Data; missing values are NaN.
    categorical : tuple of int
        Columns that hold codes of categories; each code has a bin.
    n_bins : int, default=255
        Number of bins of a feature with more than 255 values. For few rows every value
        has a bin.

    Returns
    -------
    bins : Bins
    """
    most = len(X) if len(X) <= _FEW_ROWS else MOST_BINS
    step = max(1, len(X) // _ENOUGH_ROWS)
    edges = []
    for j in range(X.shape[1]):
        if j in categorical:
            edges.append(_code_edges(_without_missing(X[:, j])))
            continue
        some = np.sort(_without_missing(X[::step, j]))
        # A part of the rows may have more values than bins already.
        if len(_distinct(some)) > 2 * most:
            edges.append(_quantile_edges(some, n_bins))
            continue
        column = some if step == 1 else np.sort(_without_missing(X[:, j]))
        values = _distinct(column)
        if len(values) > most:
            edges.append(_quantile_edges(column, n_bins))
        else:
            edges.append((values[:-1] + values[1:]) / 2)
    return Bins(tuple(edges), categorical, most)


def places(edges: Array, values: Array) -> Array:
    """Positions of values among sorted edges: a faster ``np.searchsorted``.

    A table gives the first edge of each interval; few intervals have more than one or
    two edges. The position of a missing value is arbitrary.

    Parameters
    ----------
    edges : ndarray of shape (n_edges,)
        Edges, in increasing order.
    values : ndarray of shape (n,)
        Values.

    Returns
    -------
    places : ndarray of int of shape (n,)
        Position of the first edge that is not below each value.
    """
    with np.errstate(over="ignore", divide="ignore"):
        scale = _N_INTERVALS / np.subtract(edges[-1], edges[0]) if len(edges) else 0.0
    if not 0.0 < scale < np.inf or len(values) < _N_INTERVALS:
        return np.asarray(edges.searchsorted(values))
    on_edges = _interval(edges, edges[0], scale)
    first = on_edges.searchsorted(np.arange(_N_INTERVALS + 1))
    at = first.take(_interval(values, edges[0], scale))
    edges = np.append(edges, np.inf)
    for _ in range(_FEW_STEPS):
        at += edges.take(at) < values
    below = np.flatnonzero(edges.take(at) < values)
    at[below] = edges.searchsorted(values[below])
    return np.asarray(at)


def _interval(values: Array, start: float, scale: float) -> Array:
    """Interval of each value; it never decreases where values increase."""
    with np.errstate(over="ignore"):
        found = (values - start) * scale
    # fmax and fmin ignore missing values.
    np.fmax(found, 0.0, out=found)
    np.fmin(found, _N_INTERVALS, out=found)
    return np.asarray(found.astype(np.intp))


def _without_missing(column: Array) -> Array:
    return column[~np.isnan(column)]


def _distinct(values: Array) -> Array:
    """Distinct values, from sorted values."""
    first = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return values[first]


def _code_edges(codes: Array) -> Array:
    """Edges that give each code its own bin, unused codes included."""
    return np.arange(codes.max()) + 0.5 if len(codes) else np.empty(0)


def _quantile_edges(values: Array, most: int) -> Array:
    """Edges halfway between the values next to each quantile, from sorted values."""
    at = np.linspace(0, len(values), most + 1)[1:-1].astype(np.intp) - 1
    # The last row with the value of a quantile, so that equal values stay together.
    at = np.searchsorted(values, np.unique(values[at]), side="right") - 1
    at = at[at < len(values) - 1]
    return np.asarray((values[at] + values[at + 1]) / 2)


def dense(X: Any) -> Array:
    """Return a dense array of float."""
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=float)
