"""Nearest neighbors with columns scaled by their importance."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_regressor
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

Array = NDArray[Any]

# Columns with a scale below this share of the largest scale are left out.
_MIN_SCALE = 0.01
# Maximum number of columns that a tree considers at each split.
_MAX_TREE_FEATURES = 100
# Number of rows on which the power and the number of neighbors are chosen.
_N_VALIDATION_ROWS = 1500
_TINY = 1e-6
# Share of the probability that is spread over all classes.
_SMOOTHING = 0.02


class BaseNeighbors(BaseEstimator):
    """Shared parts of the nearest-neighbors classifier and regressor.

    Parameters
    ----------
    n_neighbors : tuple of int, default=(8, 25)
        Numbers of neighbors to choose from.
    powers : tuple of float, default=(0.0, 0.5, 1.0)
        Powers to choose from: each column is multiplied by its importance to the power.
    n_trees : int, default=40
        Number of extremely randomized trees that measure the importance.
    n_jobs : int or None, default=None
        Number of threads.
    random_state : int, RandomState instance or None, default=None
        Seed of the trees and of the rows on which the choices are made.
    """

    _forest_class: Any

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

    @abstractmethod
    def _encode(self, y: Array) -> tuple[Array, Array]:
        """Return the target of the trees, and the values that are averaged."""

    @abstractmethod
    def _loss(self, predictions: Array, target: Array) -> float:
        """Return the loss by which the power and the number are chosen."""

    def fit(self, X, y, sample_weight=None):
        """Measure the importance of the columns, and store the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        self : estimator
        """
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=is_regressor(self))
        tree_target, self.target_ = self._encode(y)
        importance = self._importance(X, tree_target, sample_weight)
        self.weight_ = (
            None
            if sample_weight is None
            else np.asarray(sample_weight, dtype=np.float32)
        )
        self._choose(X, importance)
        return self

    def _importance(self, X: Array, y: Array, weight: Any) -> Array:
        """Return the importance of the columns, 1 for the largest."""
        forest = self._forest_class(
            n_estimators=self.n_trees,
            min_samples_leaf=5,
            max_features=min(0.4, _MAX_TREE_FEATURES / X.shape[1]),
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        found = forest.fit(X, y, weight).feature_importances_
        return found / found.max() if found.any() else found + 1

    def _choose(self, X: Array, importance: Array) -> None:
        """Choose the power and the number of neighbors by leave-one-out losses."""
        rng = check_random_state(self.random_state)
        rows = rng.permutation(len(X))[:_N_VALIDATION_ROWS]
        best = np.inf
        for power in self.powers:
            scale = (importance**power).astype(X.dtype)
            index, kept = self._index(X, scale), scale >= _MIN_SCALE
            distances, neighbors = index.kneighbors((X[rows] * scale)[:, kept])
            distances, neighbors = _without_self(rows, distances, neighbors)
            for k in sorted(min(k, distances.shape[1]) for k in self.n_neighbors):
                predictions = _weighted_mean(
                    distances[:, :k], neighbors[:, :k], self.target_, self.weight_
                )
                loss = self._loss(predictions, self.target_[rows])
                if loss < best:
                    best, self.power_, self.n_neighbors_ = loss, power, k
                    self.scale_, self.index_ = scale, index

    def _index(self, X: Array, scale: Array) -> NearestNeighbors:
        most = min(max(self.n_neighbors) + 1, len(X))
        index = NearestNeighbors(n_neighbors=most, n_jobs=self.n_jobs)
        return index.fit(np.ascontiguousarray((X * scale)[:, scale >= _MIN_SCALE]))

    def _average(self, X) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float32)
        rows = (X * self.scale_)[:, self.scale_ >= _MIN_SCALE]
        distances, neighbors = self.index_.kneighbors(rows, self.n_neighbors_)
        return _weighted_mean(distances, neighbors, self.target_, self.weight_)


def _without_self(
    rows: Array, distances: Array, neighbors: Array
) -> tuple[Array, Array]:
    """Remove each row from its own neighbors."""
    if neighbors.shape[1] == 1:
        return distances, neighbors
    own = neighbors == rows[:, None]
    # Among many equal rows the row itself may be missing; then the last one is removed.
    own[~own.any(axis=1), -1] = True
    shape = (len(neighbors), neighbors.shape[1] - 1)
    return distances[~own].reshape(shape), neighbors[~own].reshape(shape)


def _weighted_mean(
    distances: Array, neighbors: Array, target: Array, sample_weight: Array | None
) -> Array:
    """Average the targets of the neighbors, weighted by the inverse distance."""
    weight = 1 / np.maximum(distances, _TINY + 0.05 * distances[:, -1:])
    if sample_weight is not None:
        weight *= np.maximum(sample_weight[neighbors], _TINY)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("nk,nk...->n...", weight, target[neighbors]))


class NeighborsClassifier(ClassifierMixin, BaseNeighbors):
    """Class shares of the nearest rows; parameters as in `BaseNeighbors`."""

    _forest_class = ExtraTreesClassifier

    def _encode(self, y: Array) -> tuple[Array, Array]:
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        return codes, np.eye(len(self.classes_), dtype=np.float32)[codes]

    def _loss(self, predictions: Array, target: Array) -> float:
        p = (self._smoothed(predictions) * target).sum(axis=1)
        return float(-np.log(p).mean())

    def _smoothed(self, p: Array) -> Array:
        """Give a positive probability to classes that no neighbor has."""
        return (1 - _SMOOTHING) * p.astype(float) + _SMOOTHING / len(self.classes_)

    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
        """
        return self._smoothed(self._average(X))

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self.classes_[self._average(X).argmax(axis=1)]


class NeighborsRegressor(RegressorMixin, BaseNeighbors):
    """Mean target of the nearest rows; parameters as in `BaseNeighbors`."""

    _forest_class = ExtraTreesRegressor

    def _encode(self, y: Array) -> tuple[Array, Array]:
        return y, y.astype(float)

    def _loss(self, predictions: Array, target: Array) -> float:
        return float(((predictions - target) ** 2).mean())

    def predict(self, X):
        """Predict the continuous target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        return self._average(X)
