"""Single trees of the binned engine, as estimators."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skensemble.bagging.bags._binned_trees import BinnedTrees, two_columns
from skensemble.bagging.bags._members import BagMember


def tree_views(trees: BinnedTrees, n_columns: int) -> list[BagMember]:
    """Make one member per tree."""
    columns = np.arange(n_columns)
    kind = BinnedTreeClassifier if trees.is_binary else BinnedTreeRegressor
    present = np.arange(2) if trees.is_binary else None
    return [
        BagMember(k, kind(trees, k), columns, present) for k in range(trees.n_trees)
    ]


class _BinnedTree(BaseEstimator):
    """One of the trees of the binned engine, as a fitted estimator.

    Parameters
    ----------
    trees : BinnedTrees
        All trees.
    index : int
        Number of the tree.
    """

    def __init__(self, trees, index):
        self.trees = trees
        self.index = index

    def __sklearn_is_fitted__(self):
        return True

    @property
    def n_features_in_(self):
        """Number of features."""
        return self.trees.plan.n_columns

    def apply(self, X):
        """Find the number of the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        leaves : ndarray of int of shape (n_samples,)
        """
        return self.trees.leaves(self.index, X)

    def get_depth(self):
        """Compute the depth of the tree.

        Returns
        -------
        depth : int
        """
        return max(depth for depth, _ in self.trees.nodes(self.index))

    def get_n_leaves(self):
        """Count the leaves.

        Returns
        -------
        n_leaves : int
        """
        nodes = self.trees.nodes(self.index)
        return sum("split_feature" not in node for _, node in nodes)

    @property
    def feature_importances_(self):
        """Share of each feature in the total gain of the splits."""
        gains = np.zeros(self.n_features_in_)
        for _, node in self.trees.nodes(self.index):
            if "split_feature" in node:
                gains[node["split_feature"]] += node["split_gain"]
        return gains / (gains.sum() or 1.0)


class BinnedTreeRegressor(RegressorMixin, _BinnedTree):
    """Regression tree of the binned engine."""

    def predict(self, X):
        """Predict the mean target of the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        predictions : ndarray of shape (n_samples,)
        """
        return self.trees.predict_tree(self.index, X)


class BinnedTreeClassifier(ClassifierMixin, _BinnedTree):
    """Tree of the binned engine for two classes; its labels are the codes 0 and 1."""

    @property
    def classes_(self):
        """The codes of the classes."""
        return np.arange(2)

    def predict_proba(self, X):
        """Predict the shares of the classes in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
        """
        return two_columns(self.trees.predict_tree(self.index, X))

    def predict_log_proba(self, X):
        """Predict the logarithms of the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        logarithms : ndarray of shape (n_samples, 2)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X):
        """Predict the code of the most frequent class in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        codes : ndarray of int of shape (n_samples,)
        """
        return self.predict_proba(X).argmax(axis=1)
