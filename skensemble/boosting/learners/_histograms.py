"""Shallow classification trees on binned features, for more than two classes.

Every feature is cut into at most 255 bins once. A tree grows level by level: one
histogram of weights by node, bin and class per feature, cumulative sums over the bins,
and the split with the lowest weighted Gini impurity,

.. math:: \\max \\sum_k L_k^2 / \\sum_k L_k + \\sum_k R_k^2 / \\sum_k R_k,

where :math:`L_k, R_k` are the weights of class k on both sides. Missing values have
their own bin and go to the side with the lower impurity. No library grows such a tree
on bins: LightGBM has one output per tree, and XGBoost's trees of several outputs are
several times slower.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.learners._base import StageFitter, Stages
from skensemble.boosting.learners._bins import Bins, dense, find_bins
from skensemble.boosting.learners._tree_view import TreeView
from skensemble.core import draw_seed

Array = NDArray[Any]

_LEAF = -1
# Minimum weight of a child, relative to the mean weight of a row.
_MIN_WEIGHT = 1e-6
# Digits to which shares and scores are rounded.
_DIGITS = 12
# Size of a histogram of several features that stays in the cache.
_MOST_COUNTS = 2**17


@dataclass
class HistogramTree:
    """A grown tree.

    Parameters
    ----------
    feature : list of int
        Feature of the split per node; -1 for a leaf.
    bin : list of int
        Bins up to this one go left; for a categorical feature only this bin.
    missing_left : list of bool
        Whether missing values go left.
    child : list of int
        The left child; the right child is the next node.
    gain : list of float
        Gain of the split.
    weights : list of ndarray of shape (n_classes,)
        Weights of the classes in the node.
    """

    feature: list[int]
    bin: list[int]
    missing_left: list[bool]
    child: list[int]
    gain: list[float]
    weights: list[Array]

    def proportions(self) -> Array:
        """Shares of the classes in each node, (n_nodes, n_classes)."""
        weights = np.array(self.weights)
        return np.asarray(
            np.round(weights / weights.sum(axis=1, keepdims=True), _DIGITS)
        )

    def apply(self, codes: Array, bins: Bins) -> Array:
        """Leaf of each row."""
        node = np.zeros(codes.shape[1], dtype=np.intp)
        rows = np.arange(codes.shape[1])
        while len(rows):
            at = node[rows]
            inner = np.array(self.feature)[at] != _LEAF
            rows = rows[inner]
            self.move(codes, bins, node, rows)
        return node

    def move(self, codes: Array, bins: Bins, node: Array, rows: Array) -> None:
        """Move rows from nodes that are split to their children."""
        at = node[rows]
        feature = np.array(self.feature)[at]
        code = codes[feature, rows]
        left = code <= np.array(self.bin)[at]
        if bins.categorical:
            one = np.isin(feature, bins.categorical)
            left[one] = (code == np.array(self.bin)[at])[one]
        missing = code > bins.last[feature]
        if missing.any():
            left[missing] = np.array(self.missing_left)[at][missing]
        node[rows] = np.array(self.child)[at] + ~left


class _TreeGrower:
    """Grows trees on the same rows with different weights."""

    def __init__(self, codes: Array, y: Array, n_classes: int, bins: Bins, depth: int):
        self._codes, self._y, self._k = codes, y, n_classes
        self._bins, self._depth = bins, depth
        # The last bin is for missing values, in every feature.
        self._size = int(bins.last.max()) + 2
        missing = codes > bins.last[:, None]
        self._missing: Array = np.asarray(missing.any(axis=1))
        # Bin and class in one index, for one histogram.
        self._cells = np.where(missing, self._size - 1, codes) * n_classes + y
        self._rows = np.arange(len(y))

    def grow(self, weight: Array) -> tuple[HistogramTree, Array]:
        """Grow one tree; return the leaf of each row too."""
        least = _MIN_WEIGHT * weight.sum() / len(weight)
        total = np.bincount(self._y, weights=weight, minlength=self._k)
        tree = HistogramTree([_LEAF], [0], [False], [0], [0.0], [total])
        node = np.zeros(len(weight), dtype=np.intp)
        level, rows = [0], self._rows
        for _ in range(self._depth):
            best = self._best_splits(tree, level, node, rows, weight, least)
            level = [
                k for at in level for k in self._split_node(tree, at, best.get(at))
            ]
            if not level:
                break
            rows = rows[np.array(tree.feature)[node[rows]] != _LEAF]
            tree.move(self._codes, self._bins, node, rows)
        return tree, node

    def _best_splits(
        self,
        tree: HistogramTree,
        level: list[int],
        node: Array,
        rows: Array,
        weight: Array,
        least: float,
    ) -> dict[int, tuple[Any, ...]]:
        """Find the best split of each node of a level."""
        place = np.zeros(len(tree.feature), dtype=np.intp)
        place[level] = np.arange(len(level))
        totals = np.array([tree.weights[k] for k in level])
        own = (totals**2).sum(1) / totals.sum(1)
        floor = own * (1 + 1e-12) + 1e-300
        found: dict[int, tuple[Any, ...]] = {}
        for columns, counts in self._counts(
            len(level), place[node[rows]], rows, weight
        ):
            gains, cuts, sides, lefts = self._candidates(counts, totals, columns, least)
            which = gains.argmax(axis=0)
            for i in np.flatnonzero(gains.max(axis=0) > floor):
                j = which[i]
                floor[i] = gains[j, i]
                found[level[i]] = (
                    columns[j],
                    int(cuts[j, i]),
                    bool(sides[j, i]),
                    gains[j, i] - own[i],
                    lefts[j, i],
                )
        return found

    def _counts(
        self, n_nodes: int, at: Array, rows: Array, weight: Array
    ) -> Iterator[tuple[Array, Array]]:
        """Weights by feature, node, bin and class, some features at a time."""
        all_rows = len(rows) == len(weight)
        one = n_nodes * self._size * self._k
        many = max(1, _MOST_COUNTS // max(one, len(rows)))
        offset = at * (self._size * self._k)
        # Repeated once per feature of a histogram.
        w = np.tile(weight if all_rows else weight[rows], min(many, len(self._cells)))
        for first in range(0, len(self._cells), many):
            columns = np.arange(first, min(first + many, len(self._cells)))
            cells = self._cells[columns] if all_rows else self._cells[columns][:, rows]
            cells = cells + (offset + (columns - first)[:, None] * one)
            found = np.bincount(
                cells.ravel(), weights=w[: cells.size], minlength=len(columns) * one
            )
            yield columns, found.reshape(len(columns), n_nodes, self._size, self._k)

    def _candidates(
        self, counts: Array, totals: Array, columns: Array, least: float
    ) -> tuple[Array, Array, Array, Array]:
        """Score the best split per feature and node, missing values on either side."""
        missing, sums = counts[:, :, -1:], counts[:, :, :-1].cumsum(axis=2)
        for place, j in enumerate(columns):
            if j in self._bins.categorical:
                sums[place] = counts[place, :, :-1]
        options = [sums, sums + missing] if self._missing[columns].any() else [sums]
        scores = [_score(left, totals, least) for left in options]
        best = np.array([score.max(axis=2) for score in scores])
        side = best.argmax(axis=0)
        at = np.array([score.argmax(axis=2) for score in scores])
        i, j = np.indices(side.shape)
        cut = at[side, i, j]
        left = (
            np.array(options)[side, i, j, cut] if len(options) > 1 else sums[i, j, cut]
        )
        # Without missing values in training, later ones go to the larger side.
        large = left.sum(axis=2) > totals.sum(axis=1) / 2
        sides = np.where(missing.any(axis=(2, 3)), side.astype(bool), large)
        return best[side, i, j], cut, sides, left

    def _split_node(self, tree: HistogramTree, at: int, found: Any) -> list[int]:
        """Split a node into two children."""
        if found is None:
            return []
        j, cut, side, gain, left = found
        first = len(tree.feature)
        tree.feature[at], tree.bin[at], tree.missing_left[at] = int(j), cut, side
        tree.child[at], tree.gain[at] = first, float(gain)
        right = np.maximum(tree.weights[at] - left, 0.0)
        for weights in (left, right):
            tree.feature.append(_LEAF)
            tree.bin.append(0)
            tree.missing_left.append(False)
            tree.child.append(0)
            tree.gain.append(0.0)
            tree.weights.append(weights)
        return [first, first + 1]


def _score(left: Array, totals: Array, least: float) -> Array:
    """Sum of squared weights over their sum, on both sides; -inf where one is empty."""
    right = totals[:, None] - left
    a = left.sum(axis=3)
    b = totals.sum(axis=1)[:, None] - a
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.einsum("fmbk,fmbk->fmb", left, left) / a
        found += np.einsum("fmbk,fmbk->fmb", right, right) / b
    found[~((a > least) & (b > least))] = -np.inf
    # Rounded, because sums in another order differ in the last bits, and the first of
    # equal splits should be taken.
    scale = totals.sum(axis=1)[:, None]
    return np.asarray(np.round(found / scale, _DIGITS) * scale)


class HistogramStages(Stages):
    """Grown trees, and the parts of their nodes.

    Parameters
    ----------
    trees : list of HistogramTree
        The trees, in the order of the rounds.
    tables : list of ndarray of shape (n_nodes, n_classes)
        Part of each node.
    bins : Bins
        The bins of each feature.
    view : callable
        ``view(stages, round)`` gives the tree of a round as an estimator.
    """

    def __init__(
        self,
        trees: list[HistogramTree],
        tables: list[Array],
        bins: Bins,
        view: Callable[..., TreeView],
    ) -> None:
        self.trees, self.tables, self.bins, self._view = trees, tables, bins, view
        self.n_features = len(bins.edges)

    def __len__(self) -> int:
        """Return the number of weak learners."""
        return len(self.trees)

    def parts(self, X: Any) -> Iterator[Array]:
        """Part of each tree."""
        codes = self.bins.codes(dense(X))
        for tree, table in zip(self.trees, self.tables, strict=True):
            yield table[tree.apply(codes, self.bins)]

    def sum_of_rounds(self, X: Any, first: int, last: int) -> Array:
        """Sum of the parts of rounds `first` to `last` (excluded)."""
        kept = HistogramStages(
            self.trees[first:last], self.tables[first:last], self.bins, self._view
        )
        return kept.total(X)

    def estimators(self) -> list[Any]:
        """Return one estimator per round."""
        return [self._view(self, k) for k in range(len(self))]

    def splits(self, k: int) -> list[tuple[int, Any, float]]:
        """Feature, threshold and gain of each split of a round, level by level."""
        tree = self.trees[k]
        return [
            (j, self._threshold(j, cut), gain)
            for j, cut, gain in zip(tree.feature, tree.bin, tree.gain, strict=True)
            if j != _LEAF
        ]

    def _threshold(self, j: int, cut: int) -> Any:
        edges = self.bins.edges[j]
        if j in self.bins.categorical:
            return (cut,)
        return float(edges[cut]) if cut < len(edges) else float("inf")

    def shape(self, k: int) -> tuple[int, int]:
        """Number of leaves and depth of the tree of a round."""
        tree = self.trees[k]
        depth = np.zeros(len(tree.feature), dtype=int)
        for at, child in enumerate(tree.child):
            if tree.feature[at] != _LEAF:
                depth[[child, child + 1]] = depth[at] + 1
        return tree.feature.count(_LEAF), int(depth.max())


class HistogramFitter(StageFitter):
    """Grows classification trees on histograms.

    Parameters
    ----------
    X, X_val : ndarray, sparse matrix or None
        Training data and validation data.
    y : ndarray of int of shape (n_samples,)
        Codes of classes.
    n_classes : int
        Number of classes.
    depth : int
        Maximum depth of a tree.
    categorical : tuple of int
        Columns that hold codes of categories.
    labels : bool
        Whether predictions are labels; otherwise they are probabilities.
    part : callable
        ``part(prediction, weight)`` gives the part of a tree.
    rng : RandomState
        Source of the seed of each tree.
    view : callable
        See `HistogramStages`.
    """

    def __init__(
        self,
        X: Any,
        X_val: Any,
        y: Array,
        *,
        n_classes: int,
        depth: int,
        categorical: tuple[int, ...],
        labels: bool,
        part: Callable[[Array, float], Array],
        rng: np.random.RandomState,
        view: Callable[..., TreeView],
    ) -> None:
        X = dense(X)
        self._bins = find_bins(X, categorical)
        codes = self._bins.codes(X)
        self._grower = _TreeGrower(codes, y, n_classes, self._bins, depth)
        self._held: Any = None if X_val is None else self._bins.codes(dense(X_val))
        self._labels, self._part, self._view = labels, part, view
        self._rng = rng
        self._trees: list[HistogramTree] = []
        self._seeds: list[int] = []

    def fit_next(self, weight: Array, response: Array | None = None) -> Array:
        """Fit the next weak learner."""
        self._seeds.append(draw_seed(self._rng))
        tree, node = self._grower.grow(weight)
        self._trees.append(tree)
        return self._table(tree)[node]

    def _table(self, tree: HistogramTree) -> Array:
        shares = tree.proportions()
        return shares.argmax(axis=1) if self._labels else shares

    def predict_validation(self) -> Array:
        """Predictions of the last weak learner for the validation rows."""
        tree = self._trees[-1]
        return self._table(tree)[tree.apply(self._held, self._bins)]

    def drop_last(self) -> None:
        """Drop the last weak learner."""
        self._trees.pop()

    def stages(self, weights: list[float]) -> HistogramStages:
        """Return the first weak learners, one per weight."""
        trees = self._trees[: len(weights)]
        tables = [
            self._part(self._table(tree), weight)
            for tree, weight in zip(trees, weights, strict=True)
        ]
        view = functools.partial(self._view, seeds=self._seeds[: len(weights)])
        return HistogramStages(trees, tables, self._bins, view)
