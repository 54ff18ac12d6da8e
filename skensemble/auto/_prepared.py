"""A learner behind the table encoder that suits it."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.fitting import weight_name


def _has(method):
    return available_if(lambda self: hasattr(self.estimator, method))


class Prepared(MetaEstimatorMixin, BaseEstimator):
    """An encoder, and a learner.

    A Pipeline of the two wants weights under another name, and with metadata routing
    none at all before its steps have asked for them; this one takes ``sample_weight``.

    Parameters
    ----------
    encoder : transformer
        What prepares the table.
    estimator : estimator
        The learner.
    """

    def __init__(self, encoder, estimator):
        self.encoder = encoder
        self.estimator = estimator

    # Members are asked side by side.
    predicts_on_one_thread = True
    # With metadata routing, what stands around passes them on without being asked.
    __metadata_request__fit = {"sample_weight": True}

    def fit(self, X, y, sample_weight=None):
        """Fit the encoder, and the learner on what it gives.

        Parameters
        ----------
        X : frame of shape (n, d)
            The rows.
        y : array-like of shape (n,)
            Their target.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        self : Prepared
        """
        y = np.asarray(y)
        self.n_features_in_ = X.shape[1]
        params = {}
        if sample_weight is not None:
            params[weight_name(self.estimator)] = np.asarray(sample_weight)
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(X, y)
        self.estimator_ = clone(self.estimator).fit(table, y, **params)
        self._finish()
        return self

    def _finish(self):
        """Keep for predictions what they need, and no threads but the caller's."""
        if "n_jobs" in self.estimator_.get_params(deep=False):
            self.estimator_.set_params(n_jobs=1)
        # Boosters, of LightGBM and XGBoost.
        for forest in getattr(self.estimator_, "_forests", ()):
            forest.slim()

    @property
    def classes_(self):
        """The labels."""
        return self.estimator_.classes_

    def predict(self, X):
        """Predict as the estimator does.

        Parameters
        ----------
        X : frame of shape (n, d)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(self.encoder_.transform(X))

    @_has("predict_proba")
    def predict_proba(self, X):
        """Predict probabilities as the estimator does.

        Parameters
        ----------
        X : frame of shape (n, d)
            The rows.

        Returns
        -------
        p : ndarray of shape (n, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(self.encoder_.transform(X))

    def __sklearn_tags__(self):
        """Tell scikit-learn what the estimator tells it."""
        tags = get_tags(self.estimator)
        own = super().__sklearn_tags__()
        own.estimator_type = tags.estimator_type
        own.classifier_tags = tags.classifier_tags
        own.regressor_tags = tags.regressor_tags
        return own
