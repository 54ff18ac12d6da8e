"""Numbers that stay within what was seen."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skensemble.fitting import weight_name


class WithinRange(RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Predictions cut to the range of the target that was seen in fit.

    A row far out makes a linear model or a network promise what nobody ever paid; one
    such row can outweigh a thousand others in the squared error.

    Parameters
    ----------
    estimator : estimator
        A regressor.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit the regressor, and note the range.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows.
        y : array-like of shape (n,)
            Numbers.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        groups : array-like of shape (n,), default=None
            Told to the regressor, which then must take them.

        Returns
        -------
        self : WithinRange
        """
        self.low_, self.high_ = float(np.min(y)), float(np.max(y))
        params = {} if groups is None else {"groups": groups}
        if sample_weight is not None:
            params[weight_name(self.estimator)] = sample_weight
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        return self

    @property
    def n_features_in_(self):
        """Number of features seen during fit."""
        return self.estimator_.n_features_in_

    def predict(self, X):
        """Predict as the regressor does, within the range.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        check_is_fitted(self)
        return np.clip(self.estimator_.predict(X), self.low_, self.high_)

    def __sklearn_tags__(self):
        """Tell scikit-learn what the estimator tells it."""
        own = super().__sklearn_tags__()
        own.input_tags = get_tags(self.estimator).input_tags
        return own
