"""CatBoost on frames: categorical columns by dtype, early stopping, a time limit."""

import time
from abc import abstractmethod
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skensemble.core import (
    current_deadline,
    draw_seed,
    optional,
    round_bits,
)

# Categorical columns with at most this many levels are one-hot encoded.
_ONE_HOT_LEVELS = 10


class StopAfterSeconds:
    """CatBoost callback that ends the fit after some seconds, or at its deadline."""

    def __init__(self, seconds: float | None) -> None:
        self._end = inf if seconds is None else time.monotonic() + seconds
        # Not later: CatBoost may call from another thread, which has no deadline.
        self._deadline = current_deadline()

    def after_iteration(self, info: Any) -> bool:
        """Return whether CatBoost may go on."""
        return time.monotonic() < self._end and not self._deadline.passed()


class BaseCatBoost(BaseEstimator):
    """Shared parts of the CatBoost classifier and regressor.

    Parameters
    ----------
    n_estimators : int, default=1000
        Maximum number of boosting rounds.
    learning_rate : float, default=0.08
        Learning rate.
    depth : int, default=6
        Depth of the trees.
    l2_leaf_reg : float, default=3.0
        L2 penalty of the leaf values.
    crossed : int, default=1
        Maximum number of categorical columns in a combination that gets target
        statistics; more than one takes several times as long.
    patience : int, default=40
        Rounds without a better validation loss after which the fit stops.
    max_seconds : float or None, default=None
        Seconds after which the fit stops.
    n_jobs : int or None, default=None
        Number of threads; None uses all cores.
    random_state : int, RandomState instance or None, default=None
        Seed of the trees.
    """

    def __init__(
        self,
        n_estimators=1000,
        learning_rate=0.08,
        depth=6,
        l2_leaf_reg=3.0,
        crossed=1,
        patience=40,
        max_seconds=None,
        n_jobs=None,
        random_state=None,
    ):
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.depth = depth
        self.l2_leaf_reg = l2_leaf_reg
        self.crossed = crossed
        self.patience = patience
        self.max_seconds = max_seconds
        self.n_jobs = n_jobs
        self.random_state = random_state

    @abstractmethod
    def _unfitted_model(self, y: Any) -> Any:
        """Return the estimator of CatBoost, and learn the classes of `y`."""

    @abstractmethod
    def _encode(self, y: Any) -> Any:
        """Return the target as CatBoost takes it."""

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit, and stop early on the validation rows if there are any.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Training rows; columns that are not numeric are categorical.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        X_val, y_val, sample_weight_val : array-like, default=None
            Validation rows; CatBoost does not use their weights.

        Returns
        -------
        self : estimator
        """
        model = self._unfitted_model(y).set_params(
            **self._options(X, X_val is not None)
        )
        bounded = self.max_seconds is not None or current_deadline().at is not None
        stop = [StopAfterSeconds(self.max_seconds)] if bounded else None
        model.fit(
            X,
            self._encode(y),
            cat_features=[
                j
                for j, dtype in enumerate(getattr(X, "dtypes", ()))
                if not pd.api.types.is_numeric_dtype(dtype)
            ],
            sample_weight=sample_weight,
            eval_set=None if X_val is None else (X_val, self._encode(y_val)),
            callbacks=stop,
        )
        # Leaf values with fewer digits take a third of the space in a file.
        model.set_leaf_values(round_bits(model.get_leaf_values()))
        self.model_ = model
        self.n_estimators_ = model.tree_count_
        return self

    def _options(self, X: Any, early_stopping: bool) -> dict[str, Any]:
        self.n_features_in_ = X.shape[1]
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.array(X.columns, dtype=object)
        return {
            "iterations": self.n_estimators,
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "l2_leaf_reg": self.l2_leaf_reg,
            "max_ctr_complexity": self.crossed,
            "one_hot_max_size": _ONE_HOT_LEVELS,
            "thread_count": self.n_jobs or -1,
            "random_seed": draw_seed(self.random_state),
            "early_stopping_rounds": self.patience if early_stopping else None,
            "allow_writing_files": False,
            "verbose": False,
        }


class CatBoostMemberClassifier(ClassifierMixin, BaseCatBoost):
    """CatBoost for classification; parameters as in `BaseCatBoost`."""

    def _unfitted_model(self, y: Any) -> Any:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        loss = "Logloss" if len(self.classes_) == 2 else "MultiClass"
        return optional("catboost", "auto").CatBoostClassifier(loss_function=loss)

    def _encode(self, y: Any) -> Any:
        return np.searchsorted(self.classes_, y)

    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.model_.predict_proba(X, thread_count=self.n_jobs or -1)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class CatBoostMemberRegressor(RegressorMixin, BaseCatBoost):
    """CatBoost for regression; parameters as in `BaseCatBoost`."""

    def _unfitted_model(self, y: Any) -> Any:
        return optional("catboost", "auto").CatBoostRegressor(loss_function="RMSE")

    def _encode(self, y: Any) -> Any:
        return np.asarray(y, dtype=float)

    def predict(self, X):
        """Predict the continuous target.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.model_.predict(X, thread_count=self.n_jobs or -1)
