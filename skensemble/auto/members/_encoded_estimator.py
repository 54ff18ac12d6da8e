"""An estimator behind the table encoder that suits it."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.core import check_deadline, find_target_units, flat_column
from skensemble.fitting import weight_name


def _has(method):
    return available_if(lambda self: hasattr(self.estimator, method))


class EncodedEstimator(MetaEstimatorMixin, BaseEstimator):
    """An encoder followed by an estimator.

    A Pipeline of the two needs ``step__sample_weight`` and, with metadata routing, a
    request of every step. This class takes ``sample_weight`` in both cases.

    The target of a regressor that is far from zero, or very small or large, is shifted
    and divided by a power of two for the estimator, since many regressors compute in
    single precision or have limits in units of the target.

    Parameters
    ----------
    encoder : transformer
        Turns the table into the features of the estimator.
    estimator : estimator
        Fitted on the encoded table.
    """

    def __init__(self, encoder, estimator):
        self.encoder = encoder
        self.estimator = estimator

    # Members predict in parallel, so each one uses a single thread.
    predicts_on_one_thread = True
    # With metadata routing, meta-estimators pass the weights on without a request.
    __metadata_request__fit = {"sample_weight": True}

    def fit(self, X, y, sample_weight=None):
        """Fit the encoder, and the estimator on the encoded table.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Training table.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        self : EncodedEstimator
        """
        y = self._in_units(np.asarray(y), sample_weight)
        self.n_features_in_ = X.shape[1]
        params = {}
        if sample_weight is not None:
            params[weight_name(self.estimator)] = np.asarray(sample_weight)
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(X, y)
        check_deadline()
        self.estimator_ = clone(self.estimator).fit(table, y, **params)
        self._reduce_for_prediction()
        return self

    def _in_units(self, y, sample_weight):
        """Convert the target to the units of the estimator."""
        self.units_ = None
        if not is_regressor(self.estimator):
            return y
        units = find_target_units(y, sample_weight)
        if units.changes_nothing:
            return y
        self.units_ = units
        return units.of(y)

    def _reduce_for_prediction(self):
        """Use one thread from now on, and drop what predictions do not need."""
        if "n_jobs" in self.estimator_.get_params(deep=False):
            self.estimator_.set_params(n_jobs=1)
        # Boosted trees of LightGBM and XGBoost.
        for forest in getattr(self.estimator_, "_forests", ()):
            forest.slim()

    @property
    def classes_(self):
        """Class labels."""
        return self.estimator_.classes_

    def predict(self, X):
        """Predict with the estimator.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        found = flat_column(self.estimator_.predict(self.encoder_.transform(X)))
        return found if self.units_ is None else self.units_.back(found)

    @_has("predict_proba")
    def predict_proba(self, X):
        """Predict class probabilities with the estimator.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(self.encoder_.transform(X))

    def __sklearn_tags__(self):
        """Return the tags of the estimator."""
        tags = get_tags(self.estimator)
        own = super().__sklearn_tags__()
        own.estimator_type = tags.estimator_type
        own.classifier_tags = tags.classifier_tags
        own.regressor_tags = tags.regressor_tags
        return own
