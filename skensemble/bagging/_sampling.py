"""The rows that each member of a bag is fitted on.

A draw is a function of a seed and of what the rows hold, never of where they stand: rows
are put in the order of a digest of their content, and uniform numbers are looked up in the
cumulative weights. A row of weight two is then drawn as the same row given twice would be.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skensemble.core import warn

Array = NDArray[Any]

SAMPLINGS = [
    "rows", "stratified", "groups", "blocks", "balanced", "oversampled", "bayesian",
]  # fmt: skip
# Targets that are numbers are stratified by as many quantile bins, at most.
_MOST_BINS = 10
_FEWEST_PER_BIN = 5


@dataclass(frozen=True)
class Draw:
    """Rows drawn, repeated as often as drawn; Bayesian draws weigh all rows instead."""

    rows: Array
    weights: Array | None = None


@dataclass(frozen=True)
class Demand:
    """What is asked of a sampler.

    Parameters
    ----------
    kind : str
        One of `SAMPLINGS`.
    max_samples : int, float or None
        How much is drawn.
    replace : bool
        Whether with replacement.
    block_length : int or None
        Rows of a block.
    """

    kind: str
    max_samples: Any = None
    replace: bool = True
    block_length: int | None = None


@dataclass(frozen=True)
class Pool:
    """Rows to draw from, in the order of their content, with cumulative weights."""

    rows: Array
    cumulative: Array

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.cumulative[-1])

    def draw(self, rng: np.random.Generator, size: int, replace: bool) -> Array:
        """Draw rows by weight.

        Parameters
        ----------
        rng : Generator
            Where chance comes from.
        size : int
            How many.
        replace : bool
            Whether a row may be drawn twice.

        Returns
        -------
        rows : ndarray of int of shape (size,)
        """
        if replace:
            points = rng.random(size) * self.total
            # Rounding may bring the last point up to the very end.
            found = np.searchsorted(self.cumulative, points, side="right")
            return self.rows[np.minimum(found, len(self.rows) - 1)]
        weights = np.diff(self.cumulative, prepend=0.0)
        # Efraimidis and Spirakis (2006): the smallest of exponential times.
        times = rng.exponential(size=len(weights)) / weights
        return self.rows[np.argsort(times, kind="stable")[:size]]


@dataclass(frozen=True)
class PoolSampler:
    """Draws so many rows from each of some pools: all rows, or one pool a class."""

    pools: tuple[Pool, ...]
    sizes: tuple[int, ...]
    replace: bool

    @property
    def size(self) -> int:
        """How many rows a draw has."""
        return sum(self.sizes)

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw once."""
        parts = [
            pool.draw(rng, size, self.replace)
            for pool, size in zip(self.pools, self.sizes, strict=True)
        ]
        return Draw(np.concatenate(parts))


@dataclass(frozen=True)
class GroupSampler:
    """Draws groups, and takes all rows of each."""

    codes: Array
    n_groups: int
    size: int
    replace: bool

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw once."""
        drawn = rng.choice(self.n_groups, self.size, replace=self.replace)
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=self.n_groups))
        starts = np.concatenate([[0], ends[:-1]])
        return Draw(np.concatenate([order[starts[g] : ends[g]] for g in drawn]))


@dataclass(frozen=True)
class BlockSampler:
    """Draws stretches of neighbouring rows (Kuensch 1989, moving blocks)."""

    n_rows: int
    length: int
    size: int

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw once."""
        n_blocks = -(-self.size // self.length)
        starts = rng.integers(0, self.n_rows - self.length + 1, n_blocks)
        rows = (starts[:, None] + np.arange(self.length)).ravel()
        return Draw(rows[: self.size])


@dataclass(frozen=True)
class BayesianSampler:
    """Weighs all rows by chance (Rubin 1981): exponential weights, scaled to sum n.

    A row of weight w is w rows, and the sum of w exponentials is a gamma of shape w.
    """

    rows: Array
    given: Array
    n_rows: int

    @property
    def size(self) -> int:
        """How many rows have a weight."""
        return len(self.rows)

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw once."""
        drawn = rng.gamma(self.given)
        weights = np.zeros(self.n_rows)
        weights[self.rows] = drawn * (self.given.sum() / drawn.sum())
        return Draw(self.rows, weights)


Sampler = PoolSampler | GroupSampler | BlockSampler | BayesianSampler


def make_sampler(
    demand: Demand, X: Any, target: Any, weight: Array | None, groups: Any
) -> Sampler:
    """Prepare the draws of a fit.

    Parameters
    ----------
    demand : Demand
        What is asked.
    X : array-like
        The features.
    target : Target
        The target.
    weight : ndarray of shape (n,) or None
        Sample weights.
    groups : array-like of shape (n,) or None
        Which rows belong together.

    Returns
    -------
    sampler : Sampler
    """
    n_rows = len(target.values)
    if demand.kind == "groups":
        return _group_sampler(demand, groups)
    if demand.kind == "blocks":
        length = _block_length(demand.block_length, n_rows)
        return BlockSampler(n_rows, length, draws(demand, n_rows, None))
    order = content_order(X, target.values)
    weights = np.ones(n_rows) if weight is None else np.asarray(weight, dtype=float)
    order = order[weights[order] > 0]
    if demand.kind == "bayesian":
        return BayesianSampler(order, weights[order], n_rows)
    if demand.kind == "rows":
        size = draws(demand, n_rows, weight)
        return PoolSampler((_pool(order, weights),), (size,), demand.replace)
    strata = _strata(target)[order]
    pools = tuple(_pool(order[strata == s], weights) for s in np.unique(strata))
    return PoolSampler(pools, _sizes(demand, n_rows, weight, pools), demand.replace)


def draws(demand: Demand, n_rows: int, weight: Array | None) -> int:
    """Say how many rows are drawn.

    Parameters
    ----------
    demand : Demand
        Its `max_samples` counts, or is a share of the rows, or of the sum of their
        weights.
    n_rows : int
        Number of rows.
    weight : ndarray or None
        Sample weights.

    Returns
    -------
    size : int
    """
    size = _wanted_draws(demand, n_rows, weight)
    if not demand.replace and size > n_rows:
        raise ValueError(
            f"Effective max_samples={size} must be <= n_samples={n_rows} to be able to "
            "sample without replacement. Use bootstrap=True, or fewer."
        )
    return size


def _wanted_draws(demand: Demand, n_rows: int, weight: Array | None) -> int:
    share = demand.max_samples
    if share is not None and not isinstance(share, float):
        return int(share)
    if not demand.replace and share is None:
        return n_rows if weight is None else int(np.count_nonzero(weight))
    total = float(n_rows) if weight is None else float(np.sum(weight))
    size = max(round(total) if share is None else int(share * total), 1)
    # Without a share, as many rows as weigh something are no surprise, however few.
    enough = max(10, n_rows ** (1 / 3))
    if share is None and weight is not None:
        enough = min(enough, np.count_nonzero(weight))
    if size < enough and (share is not None or weight is not None):
        whole = "number of samples" if weight is None else "total sum of sample weights"
        warn(
            f"Using the fractional value max_samples={share} when the {whole} is "
            f"{total:g} results in a low number ({size}) of bootstrap samples. We "
            "recommend passing `max_samples` as an integer instead.",
            UserWarning,
        )
    return size


def _pool(rows: Array, weights: Array) -> Pool:
    return Pool(rows, np.cumsum(weights[rows]))


def _sizes(
    demand: Demand, n_rows: int, weight: Array | None, pools: tuple[Pool, ...]
) -> tuple[int, ...]:
    """Share the draws out: as the strata are, or the same for each."""
    totals = np.array([pool.total for pool in pools])
    if demand.kind == "stratified":
        size = draws(demand, n_rows, weight)
        found = _shared_out(size, totals)
    else:
        least = totals.min() if demand.kind == "balanced" else totals.max()
        found = np.full(len(pools), _each(demand.max_samples, least, len(pools)))
    if not demand.replace:
        for pool, size in zip(pools, found, strict=True):
            _check_enough(demand, int(size), len(pool.rows))
    return tuple(int(size) for size in found)


def _each(max_samples: Any, total: float, n_pools: int) -> int:
    """How many rows of each class, where all classes are given as many."""
    if max_samples is None or isinstance(max_samples, float):
        return max(1, int((max_samples or 1.0) * round(total)))
    return max(1, int(max_samples) // n_pools)


def _shared_out(size: int, totals: Array) -> Array:
    """Share out by the largest remainders; whoever is there is given one at least."""
    exact = size * totals / totals.sum()
    found = np.floor(exact).astype(int)
    rest = size - int(found.sum())
    found[np.argsort(found - exact, kind="stable")[:rest]] += 1
    return np.maximum(found, 1)


def _check_enough(demand: Demand, size: int, there: int) -> None:
    if size > there:
        raise ValueError(
            f"sampling={demand.kind!r} wants {size} rows of a class that has {there}, "
            "without replacement; use bootstrap=True, or a smaller max_samples."
        )


def _strata(target: Any) -> Array:
    """Class codes, or quantile bins of numbers."""
    if target.kind != "continuous":
        return target.values
    y = target.values if target.values.ndim == 1 else target.values[:, 0]
    n_bins = int(np.clip(len(y) // _FEWEST_PER_BIN, 1, _MOST_BINS))
    edges = np.quantile(y, np.linspace(0, 1, n_bins + 1)[1:-1])
    return np.searchsorted(edges, y, side="right")


def _group_sampler(demand: Demand, groups: Any) -> GroupSampler:
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    share, count = demand.max_samples, len(names)
    if share is None or isinstance(share, float):
        size = max(1, int((share or 1.0) * count))
    else:
        size = int(share)
    if not demand.replace and size > count:
        raise ValueError(
            f"max_samples={share!r} wants {size} of {count} groups, without replacement; "
            "use bootstrap=True, or fewer."
        )
    return GroupSampler(codes, count, size, demand.replace)


def _block_length(length: int | None, n_rows: int) -> int:
    """Length of a block; n^(1/3) is the rate that is best for a mean."""
    if length is None:
        return max(1, round(n_rows ** (1 / 3)))
    if length > n_rows:
        raise ValueError(
            f"block_length={length!r} is more than the {n_rows} rows there are; use a "
            "shorter one, or None."
        )
    return int(length)


# Order by content


def content_order(X: Any, y: Array) -> Array:
    """Order rows by a digest of their content, so that where they stand matters not.

    Parameters
    ----------
    X : array, sparse matrix or frame
        The features.
    y : ndarray of shape (n,) or (n, k)
        The targets.

    Returns
    -------
    order : ndarray of int of shape (n,)
    """
    digest = _digest_sparse(X) if sp.issparse(X) else _digest_columns(X)
    outputs = y.reshape(len(y), -1)
    for k in range(outputs.shape[1]):
        digest += _mixed(outputs[:, k], -1 - k)
    return np.argsort(digest, kind="stable")


def _digest_columns(X: Any) -> Array:
    digest = np.zeros(X.shape[0], dtype=np.uint64)
    for k in range(X.shape[1]):
        digest += _mixed(_column(X, k), k)
    return digest


def _digest_sparse(X: Any) -> Array:
    # The same digest as of a dense array: zeros add nothing there too.
    table = X.tocoo()
    digest = np.zeros(X.shape[0], dtype=np.uint64)
    np.add.at(digest, table.row, _mixed(table.data, table.col))
    return digest


def _column(X: Any, k: int) -> Array:
    if hasattr(X, "iloc"):
        return np.asarray(X.iloc[:, k])
    return np.asarray(X[:, k])


def _mixed(values: Array, column: Any) -> Array:
    """Mix the bits of each value well (the end of SplitMix64), by column; 0 gives 0."""
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
    """Give values as floats: texts and other objects by a hash of what they print."""
    if values.dtype.kind in "mM":
        return values.astype(np.int64).astype(float)
    try:
        return np.ascontiguousarray(values, dtype=float)
    except (TypeError, ValueError):
        import pandas as pd

        texts = np.array([str(value) for value in values], dtype=object)
        # Of 64 bits a float holds 53.
        return (pd.util.hash_array(texts) >> np.uint64(11)).astype(float)
