"""Draw the rows of each member.

A draw is a function of a seed and of the content of the rows, not of their order: rows
are put in the order of a digest of their content, and uniform numbers are looked up in
the cumulative weights. A row of weight two is then drawn as the same row given twice
would be, in a sample of the same size. Weights are scaled to a sum of the number of
rows, so that the size of a sample does not depend on their unit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.bagging.bags._content_order import content_order
from skensemble.core import Target, warn

Array = NDArray[Any]

SAMPLINGS = [
    "rows", "stratified", "groups", "blocks", "balanced", "oversampled", "bayesian",
]  # fmt: skip
# Continuous targets are stratified by quantile bins.
_MAX_BINS = 10
_MIN_ROWS_PER_BIN = 5


@dataclass(frozen=True)
class Sample:
    """Drawn rows, with repeats; or all rows with weights for Bayesian sampling."""

    rows: Array
    weights: Array | None = None


@dataclass(frozen=True)
class SamplingOptions:
    """The parameters of the ensemble that describe how rows are sampled."""

    kind: str
    max_samples: Any = None
    replace: bool = True
    block_length: int | None = None


@dataclass(frozen=True)
class Stratum:
    """Rows to draw from, in the order of their content, with cumulative weights."""

    rows: Array
    cumulative: Array

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.cumulative[-1])

    def draw(self, rng: np.random.Generator, size: int, replace: bool) -> Array:
        """Draw rows with probabilities proportional to their weights."""
        if replace:
            points = rng.random(size) * self.total
            # Rounding may put the last point at the upper end of the last interval.
            found = np.searchsorted(self.cumulative, points, side="right")
            return self.rows[np.minimum(found, len(self.rows) - 1)]
        weights = np.diff(self.cumulative, prepend=0.0)
        # Efraimidis and Spirakis (2006): the smallest of exponential times.
        times = rng.exponential(size=len(weights)) / weights
        return self.rows[np.argsort(times, kind="stable")[:size]]


@dataclass(frozen=True)
class RowSampler:
    """Draws a number of rows from each stratum; a single stratum holds all rows."""

    strata: tuple[Stratum, ...]
    sizes: tuple[int, ...]
    replace: bool

    @property
    def size(self) -> int:
        """Number of rows of a sample."""
        return sum(self.sizes)

    def draw(self, rng: np.random.Generator) -> Sample:
        """Draw one sample."""
        parts = [
            stratum.draw(rng, size, self.replace)
            for stratum, size in zip(self.strata, self.sizes, strict=True)
        ]
        return Sample(np.concatenate(parts))


@dataclass(frozen=True)
class GroupSampler:
    """Draws groups and takes all rows of each."""

    codes: Array
    n_groups: int
    size: int
    replace: bool

    def draw(self, rng: np.random.Generator) -> Sample:
        """Draw one sample."""
        drawn = rng.choice(self.n_groups, self.size, replace=self.replace)
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=self.n_groups))
        starts = np.concatenate([[0], ends[:-1]])
        return Sample(np.concatenate([order[starts[g] : ends[g]] for g in drawn]))


@dataclass(frozen=True)
class BlockSampler:
    """Draws blocks of neighbouring rows: moving blocks bootstrap (Kuensch, 1989)."""

    n_rows: int
    length: int
    size: int

    def draw(self, rng: np.random.Generator) -> Sample:
        """Draw one sample."""
        n_blocks = -(-self.size // self.length)
        starts = rng.integers(0, self.n_rows - self.length + 1, n_blocks)
        rows = (starts[:, None] + np.arange(self.length)).ravel()
        return Sample(rows[: self.size])


@dataclass(frozen=True)
class BayesianSampler:
    """Weighs all rows at random: the Bayesian bootstrap (Rubin, 1981).

    Weights are exponential and scaled to their expected sum. A row of weight w counts
    as w rows, and the sum of w exponential variables has a gamma distribution of shape
    w.
    """

    rows: Array
    sample_weight: Array
    n_rows: int

    @property
    def size(self) -> int:
        """Number of rows with a weight."""
        return len(self.rows)

    def draw(self, rng: np.random.Generator) -> Sample:
        """Draw one sample."""
        drawn = rng.gamma(self.sample_weight)
        weights = np.zeros(self.n_rows)
        weights[self.rows] = drawn * (self.sample_weight.sum() / drawn.sum())
        return Sample(self.rows, weights)


Sampler = RowSampler | GroupSampler | BlockSampler | BayesianSampler


def make_sampler(
    options: SamplingOptions,
    X: Any,
    target: Target,
    weight: Array | None,
    groups: Any,
) -> Sampler:
    """Make the sampler of a fit.

    Parameters
    ----------
    options : SamplingOptions
        The sampling parameters.
    X : array, sparse matrix or frame of shape (n_samples, n_features)
        The features.
    target : Target
        The target.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    groups : array-like of shape (n_samples,) or None
        Groups of the rows.

    Returns
    -------
    sampler : Sampler
    """
    n_rows = len(target.values)
    if weight is not None:
        # As many rows are drawn for any scale of the weights.
        weight = np.asarray(weight, dtype=float)
        weight = weight * (n_rows / weight.sum())
    if options.kind == "groups":
        return _group_sampler(options, groups)
    if options.kind == "blocks":
        length = _block_length(options.block_length, n_rows)
        return BlockSampler(n_rows, length, _n_drawn(options, n_rows, None))
    order = content_order(X, target.values)
    weights = np.ones(n_rows) if weight is None else weight
    order = order[weights[order] > 0]
    if options.kind == "bayesian":
        return BayesianSampler(order, weights[order], n_rows)
    if options.kind == "rows":
        size = _n_drawn(options, n_rows, weight)
        return RowSampler((_stratum(order, weights),), (size,), options.replace)
    strata = _strata(target)[order]
    rows_of_strata = tuple(
        _stratum(order[strata == s], weights) for s in np.unique(strata)
    )
    sizes = _sizes(options, n_rows, weight, rows_of_strata)
    return RowSampler(rows_of_strata, sizes, options.replace)


def _n_drawn(options: SamplingOptions, n_rows: int, weight: Array | None) -> int:
    """Compute the number of rows of a sample."""
    size = _requested_size(options, n_rows, weight)
    if not options.replace and size > n_rows:
        raise ValueError(
            f"Effective max_samples={size} must be <= n_samples={n_rows} to be able to "
            "sample without replacement. Use bootstrap=True, or a smaller max_samples."
        )
    return size


def _requested_size(options: SamplingOptions, n_rows: int, weight: Array | None) -> int:
    share = options.max_samples
    if share is not None and not isinstance(share, float):
        return int(share)
    if not options.replace and share is None:
        return n_rows if weight is None else int(np.count_nonzero(weight))
    if share is None:
        return n_rows
    size = max(int(share * n_rows), 1)
    if size < max(10, n_rows ** (1 / 3)):
        warn(
            f"Using the fractional value max_samples={share} when the number of samples "
            f"is {n_rows} results in a low number ({size}) of bootstrap samples. We "
            "recommend passing `max_samples` as an integer instead.",
            UserWarning,
        )
    return size


def _stratum(rows: Array, weights: Array) -> Stratum:
    return Stratum(rows, np.cumsum(weights[rows]))


def _sizes(
    options: SamplingOptions,
    n_rows: int,
    weight: Array | None,
    strata: tuple[Stratum, ...],
) -> tuple[int, ...]:
    """Number of draws per stratum: in proportion to their weights, or the same."""
    totals = np.array([stratum.total for stratum in strata])
    if options.kind == "stratified":
        size = _n_drawn(options, n_rows, weight)
        sizes = _largest_remainders(size, totals)
    else:
        least = totals.min() if options.kind == "balanced" else totals.max()
        size = _size_per_class(options.max_samples, least, len(strata))
        sizes = np.full(len(strata), size)
    if not options.replace:
        for stratum, size in zip(strata, sizes, strict=True):
            _check_enough_rows(options, int(size), len(stratum.rows))
    return tuple(int(size) for size in sizes)


def _size_per_class(max_samples: Any, total: float, n_classes: int) -> int:
    """Number of draws per class for balanced samples."""
    if max_samples is None or isinstance(max_samples, float):
        return max(1, int((max_samples or 1.0) * round(total)))
    return max(1, int(max_samples) // n_classes)


def _largest_remainders(size: int, totals: Array) -> Array:
    """Split a number of draws in proportion to weights; at least one per stratum."""
    exact = size * totals / totals.sum()
    sizes = np.floor(exact).astype(int)
    rest = size - int(sizes.sum())
    sizes[np.argsort(sizes - exact, kind="stable")[:rest]] += 1
    return np.maximum(sizes, 1)


def _check_enough_rows(options: SamplingOptions, size: int, n_rows: int) -> None:
    if size > n_rows:
        raise ValueError(
            f"sampling={options.kind!r} needs {size} rows of a class that has {n_rows}, "
            "without replacement; use bootstrap=True, or a smaller max_samples."
        )


def _strata(target: Any) -> Array:
    """Class codes, or quantile bins of a continuous target."""
    if target.kind != "continuous":
        return target.values
    y = target.values if target.values.ndim == 1 else target.values[:, 0]
    n_bins = int(np.clip(len(y) // _MIN_ROWS_PER_BIN, 1, _MAX_BINS))
    edges = np.quantile(y, np.linspace(0, 1, n_bins + 1)[1:-1])
    return np.searchsorted(edges, y, side="right")


def _group_sampler(options: SamplingOptions, groups: Any) -> GroupSampler:
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    share, count = options.max_samples, len(names)
    if share is None or isinstance(share, float):
        size = max(1, int((share or 1.0) * count))
    else:
        size = int(share)
    if not options.replace and size > count:
        raise ValueError(
            f"max_samples={share!r} needs {size} of {count} groups, without replacement; "
            "use bootstrap=True, or a smaller max_samples."
        )
    return GroupSampler(codes, count, size, options.replace)


def _block_length(length: int | None, n_rows: int) -> int:
    """Length of a block; n^(1/3) is the optimal rate for the variance of a mean."""
    if length is None:
        return max(1, round(n_rows ** (1 / 3)))
    if length > n_rows:
        raise ValueError(
            f"block_length={length!r} is more than n_samples={n_rows}; use a shorter "
            "block_length, or None."
        )
    return int(length)
