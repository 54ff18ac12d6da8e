"""A regressor with predictions within the range of the training target."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skensemble.fitting import weight_name


class ClippedRegressor(RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Predictions of a regressor, clipped to the range of the training target.

    For a row far from the training rows a linear model or a network extrapolates beyond
    the observed target range. One such row can contribute more to the squared error
    than a thousand others.

    Parameters
    ----------
    estimator : estimator
        A regressor.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y, sample_weight=None, groups=None, time=None):
        """Fit the regressor and store the range of the target.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Continuous target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        groups, time : array-like of shape (n_samples,), default=None
            Passed to the regressor, which then must take them.

        Returns
        -------
        self : ClippedRegressor
        """
        self.low_, self.high_ = float(np.min(y)), float(np.max(y))
        given = {"groups": groups, "time": time}
        params = {name: value for name, value in given.items() if value is not None}
        if sample_weight is not None:
            params[weight_name(self.estimator)] = sample_weight
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        return self

    @property
    def n_features_in_(self):
        """Number of features seen during fit."""
        return self.estimator_.n_features_in_

    def predict(self, X):
        """Predict with the regressor, within the range of the training target.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return np.clip(self.estimator_.predict(X), self.low_, self.high_)

    def __sklearn_tags__(self):
        """Return the tags, with the input tags of the regressor."""
        own = super().__sklearn_tags__()
        own.input_tags = get_tags(self.estimator).input_tags
        return own
