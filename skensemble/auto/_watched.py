"""A learner that stops on rows held out, which the table encoder has not learned from."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.fitting._holdout import inner_split
from skensemble.fitting._runner import take_rows

_LARGEST_SEED = 2**31 - 1


def _has(method):
    return available_if(lambda self: hasattr(self.estimator, method))


class Watched(MetaEstimatorMixin, BaseEstimator):
    """An encoder, and a learner that is told of rows held out.

    The rows are held out before the encoder is fitted: target means of a row's level
    that know other rows of the table would make the rows held out look too easy, and
    the learner would stop too late.

    Parameters
    ----------
    encoder : TableEncoder
        What prepares the table.
    estimator : estimator
        Whose ``fit`` takes ``X_val`` and ``y_val``.
    rounds : int or None, default=None
        Fit so many rounds on all rows; None holds rows out to know when to stop.
    fraction : float, default=0.1
        Share of the rows held out.
    random_state : int, RandomState instance or None, default=None
        For which they are.
    """

    def __init__(
        self, encoder, estimator, *, rounds=None, fraction=0.1, random_state=None
    ):
        self.encoder = encoder
        self.estimator = estimator
        self.rounds = rounds
        self.fraction = fraction
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Fit on all rows but those held out, or so many rounds on all.

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
        self : Watched
        """
        y = np.asarray(y)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        self.n_features_in_ = X.shape[1]
        if self.rounds is None:
            self._fit_part(X, y, weight, *self._split(y))
        else:
            self._fit_all(X, y, weight)
        return self

    def _fit_all(self, X, y, weight):
        model = clone(self.estimator).set_params(n_estimators=self.rounds)
        if "early_stopping" in model.get_params(deep=False):
            model.set_params(early_stopping=False)
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(X, y)
        self.estimator_ = model.fit(table, y, sample_weight=weight)

    def _split(self, y):
        classes = is_classifier(self.estimator)
        codes = np.unique(y, return_inverse=True)[1] if classes else y
        least = np.bincount(codes).min() if classes else 0
        return inner_split(
            codes,
            fraction=self.fraction,
            how="random",
            stratify=bool(least * self.fraction >= 1),
            groups=None,
            seed=int(check_random_state(self.random_state).randint(_LARGEST_SEED)),
        )

    def _fit_part(self, X, y, weight, rows, watched):
        # Classes that are held out alone cannot be watched.
        if is_classifier(self.estimator):
            known = watched[np.isin(y[watched], y[rows])]
            watched = known if len(known) else rows
            rest = np.setdiff1d(np.unique(y), y[rows])
            rows = np.concatenate([rows, np.flatnonzero(np.isin(y, rest))])
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(take_rows(X, rows), y[rows])
        params: dict[str, Any] = {
            "X_val": self.encoder_.transform(take_rows(X, watched)),
            "y_val": y[watched],
        }
        if weight is not None:
            params["sample_weight"] = weight[rows]
            params["sample_weight_val"] = weight[watched]
        self.estimator_ = clone(self.estimator).fit(table, y[rows], **params)

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
