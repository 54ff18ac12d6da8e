"""CatBoost, on frames whose categories are found by dtype, within a time limit."""

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skensemble.core import optional, shortened

# Categories with so many levels or fewer are columns of 0 and 1.
_ONE_HOT = 10
_LARGEST_SEED = 2**31 - 1


class Clock:
    """Ends a fit of CatBoost when its time is up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def after_iteration(self, info: Any) -> bool:
        """Say whether to go on."""
        return time.monotonic() < self._end


class BaseCatBoost(BaseEstimator):
    """What the classifier and the regressor share."""

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

    def _fit(self, model: Any, X: Any, y: Any, weight: Any, watched: Any):
        self._remember(X)
        strings = [
            k
            for k, kind in enumerate(getattr(X, "dtypes", ()))
            if not pd.api.types.is_numeric_dtype(kind)
        ]
        seed = check_random_state(self.random_state).randint(_LARGEST_SEED)
        model.set_params(
            iterations=self.n_estimators,
            learning_rate=self.learning_rate,
            depth=self.depth,
            l2_leaf_reg=self.l2_leaf_reg,
            max_ctr_complexity=self.crossed,
            one_hot_max_size=_ONE_HOT,
            thread_count=self.n_jobs or -1,
            random_seed=int(seed),
            early_stopping_rounds=None if watched is None else self.patience,
            allow_writing_files=False,
            verbose=False,
        )
        clock = None if self.max_seconds is None else [Clock(self.max_seconds)]
        model.fit(
            X,
            y,
            cat_features=strings,
            sample_weight=weight,
            eval_set=watched,
            callbacks=clock,
        )
        # With fewer digits than CatBoost gives them, leaves take a third of a file's room.
        model.set_leaf_values(shortened(model.get_leaf_values()))
        self.model_ = model
        self.n_estimators_ = model.tree_count_

    def _remember(self, X: Any):
        self.n_features_in_ = X.shape[1]
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.array(X.columns, dtype=object)


class CatBoostMemberClassifier(ClassifierMixin, BaseCatBoost):
    """CatBoost for classes.

    Parameters
    ----------
    n_estimators : int, default=1000
        Rounds at most.
    learning_rate : float, default=0.08
        The rate.
    depth : int, default=6
        Of the trees.
    l2_leaf_reg : float, default=3.0
        Shrinks leaves.
    crossed : int, default=1
        Categories whose combinations have target means of their own; more than one takes
        several times as long.
    patience : int, default=40
        Stop after so many rounds without a better loss on the rows held out.
    max_seconds : float or None, default=None
        Stop after so much time.
    n_jobs : int or None, default=None
        Threads; None for all.
    random_state : int, RandomState instance or None, default=None
        For the trees.
    """

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
        """Fit, and stop when rows held out say so.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows; columns that are no numbers are categories.
        y : array-like of shape (n,)
            Classes.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        X_val, y_val, sample_weight_val : array-like, default=None
            Rows that tell when to stop; CatBoost does not weigh them.

        Returns
        -------
        self : CatBoostMemberClassifier
        """
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        catboost = optional("catboost", "auto")
        loss = "Logloss" if len(self.classes_) == 2 else "MultiClass"
        model = catboost.CatBoostClassifier(loss_function=loss)
        watched = None
        if X_val is not None:
            watched = (X_val, np.searchsorted(self.classes_, y_val))
        self._fit(model, X, codes, sample_weight, watched)
        return self

    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows.

        Returns
        -------
        p : ndarray of shape (n, n_classes)
        """
        check_is_fitted(self)
        return self.model_.predict_proba(X, thread_count=self.n_jobs or -1)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows.

        Returns
        -------
        labels : ndarray of shape (n,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class CatBoostMemberRegressor(RegressorMixin, BaseCatBoost):
    """CatBoost for numbers; parameters as the classifier's."""

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
        """Fit, and stop when rows held out say so.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows; columns that are no numbers are categories.
        y : array-like of shape (n,)
            Numbers.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        X_val, y_val, sample_weight_val : array-like, default=None
            Rows that tell when to stop; CatBoost does not weigh them.

        Returns
        -------
        self : CatBoostMemberRegressor
        """
        catboost = optional("catboost", "auto")
        model = catboost.CatBoostRegressor(loss_function="RMSE")
        watched = None if X_val is None else (X_val, y_val)
        self._fit(model, X, np.asarray(y, dtype=float), sample_weight, watched)
        return self

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self.model_.predict(X, thread_count=self.n_jobs or -1)
