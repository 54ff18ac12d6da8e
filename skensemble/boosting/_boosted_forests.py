"""The fitted part of gradient boosting: a start value and the forests added to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting._init_estimator import raw_of_init
from skensemble.boosting.engines._base import Forest

Array = NDArray[Any]


@dataclass(frozen=True)
class BoostedForests:
    """A start value, `init` and one forest per fit (several with ``warm_start``).

    Parameters
    ----------
    start : ndarray
        The best constant of the loss, or zero where there is an `init`.
    init : estimator, "zero" or None
        The fitted `init`.
    link : Link
        The link between predictions and raw output.
    task : {"regression", "multioutput", "binary", "multiclass", "multilabel"}
        The task.
    forests : tuple of Forest
        The forests, in the order of the fits.
    """

    start: Array
    init: Any
    link: Any
    task: str
    forests: tuple[Forest, ...] = ()

    def with_forest(self, forest: Forest) -> "BoostedForests":
        """Add a forest."""
        return replace(self, forests=(*self.forests, forest))

    def initial_raw(self, X: Any) -> Array:
        """Raw output before the first tree."""
        raw = np.tile(self.start, (X.shape[0], *[1] * self.start.ndim))
        raw = raw.reshape(X.shape[0], *self.start.shape)
        return raw + raw_of_init(self.init, X, self.link, self.task)

    def raw(self, X: Any, threads: int) -> Array:
        """Raw output of all trees."""
        raw = self.initial_raw(X)
        for forest in self.forests:
            raw = raw + forest.raw(X, 0, forest.n_iterations, threads).reshape(
                raw.shape
            )
        if self.task == "multilabel":
            # Leaves that are summed in another order differ in the last bit, which a
            # sigmoid rounds away: decisions and probabilities should rank rows alike.
            raw = raw.astype(np.float32).astype(float)
        return raw

    def staged_raw(self, X: Any, threads: int) -> Iterator[Array]:
        """Raw output after each round."""
        raw = self.initial_raw(X)
        for forest in self.forests:
            for k in range(forest.n_iterations):
                raw = raw + forest.raw(X, k, k + 1, threads).reshape(raw.shape)
                yield raw

    def leaves(self, X: Any, threads: int) -> Array:
        """Leaf of each row in each tree, of shape (n_samples, n_rounds, k)."""
        if not self.forests:
            return np.empty((X.shape[0], 0, 1))
        found = [forest.leaves(X, threads) for forest in self.forests]
        return np.concatenate(found, axis=1)

    def importance(self, kind: str, n_features: int) -> Array:
        """Share of the total gain, or of the number of splits, per feature."""
        total = np.zeros(n_features)
        for forest in self.forests:
            total = total + forest.importance(kind)
        return total / total.sum() if total.sum() > 0 else total

    def trees(self, n_columns: int) -> Array:
        """All trees, an object array of shape (n_rounds, n_columns)."""
        trees = [
            [forest.tree(i, j) for j in range(forest.width)]
            for forest in self.forests
            for i in range(forest.n_iterations)
        ]
        found = np.empty((len(trees), n_columns), dtype=object)
        for i, row in enumerate(trees):
            found[i] = row
        return found
