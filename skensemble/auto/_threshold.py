"""The probability from which a row is called positive."""

from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import get_scorer_names
from sklearn.model_selection import TunedThresholdClassifierCV

from skensemble.scoring import is_regression_scoring

Array = NDArray[Any]


# Scores that no threshold changes.
_OF_PROBABILITIES = ("roc_auc", "average_precision", "log_loss", "brier")


def check_threshold(threshold: Any) -> None:
    """Refuse what is neither a probability nor a score of labels."""
    if threshold is None or callable(threshold):
        return
    if isinstance(threshold, Real) and not isinstance(threshold, bool):
        if not 0 < float(threshold) < 1:
            raise ValueError(f"threshold={threshold!r} must lie between 0 and 1.")
        return
    known = [
        name
        for name in get_scorer_names()
        if not is_regression_scoring(name)
        and not any(k in name for k in _OF_PROBABILITIES)
    ]
    if threshold not in known:
        near = get_close_matches(str(threshold), known, n=3)
        hint = f"did you mean one of {near}? " if near else ""
        raise ValueError(
            f"threshold={threshold!r} is neither a probability nor a score of labels; "
            f"{hint}use a number, 'f1', 'balanced_accuracy' or None."
        )


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
