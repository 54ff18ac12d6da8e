"""One stage of a binned fit, as an estimator of its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class TreeView:
    """A tree, asked as scikit-learn's are.

    Parameters
    ----------
    stages : Stages
        All of them.
    k : int
        Which one.
    seeds : list of int
        The seed that was drawn for each.
    read : callable
        ``read(X)``: the user's rows as numbers.
    classes : ndarray or None
        Labels; None for numbers.
    """

    def __init__(
        self,
        stages: Any,
        k: int,
        *,
        seeds: list[int],
        read: Callable[[Any], Any],
        classes: Array | None,
    ) -> None:
        self._stages, self._k, self._read = stages, k, read
        self.random_state = seeds[k]
        if classes is not None:
            self.classes_ = classes
            self.n_classes_ = len(classes)

    def predict(self, X: Any) -> Array:
        """Predict labels, or numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        part = self._part(X)
        if not hasattr(self, "classes_"):
            return part
        codes = part.argmax(axis=1) if part.ndim == 2 else (part > 0).astype(np.intp)
        return np.asarray(self.classes_[codes])

    def _part(self, X: Any) -> Array:
        parts = self._stages.some(self._read(X), self._k, self._k + 1)
        return np.asarray(parts)

    @property
    def splits(self) -> list[tuple[int, Any, float]]:
        """Feature, threshold and gain of each split, level by level.

        Of a categorical column the threshold is the tuple of the codes that go apart.
        """
        return list(self._stages.splits(self._k))

    def get_depth(self) -> int:
        """Depth of the tree.

        Returns
        -------
        depth : int
        """
        return int(self._stages.shape(self._k)[1])

    def get_n_leaves(self) -> int:
        """Count the leaves.

        Returns
        -------
        n_leaves : int
        """
        return int(self._stages.shape(self._k)[0])

    @property
    def feature_importances_(self) -> Array:
        """Share of the gain that splits on each feature brought."""
        found = np.zeros(self._stages.n_features)
        for feature, _, gain in self.splits:
            found[feature] += gain
        total = found.sum()
        return found / total if total > 0 else found

    def __repr__(self) -> str:
        """Say which tree."""
        return f"TreeView(round={self._k})"
