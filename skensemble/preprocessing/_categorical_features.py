"""Pass the names of categorical columns to CatBoost."""

from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.core import flat_column


def _estimator_has(name):
    def check(model):
        getattr(getattr(model, "estimator_", model.estimator), name)
        return True

    return check


class CategoriesOfFrame(MetaEstimatorMixin, BaseEstimator):
    """Set the parameter ``cat_features`` of an estimator from the columns of a frame.

    CatBoost requires the names of the categorical columns in ``cat_features``. They are
    all columns of the training data that are not numeric.

    Read more in the :ref:`User Guide <guide_tables>`.

    Parameters
    ----------
    estimator : estimator
        CatBoostClassifier, CatBoostRegressor or another estimator with the parameter
        ``cat_features``.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.preprocessing import CategoriesOfFrame
    >>> from sklearn.base import BaseEstimator
    >>> class Example(BaseEstimator):
    ...     def __init__(self, cat_features=None):
    ...         self.cat_features = cat_features
    ...
    ...     def fit(self, X, y):
    ...         return self
    >>> X = pd.DataFrame(
    ...     {"size": [1.0, 2.0], "colour": pd.Categorical(["red", "blue"])}
    ... )
    >>> CategoriesOfFrame(Example()).fit(X, [0, 1]).estimator_
    Example(cat_features=['colour'])
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y=None, **fit_params):
        """Fit the estimator with the names of the categorical columns.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or None, default=None
            Target.
        **fit_params : dict
            Parameters passed to ``fit`` of the estimator, such as ``sample_weight``.

        Returns
        -------
        self : CategoriesOfFrame
            Fitted estimator.
        """
        categories = [
            name
            for name, dtype in zip(X.columns, X.dtypes, strict=True)
            if not pd.api.types.is_numeric_dtype(dtype)
        ]
        model = clone(self.estimator).set_params(cat_features=categories)
        self.estimator_ = model.fit(X, y, **fit_params)
        return self

    def predict(self, X):
        """Return the predictions of the estimator.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            Data.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        """
        check_is_fitted(self)
        return flat_column(self.estimator_.predict(X))

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X):
        """Return the predicted probabilities of the estimator.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            Data.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Probabilities of the classes.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def score(self, X, y, **score_params):
        """Return the score of the estimator.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,)
            Target.
        **score_params : dict
            Parameters passed to ``score`` of the estimator.

        Returns
        -------
        score : float
            Score; its meaning is that of the estimator.
        """
        check_is_fitted(self)
        return self.estimator_.score(X, y, **score_params)

    @property
    def classes_(self):
        """Classes of the estimator."""
        return self.estimator_.classes_

    @property
    def feature_importances_(self):
        """Feature importances of the estimator."""
        return self.estimator_.feature_importances_

    def __sklearn_is_fitted__(self):
        """Whether the estimator is fitted."""
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the estimator."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        return tags
