"""The probability from which a row is called positive."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import TunedThresholdClassifierCV

Array = NDArray[Any]


class Said(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are the probabilities that it is to give."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        """Nothing is learned."""
        return self

    def predict_proba(self, X):
        """Give the rows back."""
        return np.asarray(X)

    def predict(self, X):
        """Give the likelier class."""
        return np.asarray(X).argmax(axis=1)

    def __sklearn_is_fitted__(self):
        """Nothing is to be fitted."""
        return True


def tuned_threshold(p: Array, y: Array, scoring: Any, sample_weight: Any) -> float:
    """Choose the threshold that scores best on out-of-fold probabilities.

    Parameters
    ----------
    p : ndarray of shape (n, 2)
        Probabilities out of fold.
    y : ndarray of int of shape (n,)
        Codes of the two classes.
    scoring : str or callable
        What is maximised.
    sample_weight : ndarray of shape (n,) or None
        Weights of the rows.

    Returns
    -------
    threshold : float
    """
    tuner = TunedThresholdClassifierCV(
        FrozenEstimator(Said()), scoring=scoring, cv="prefit", refit=False
    )
    params = {} if sample_weight is None else {"sample_weight": sample_weight}
    return float(tuner.fit(p, y, **params).best_threshold_)
