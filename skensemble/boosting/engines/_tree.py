"""One tree of a forest, as a thing of its own."""

from typing import Any


class BoostedTree:
    """One tree of a boosted forest.

    Parameters
    ----------
    forest : Forest
        All trees.
    iteration, column : int
        Which one.
    """

    def __init__(self, forest: Any, iteration: int, column: int) -> None:
        self.forest = forest
        self.iteration = iteration
        self.column = column

    def __getattr__(self, name: str) -> Any:
        # How the tree was allowed to grow: max_depth, min_samples_leaf, ...
        if name.startswith("__") or not hasattr(self.__dict__.get("forest"), "shape"):
            raise AttributeError(name)
        return getattr(self.forest.shape, name)

    def predict(self, X: Any) -> Any:
        """What the tree adds to the raw output, learning rate included.

        Parameters
        ----------
        X : ndarray or sparse matrix of shape (n, n_features)
            The rows.

        Returns
        -------
        raw : ndarray of shape (n,)
        """
        raw = self.forest.raw(X, self.iteration, self.iteration + 1)
        return raw if raw.ndim == 1 else raw[:, self.column]

    def apply(self, X: Any) -> Any:
        """Leaf of each row.

        Parameters
        ----------
        X : ndarray or sparse matrix of shape (n, n_features)
            The rows.

        Returns
        -------
        leaves : ndarray of int of shape (n,)
        """
        return self.forest.leaves(X)[:, self.iteration, self.column]

    def __repr__(self) -> str:
        """Say which tree."""
        return f"BoostedTree(iteration={self.iteration}, column={self.column})"
