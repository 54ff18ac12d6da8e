"""Columns cut into bins, once for all trees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_BINS = 255
_FEW_ROWS = 2048
# Quantiles are found from so many rows.
_ENOUGH_ROWS = 10_000
# First guesses of a place are kept for so many stretches between the edges.
_STRETCHES = 2048
_FEW_STEPS = 2


@dataclass(frozen=True)
class Bins:
    """Where the columns are cut.

    Parameters
    ----------
    edges : tuple of ndarray
        By column: a value belongs to the first bin whose edge is not below it.
    categorical : tuple of int
        Columns of codes: a split takes one category from the others.
    most : int
        Most bins of a column.
    """

    edges: tuple[Array, ...]
    categorical: tuple[int, ...]
    most: int

    @property
    def last(self) -> Array:
        """Last bin of each column, that of missing values not counted."""
        return np.array([len(edges) for edges in self.edges])

    def codes(self, X: Array) -> Array:
        """Bin of each value, (n_features, n); missing values have the last."""
        found = np.empty((X.shape[1], X.shape[0]), dtype=np.intp)
        for j, edges in enumerate(self.edges):
            column = np.ascontiguousarray(X[:, j])
            found[j] = places(edges, column)
            unknown = np.isnan(column)
            if j in self.categorical:
                # A category that no row had is none of the others.
                unknown |= column > len(edges)
            found[j, unknown] = len(edges) + 1
        return found

    def numbers(self, X: Array) -> Array:
        """Bin of each value as a number, (n, n_features); missing values stay missing."""
        found = self.codes(X).T.astype(np.float32)
        found[np.isnan(X)] = np.nan
        return found

    def every_number(self) -> Array:
        """Rows in which each column takes all its numbers, (most bins, n_features)."""
        rows = np.arange(self.last.max() + 1)[:, None]
        return np.minimum(rows, self.last).astype(np.float32)

    def threshold(self, j: int, number: float) -> float:
        """Turn "bins below this number" into "values below this".

        In single precision, as XGBoost keeps both; a value on an edge belongs below it.
        """
        at = int(np.ceil(number)) - 1
        if not 0 <= at < len(self.edges[j]):  # missing values apart from all others
            return float(np.copysign(np.finfo(np.float32).max, at))
        edge = np.float32(self.edges[j][at])
        return float(np.nextafter(edge, np.float32(np.inf)))


def find_bins(X: Array, categorical: tuple[int, ...], fine: int = MOST_BINS) -> Bins:
    """Cut each column halfway between its values, or at its quantiles.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Numbers, missing ones NaN.
    categorical : tuple of int
        Columns of codes, which are not put together.
    fine : int, default=255
        Into how many bins columns of more than 255 values are cut. Of few rows every
        value is kept apart.
    """
    most = len(X) if len(X) <= _FEW_ROWS else MOST_BINS
    step = max(1, len(X) // _ENOUGH_ROWS)
    edges = []
    for j in range(X.shape[1]):
        if j in categorical:
            edges.append(_code_edges(_without_missing(X[:, j])))
            continue
        some = np.sort(_without_missing(X[::step, j]))
        # Some of the rows may show already that there are more values than bins.
        if len(_apart(some)) > 2 * most:
            edges.append(_quantile_edges(some, fine))
            continue
        column = some if step == 1 else np.sort(_without_missing(X[:, j]))
        values = _apart(column)
        if len(values) > most:
            edges.append(_quantile_edges(column, fine))
        else:
            edges.append((values[:-1] + values[1:]) / 2)
    return Bins(tuple(edges), categorical, most)


def places(edges: Array, values: Array) -> Array:
    """Place of each value among sorted edges: ``np.searchsorted``, several times sooner.

    The stretch that a value falls on tells from which edge to look; few stretches have
    more than one or two. Of missing values the place means nothing.

    Parameters
    ----------
    edges : ndarray of shape (n_edges,)
        In order.
    values : ndarray of shape (n,)
        Numbers.

    Returns
    -------
    places : ndarray of int of shape (n,)
        Of the first edge that is not below each value.
    """
    with np.errstate(over="ignore", divide="ignore"):
        scale = _STRETCHES / np.subtract(edges[-1], edges[0]) if len(edges) else 0.0
    if not 0.0 < scale < np.inf or len(values) < _STRETCHES:
        return np.asarray(edges.searchsorted(values))
    on_edges = _stretch(edges, edges[0], scale)
    first = on_edges.searchsorted(np.arange(_STRETCHES + 1))
    at = first.take(_stretch(values, edges[0], scale))
    edges = np.append(edges, np.inf)
    for _ in range(_FEW_STEPS):
        at += edges.take(at) < values
    below = np.flatnonzero(edges.take(at) < values)
    at[below] = edges.searchsorted(values[below])
    return np.asarray(at)


def _stretch(values: Array, start: float, scale: float) -> Array:
    """Number of the stretch of each value; it never falls where values rise."""
    with np.errstate(over="ignore"):
        found = (values - start) * scale
    # These two leave missing values aside.
    np.fmax(found, 0.0, out=found)
    np.fmin(found, _STRETCHES, out=found)
    return np.asarray(found.astype(np.intp))


def _without_missing(column: Array) -> Array:
    return column[~np.isnan(column)]


def _apart(values: Array) -> Array:
    """Sorted values, each of them once."""
    first = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return values[first]


def _code_edges(codes: Array) -> Array:
    """Give each code the bin of its number, also where some code in between is unused."""
    return np.arange(codes.max()) + 0.5 if len(codes) else np.empty(0)


def _quantile_edges(values: Array, most: int) -> Array:
    """Cut sorted values halfway between those next to each quantile."""
    at = np.linspace(0, len(values), most + 1)[1:-1].astype(np.intp) - 1
    # The last row with the value at a quantile, so that equal values stay together.
    at = np.searchsorted(values, np.unique(values[at]), side="right") - 1
    at = at[at < len(values) - 1]
    return np.asarray((values[at] + values[at + 1]) / 2)


def dense(X: Any) -> Array:
    """Give an array."""
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=float)
