"""A tree of a binned fit as an estimator, and the data that it reads."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from skensemble.core import ColumnEncoder

Array = NDArray[Any]


class TreeView:
    """A tree with the attributes and methods of scikit-learn's trees.

    Parameters
    ----------
    stages : Stages
        All weak learners.
    k : int
        Round of the tree.
    seeds : list of int
        The seed of each round.
    read : callable
        ``read(X)`` encodes and validates data.
    classes : ndarray or None
        Class labels; None for regression.
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
        """Predict labels, or a continuous target.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Predictions.
        """
        part = self._part(X)
        if not hasattr(self, "classes_"):
            return part
        codes = part.argmax(axis=1) if part.ndim == 2 else (part > 0).astype(np.intp)
        return np.asarray(self.classes_[codes])

    def _part(self, X: Any) -> Array:
        parts = self._stages.sum_of_rounds(self._read(X), self._k, self._k + 1)
        return np.asarray(parts)

    @property
    def splits(self) -> list[tuple[int, Any, float]]:
        """Feature, threshold and gain of each split, level by level.

        For a categorical feature the threshold is a tuple of the codes on one side.
        """
        return list(self._stages.splits(self._k))

    def get_depth(self) -> int:
        """Return the depth of the tree.

        Returns
        -------
        depth : int
            Depth.
        """
        return int(self._stages.shape(self._k)[1])

    def get_n_leaves(self) -> int:
        """Return the number of leaves.

        Returns
        -------
        n_leaves : int
            Number of leaves.
        """
        return int(self._stages.shape(self._k)[0])

    @property
    def feature_importances_(self) -> Array:
        """Share of the gain of all splits, per feature."""
        found = np.zeros(self._stages.n_features)
        for feature, _, gain in self.splits:
            found[feature] += gain
        total = found.sum()
        return found / total if total > 0 else found

    def __repr__(self) -> str:
        """Show the round of the tree."""
        return f"TreeView(round={self._k})"


def tree_input(encoder: ColumnEncoder, n_features: int, X: Any) -> Any:
    """Encode and validate the data that one tree predicts."""
    found = check_array(
        encoder.encode(X),
        accept_sparse="csr",
        accept_large_sparse=False,
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
    )
    if found.shape[1] != n_features:
        raise ValueError(
            f"X has {found.shape[1]} features, but the tree was fitted on {n_features}."
        )
    return found
