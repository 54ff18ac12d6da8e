"""CatBoost learns at fit which columns are categories."""

from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


def _has(name):
    def check(model):
        getattr(getattr(model, "estimator_", model.estimator), name)
        return True

    return check


class CategoriesOfFrame(MetaEstimatorMixin, BaseEstimator):
    """A learner that is told in `fit` which columns of the frame are categories.

    CatBoost wants to know them in ``cat_features``; they are the columns of the frame
    that are not numbers.

    Parameters
    ----------
    estimator : estimator
        CatBoostClassifier, CatBoostRegressor or another that has ``cat_features``.

    Attributes
    ----------
    estimator_ : estimator
        The learner, fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.preprocessing import CategoriesOfFrame
    >>> from sklearn.base import BaseEstimator
    >>> class Told(BaseEstimator):
    ...     def __init__(self, cat_features=None):
    ...         self.cat_features = cat_features
    ...
    ...     def fit(self, X, y):
    ...         return self
    >>> X = pd.DataFrame(
    ...     {"size": [1.0, 2.0], "colour": pd.Categorical(["red", "blue"])}
    ... )
    >>> CategoriesOfFrame(Told()).fit(X, [0, 1]).estimator_
    Told(cat_features=['colour'])
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y=None, **fit_params):
        """Fit the learner, and tell it the categories.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The rows.
        y : array-like of shape (n,) or None, default=None
            Their target.
        **fit_params : dict
            Handed on to its ``fit``, such as ``sample_weight``.

        Returns
        -------
        self : CategoriesOfFrame
            The fitted estimator.
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
        """Predict as the learner does.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,) or (n, k)
            The predictions of the learner.
        """
        check_is_fitted(self)
        values = self.estimator_.predict(X)
        one_column = values.ndim == 2 and values.shape[1] == 1
        return values[:, 0] if one_column else values

    @available_if(_has("predict_proba"))
    def predict_proba(self, X):
        """Predict probabilities as the learner does.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The rows.

        Returns
        -------
        p : ndarray of shape (n, n_classes)
            The probability of each class, one column per class.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def score(self, X, y, **score_params):
        """Score as the learner does.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their target.
        **score_params : dict
            Handed on to its ``score``.

        Returns
        -------
        score : float
            The score of the learner.
        """
        check_is_fitted(self)
        return self.estimator_.score(X, y, **score_params)

    @property
    def classes_(self):
        """Classes of the learner."""
        return self.estimator_.classes_

    @property
    def feature_importances_(self):
        """Importances of the columns."""
        return self.estimator_.feature_importances_

    def __sklearn_is_fitted__(self):
        """Whether `fit` was called."""
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Any:
        """The tags of the learner."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        return tags
