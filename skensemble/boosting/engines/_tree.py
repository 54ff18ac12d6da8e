"""One tree of a forest as an estimator."""

from typing import Any


class BoostedTree:
    """One tree of a boosted forest.

    Parameters
    ----------
    forest : Forest
        The forest.
    iteration, column : int
        Round, and column of the raw output, of the tree.
    """

    def __init__(self, forest: Any, iteration: int, column: int) -> None:
        self.forest = forest
        self.iteration = iteration
        self.column = column

    def __getattr__(self, name: str) -> Any:
        # The limits of tree growth: max_depth, min_samples_leaf, ...
        if name.startswith("__") or not hasattr(self.__dict__.get("forest"), "shape"):
            raise AttributeError(name)
        return getattr(self.forest.shape, name)

    def predict(self, X: Any) -> Any:
        """Return what the tree adds to the raw output, learning rate included.

        Parameters
        ----------
        X : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        raw : ndarray of shape (n_samples,)
            Values of the leaves.
        """
        raw = self.forest.raw(X, self.iteration, self.iteration + 1)
        return raw if raw.ndim == 1 else raw[:, self.column]

    def apply(self, X: Any) -> Any:
        """Return the leaf that each row falls into.

        Parameters
        ----------
        X : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        leaves : ndarray of int of shape (n_samples,)
            Indices of leaves.
        """
        return self.forest.leaves(X)[:, self.iteration, self.column]

    def __repr__(self) -> str:
        """Show round and column of the tree."""
        return f"BoostedTree(iteration={self.iteration}, column={self.column})"
