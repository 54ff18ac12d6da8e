"""Nearest neighbours where a column counts as much as it tells."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

Array = NDArray[Any]

# Columns of less than this share of the largest scale are not looked at.
_LEAST = 0.01
# Of so many columns, at most, a tree that weighs them looks at each split.
_LOOKED_AT = 100
# So many rows tell which power and how many neighbours.
_JUDGES = 1500
_TINY = 1e-6


class BaseNeighbors(BaseEstimator):
    """What the classifier and the regressor share."""

    def __init__(
        self,
        n_neighbors=(8, 25),
        powers=(0.0, 0.5, 1.0),
        n_trees=40,
        n_jobs=None,
        random_state=None,
    ):
        self.n_neighbors = n_neighbors
        self.powers = powers
        self.n_trees = n_trees
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _learn(self, X: Array, y: Array, target: Array, forest: Any, weight: Any):
        """Weigh the columns, and choose the power and the neighbours on rows left out."""
        forest.set_params(
            n_estimators=self.n_trees,
            min_samples_leaf=5,
            max_features=min(0.4, _LOOKED_AT / X.shape[1]),
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        importance = forest.fit(X, y, weight).feature_importances_
        importance = (
            importance / importance.max() if importance.any() else importance + 1
        )
        rng = check_random_state(self.random_state)
        judges = rng.permutation(len(X))[:_JUDGES]
        self.weight_ = None if weight is None else np.asarray(weight, dtype=np.float32)
        best = np.inf
        for power in self.powers:
            scale = (importance**power).astype(X.dtype)
            index, kept = self._index(X, scale), scale >= _LEAST
            far, near = index.kneighbors((X[judges] * scale)[:, kept])
            far, near = _without(judges, far, near)
            for k in sorted(min(k, far.shape[1]) for k in self.n_neighbors):
                said = _mean(far[:, :k], near[:, :k], target, self.weight_)
                loss = self._loss(said, target[judges])
                if loss < best:
                    best, self.power_, self.n_neighbors_ = loss, power, k
                    self.scale_, self.index_ = scale, index
        self.target_ = target

    def _index(self, X: Array, scale: Array) -> NearestNeighbors:
        most = min(max(self.n_neighbors) + 1, len(X))
        index = NearestNeighbors(n_neighbors=most, n_jobs=self.n_jobs)
        return index.fit(np.ascontiguousarray((X * scale)[:, scale >= _LEAST]))

    def _respond(self, X) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float32)
        rows = (X * self.scale_)[:, self.scale_ >= _LEAST]
        far, near = self.index_.kneighbors(rows, self.n_neighbors_)
        return _mean(far, near, self.target_, self.weight_)


def _without(rows: Array, far: Array, near: Array) -> tuple[Array, Array]:
    """Leave each row out of its own neighbours."""
    if near.shape[1] == 1:
        return far, near
    own = near == rows[:, None]
    # Among many equal rows the row itself may not be listed; then the last one goes.
    own[~own.any(axis=1), -1] = True
    shape = (len(near), near.shape[1] - 1)
    return far[~own].reshape(shape), near[~own].reshape(shape)


def _mean(far: Array, near: Array, target: Array, own: Array | None) -> Array:
    """Mean of the neighbours' targets, weighted by one over the distance."""
    weight = 1 / np.maximum(far, _TINY + 0.05 * far[:, -1:])
    if own is not None:
        weight *= np.maximum(own[near], _TINY)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("nk,nk...->n...", weight, target[near]))


class NeighborsClassifier(ClassifierMixin, BaseNeighbors):
    """Classes of the nearest rows, in columns scaled by what they tell.

    Parameters
    ----------
    n_neighbors : tuple of int, default=(8, 25)
        How many, to choose from.
    powers : tuple of float, default=(0.0, 0.5, 1.0)
        To choose from: a column is multiplied by its importance to this power.
    n_trees : int, default=40
        Extra trees that tell the importance.
    n_jobs : int or None, default=None
        Threads.
    random_state : int, RandomState instance or None, default=None
        For the trees and the rows that tell how to choose.
    """

    def fit(self, X, y, sample_weight=None):
        """Learn what columns tell, and keep the rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Scaled features.
        y : array-like of shape (n,)
            Classes.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        self : NeighborsClassifier
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        target = np.eye(len(self.classes_), dtype=np.float32)[codes]
        self._learn(X, codes, target, ExtraTreesClassifier(), sample_weight)
        return self

    def _loss(self, said: Array, target: Array) -> float:
        told = (_smoothed(said, self.classes_) * target).sum(axis=1)
        return float(-np.log(told).mean())

    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        p : ndarray of shape (n, n_classes)
        """
        return _smoothed(self._respond(X), self.classes_)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        labels : ndarray of shape (n,)
        """
        return self.classes_[self._respond(X).argmax(axis=1)]


def _smoothed(p: Array, classes: Array) -> Array:
    """No class is impossible because it is not among a few neighbours."""
    share = 0.02
    return (1 - share) * p.astype(float) + share / len(classes)


class NeighborsRegressor(RegressorMixin, BaseNeighbors):
    """Mean of the nearest rows; parameters as the classifier's."""

    def fit(self, X, y, sample_weight=None):
        """Learn what columns tell, and keep the rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Scaled features.
        y : array-like of shape (n,)
            Numbers.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        self : NeighborsRegressor
        """
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=True)
        self._learn(X, y, y.astype(float), ExtraTreesRegressor(), sample_weight)
        return self

    def _loss(self, said: Array, target: Array) -> float:
        return float(((said - target) ** 2).mean())

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        return self._respond(X)
