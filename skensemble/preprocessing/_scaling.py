"""Columns of numbers as a kind of learner wants them: filled, scaled, or in pieces."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtri

from skensemble.preprocessing._frames import Array

_MAX_SORTED = 20_000
_MAX_DEVIATIONS = 10.0
_MAX_PIECES = 8


def quantiles(numbers: Array, shares: Array) -> Array:
    """Quantiles of columns with missing values, by their nearest order statistic.

    Parameters
    ----------
    numbers : ndarray of shape (n, p)
        The columns.
    shares : ndarray of shape (k,)
        Between 0 and 1.

    Returns
    -------
    values : ndarray of shape (k, p)
        Zero for a column without a value.
    """
    ranked, counts = _sort_columns(numbers)
    return _order_statistics(ranked, counts, shares)


def _sort_columns(numbers: Array) -> tuple[Array, Array]:
    step = -(-len(numbers) // _MAX_SORTED)
    ranked = np.sort(np.asfortranarray(numbers[::step]), axis=0)  # missing comes last
    return ranked, (~np.isnan(ranked)).sum(axis=0)


def _order_statistics(ranked: Array, counts: Array, shares: Array) -> Array:
    last = np.maximum(counts - 1, 0)
    rows = np.rint(np.multiply.outer(shares, last)).astype(np.intp)
    return np.nan_to_num(ranked[rows, np.arange(ranked.shape[1])])


@dataclass(frozen=True)
class MedianFill:
    """Missing values filled with the median, and a flag for each such column."""

    names: tuple[str, ...]
    medians: Array
    flagged: Array

    def fill(self, numbers: Array) -> Array:
        """Fill with the medians."""
        return np.where(np.isnan(numbers), self.medians, numbers)

    def flags(self, numbers: Array) -> Array:
        """Tell what was missing."""
        return np.isnan(numbers[:, self.flagged]).astype(float)

    def apply(self, numbers: Array) -> Array:
        """The columns filled, then the flags."""
        return np.hstack([self.fill(numbers), self.flags(numbers)])


def learn_median_fill(numbers: Array, names: list[str]) -> MedianFill:
    """Learn medians, and which columns have missing values."""
    flagged = np.flatnonzero(np.isnan(numbers).any(axis=0))
    flags = [f"{names[j]} missing" for j in flagged]
    medians = quantiles(numbers, np.array([0.5]))[0]
    return MedianFill((*names, *flags), medians, flagged)


@dataclass(frozen=True)
class StandardScaling:
    """(x - mean) / standard deviation, at most ten of these away; filled and flagged."""

    names: tuple[str, ...]
    filled: MedianFill
    means: Array
    deviations: Array

    def apply(self, numbers: Array) -> Array:
        """The columns standardised, then the flags."""
        scaled = self.scale(self.filled.fill(numbers))
        return np.hstack([scaled, self.filled.flags(numbers)])

    def scale(self, filled: Array) -> Array:
        """Standardise columns without missing values."""
        scaled = (filled - self.means) / self.deviations
        return np.clip(scaled, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def learn_standard_scaling(numbers: Array, names: list[str]) -> StandardScaling:
    """Learn means and standard deviations."""
    filled = learn_median_fill(numbers, names)
    values = filled.fill(numbers)
    deviations = values.std(axis=0)
    safe = np.where(deviations > 0, deviations, 1.0)
    return StandardScaling(filled.names, filled, values.mean(axis=0), safe)


@dataclass(frozen=True)
class PiecewiseLinear:
    """Standardised columns, and beside them how far x is in each piece between knots.

    Piece k is clip((x - t[k-1]) / (t[k] - t[k-1]), 0, 1) with knots t at quantiles: a
    linear model on it is piecewise linear in x.

    References
    ----------
    .. [1] Gorishniy, Y., Rubachev, I., Babenko, A. (2022). On Embeddings for Numerical
       Features in Tabular Deep Learning. NeurIPS, section 3.2.
    """

    names: tuple[str, ...]
    standardised: StandardScaling
    columns: Array
    lower: Array
    width: Array

    def apply(self, numbers: Array) -> Array:
        """Standardised columns, flags, pieces."""
        filled = self.standardised.filled.fill(numbers)
        p, flags = filled.shape[1], self.standardised.filled.flags(numbers)
        plain = p + flags.shape[1]
        out = np.empty((len(filled), plain + len(self.columns)), order="F")
        out[:, :p] = self.standardised.scale(filled)
        out[:, p:plain] = flags
        pieces = out[:, plain:]
        np.subtract(filled[:, self.columns], self.lower, out=pieces)
        pieces /= self.width
        np.clip(pieces, 0, 1, out=pieces)
        return out


def learn_piecewise_linear(numbers: Array, names: list[str]) -> PiecewiseLinear:
    """Learn the knots; a column of two values has one piece, and so none.

    There are up to eight pieces a column, but fewer where there would be more than two
    for a row.
    """
    standardised = learn_standard_scaling(numbers, names)
    n, p = numbers.shape
    pieces_each = min(_MAX_PIECES, max(1, 2 * n // max(1, p)))
    edges = quantiles(numbers, np.linspace(0, 1, pieces_each + 1))
    lower, upper = edges[:-1], edges[1:]
    useful = upper > lower
    useful &= useful.sum(axis=0) > 1
    columns, pieces = np.nonzero(useful.T)
    made = [f"{names[j]} piece {k}" for j, k in zip(columns, pieces, strict=True)]
    low = lower[pieces, columns]
    width = upper[pieces, columns] - low
    names_ = (*standardised.names, *made)
    return PiecewiseLinear(names_, standardised, columns, low, width)


@dataclass(frozen=True)
class RobustScaling:
    """z = (x - median) / spread, bent to stay within ±3: z / sqrt(1 + (z/3)²).

    The spread is that between the quartiles, as a standard deviation; where that is
    zero, the standard deviation.

    References
    ----------
    .. [1] Holzmüller, D., Grinsztajn, L., Steinwart, I. (2024). Better by Default:
       Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data. NeurIPS, section 3.
    """

    names: tuple[str, ...]
    filled: MedianFill
    spreads: Array

    def apply(self, numbers: Array) -> Array:
        """The columns scaled, then the flags."""
        z = (self.filled.fill(numbers) - self.filled.medians) / self.spreads
        z /= np.sqrt(1 + (z / 3) ** 2)
        return np.hstack([z, self.filled.flags(numbers)])


def learn_robust_scaling(numbers: Array, names: list[str]) -> RobustScaling:
    """Learn medians and spreads."""
    filled = learn_median_fill(numbers, names)
    low, high = quantiles(numbers, np.array([0.25, 0.75]))
    deviations = filled.fill(numbers).std(axis=0)
    # 1.349 is the distance of the quartiles of a normal variable of deviation one.
    spreads = np.where(high > low, (high - low) / 1.349, deviations)
    return RobustScaling(filled.names, filled, np.where(spreads > 0, spreads, 1.0))


@dataclass(frozen=True)
class NormalQuantiles:
    """The normal quantile of the rank, within ±3, then scaled to deviation one."""

    names: tuple[str, ...]
    filled: MedianFill
    maps: tuple[Any, ...]
    means: Array = field(default_factory=lambda: np.zeros(0))
    deviations: Array = field(default_factory=lambda: np.ones(0))

    def apply(self, numbers: Array) -> Array:
        """The columns scaled, then the flags."""
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
    """Learn the ranks of some values of each column."""
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
    """A value that fills several quantiles goes to the middle of them."""
    first = np.flatnonzero(np.append(True, edges[1:] > edges[:-1]))
    last = np.append(first[1:] - 1, len(edges) - 1)
    return edges[first], (z[first] + z[last]) / 2
