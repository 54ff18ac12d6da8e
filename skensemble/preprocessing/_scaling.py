"""Impute and scale numeric columns, or expand them piecewise linearly."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtri

from skensemble.preprocessing._frames import Array

# Quantiles are computed from at most about this many rows.
_MAX_SORTED = 20_000
# Standardized columns are clipped to this many standard deviations.
_MAX_DEVIATIONS = 10.0
# Largest number of pieces per column of the piecewise linear encoding.
_MAX_PIECES = 8


def quantiles(numbers: Array, shares: Array) -> Array:
    """Return quantiles of columns with missing values, by the nearest order statistic.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples, n_columns)
        The columns.
    shares : ndarray of shape (n_quantiles,)
        Probabilities between 0 and 1.

    Returns
    -------
    values : ndarray of shape (n_quantiles, n_columns)
        Quantiles. They are zero for a column without values.
    """
    ranked, counts = _sort_columns(numbers)
    return _order_statistics(ranked, counts, shares)


def _sort_columns(numbers: Array) -> tuple[Array, Array]:
    step = -(-len(numbers) // _MAX_SORTED)
    ranked = np.sort(np.asfortranarray(numbers[::step]), axis=0)  # NaN comes last
    return ranked, (~np.isnan(ranked)).sum(axis=0)


def _order_statistics(ranked: Array, counts: Array, shares: Array) -> Array:
    last = np.maximum(counts - 1, 0)
    rows = np.rint(np.multiply.outer(shares, last)).astype(np.intp)
    return np.nan_to_num(ranked[rows, np.arange(ranked.shape[1])])


@dataclass(frozen=True)
class MedianFill:
    """Imputation of missing values by the median, with an indicator per such column."""

    names: tuple[str, ...]
    medians: Array
    flagged: Array

    def fill(self, numbers: Array) -> Array:
        """Replace missing values by the medians."""
        return np.where(np.isnan(numbers), self.medians, numbers)

    def flags(self, numbers: Array) -> Array:
        """Return the indicators of missing values."""
        return np.isnan(numbers[:, self.flagged]).astype(float)

    def apply(self, numbers: Array) -> Array:
        """Return the imputed columns, followed by the indicators."""
        return np.hstack([self.fill(numbers), self.flags(numbers)])


def learn_median_fill(numbers: Array, names: list[str]) -> MedianFill:
    """Learn the medians, and which columns have missing values."""
    flagged = np.flatnonzero(np.isnan(numbers).any(axis=0))
    flags = [f"{names[j]} missing" for j in flagged]
    medians = quantiles(numbers, np.array([0.5]))[0]
    return MedianFill((*names, *flags), medians, flagged)


@dataclass(frozen=True)
class StandardScaling:
    """(x - mean) / standard deviation, clipped to ±10, with imputation by medians."""

    names: tuple[str, ...]
    filled: MedianFill
    means: Array
    deviations: Array

    def apply(self, numbers: Array) -> Array:
        """Return the standardized columns, followed by the indicators."""
        scaled = self.scale(self.filled.fill(numbers))
        return np.hstack([scaled, self.filled.flags(numbers)])

    def scale(self, filled: Array) -> Array:
        """Standardize columns without missing values."""
        scaled = (filled - self.means) / self.deviations
        return np.clip(scaled, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def learn_standard_scaling(numbers: Array, names: list[str]) -> StandardScaling:
    """Learn the means and standard deviations."""
    filled = learn_median_fill(numbers, names)
    values = filled.fill(numbers)
    deviations = values.std(axis=0)
    safe = np.where(deviations > 0, deviations, 1.0)
    return StandardScaling(filled.names, filled, values.mean(axis=0), safe)


@dataclass(frozen=True)
class PiecewiseLinear:
    """Standardized columns, and the piecewise linear encoding of each column.

    Piece k is clip((x - t[k-1]) / (t[k] - t[k-1]), 0, 1) with knots t at quantiles. A
    linear model on the pieces is piecewise linear in x.

    References
    ----------
    .. [1] Gorishniy, Y., Rubachev, I., Babenko, A. (2022). On Embeddings for Numerical
       Features in Tabular Deep Learning. NeurIPS, section 3.2.
    """

    names: tuple[str, ...]
    standardized: StandardScaling
    columns: Array
    lower: Array
    width: Array

    def apply(self, numbers: Array) -> Array:
        """Return the standardized columns, then the indicators, then the pieces."""
        filled = self.standardized.filled.fill(numbers)
        p, flags = filled.shape[1], self.standardized.filled.flags(numbers)
        plain = p + flags.shape[1]
        out = np.empty((len(filled), plain + len(self.columns)), order="F")
        out[:, :p] = self.standardized.scale(filled)
        out[:, p:plain] = flags
        pieces = out[:, plain:]
        np.subtract(filled[:, self.columns], self.lower, out=pieces)
        pieces /= self.width
        np.clip(pieces, 0, 1, out=pieces)
        return out


def learn_piecewise_linear(numbers: Array, names: list[str]) -> PiecewiseLinear:
    """Learn the knots.

    A column has at most eight pieces, and fewer if there were more than two pieces per
    row. A column with a single piece, such as one with two values, gets none, because
    the piece would repeat the standardized column.
    """
    standardized = learn_standard_scaling(numbers, names)
    n, p = numbers.shape
    pieces_each = min(_MAX_PIECES, max(1, 2 * n // max(1, p)))
    edges = quantiles(numbers, np.linspace(0, 1, pieces_each + 1))
    lower, upper = edges[:-1], edges[1:]
    useful = upper > lower
    useful &= useful.sum(axis=0) > 1
    columns, pieces = np.nonzero(useful.T)
    piece_names = [
        f"{names[j]} piece {k}" for j, k in zip(columns, pieces, strict=True)
    ]
    low = lower[pieces, columns]
    width = upper[pieces, columns] - low
    all_names = (*standardized.names, *piece_names)
    return PiecewiseLinear(all_names, standardized, columns, low, width)


@dataclass(frozen=True)
class RobustScaling:
    """z / sqrt(1 + (z/3)²) with z = (x - median) / spread, which stays within ±3.

    The spread is the interquartile range divided by 1.349, or the standard deviation if
    the range is zero.

    References
    ----------
    .. [1] Holzmüller, D., Grinsztajn, L., Steinwart, I. (2024). Better by Default:
       Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data. NeurIPS, section 3.
    """

    names: tuple[str, ...]
    filled: MedianFill
    spreads: Array

    def apply(self, numbers: Array) -> Array:
        """Return the scaled columns, followed by the indicators."""
        z = (self.filled.fill(numbers) - self.filled.medians) / self.spreads
        z /= np.sqrt(1 + (z / 3) ** 2)
        return np.hstack([z, self.filled.flags(numbers)])


def learn_robust_scaling(numbers: Array, names: list[str]) -> RobustScaling:
    """Learn the medians and spreads."""
    filled = learn_median_fill(numbers, names)
    low, high = quantiles(numbers, np.array([0.25, 0.75]))
    deviations = filled.fill(numbers).std(axis=0)
    # 1.349 is the interquartile range of the standard normal distribution.
    spreads = np.where(high > low, (high - low) / 1.349, deviations)
    return RobustScaling(filled.names, filled, np.where(spreads > 0, spreads, 1.0))


@dataclass(frozen=True)
class NormalQuantiles:
    """Normal quantiles of the ranks, clipped to ±3 and standardized."""

    names: tuple[str, ...]
    filled: MedianFill
    maps: tuple[Any, ...]
    means: Array = field(default_factory=lambda: np.zeros(0))
    deviations: Array = field(default_factory=lambda: np.ones(0))

    def apply(self, numbers: Array) -> Array:
        """Return the scaled columns, followed by the indicators."""
        z = (self._normal(numbers) - self.means) / self.deviations
        return np.hstack([z, self.filled.flags(numbers)])

    def _normal(self, numbers: Array) -> Array:
        filled = np.asfortranarray(self.filled.fill(numbers))
        out = np.empty_like(filled)
        for j, (knots, values) in enumerate(self.maps):
            out[:, j] = np.interp(filled[:, j], knots, values)
        return out


def learn_normal_quantiles(
    numbers: Array, names: list[str], knots: int = 257
) -> NormalQuantiles:
    """Learn the map from values to normal quantiles at `knots` points per column."""
    filled = learn_median_fill(numbers, names)
    shares = np.linspace(0, 1, min(knots, len(numbers)))
    edges = quantiles(numbers, shares)
    high = np.clip(ndtri(np.clip(shares, 1e-9, 1 - 1e-9)), -3, 3)
    maps = tuple(_quantile_map(column, high) for column in edges.T)
    raw = NormalQuantiles(filled.names, filled, maps)._normal(numbers)
    deviations = raw.std(axis=0)
    safe = np.where(deviations > 1e-12, deviations, 1.0)
    return NormalQuantiles(filled.names, filled, maps, raw.mean(axis=0), safe)


def _quantile_map(edges: Array, z: Array) -> tuple[Array, Array]:
    """Map values to z; a value at several quantiles is mapped to their middle."""
    first = np.flatnonzero(np.append(True, edges[1:] > edges[:-1]))
    last = np.append(first[1:] - 1, len(edges) - 1)
    return edges[first], (z[first] + z[last]) / 2
