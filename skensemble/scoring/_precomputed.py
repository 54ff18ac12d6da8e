"""Estimators that return precomputed predictions, so that scorers can score these."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

Array = NDArray[Any]


def _returns(method: str) -> Any:
    return available_if(lambda estimator: estimator.method == method)


class PrecomputedRegressor(RegressorMixin, BaseEstimator):
    """Fitted regressor that returns precomputed predictions.

    Parameters
    ----------
    block : ndarray of shape (n_samples,) or (n_samples, n_outputs), default=None
        The predictions; None returns the rows of `X`.
    """

    def __init__(self, block=None):
        self.block = block

    def fit(self, X, y=None):
        """Return the estimator unchanged."""
        return self

    def __sklearn_is_fitted__(self):
        """Report the estimator as fitted."""
        return True

    def predict(self, X):
        """Return the precomputed predictions."""
        return np.asarray(X) if self.block is None else self.block


class PrecomputedClassifier(ClassifierMixin, BaseEstimator):
    """Fitted classifier that returns precomputed predictions.

    Parameters
    ----------
    block : ndarray of shape (n_samples,) or (n_samples, n_columns), default=None
        The predictions; None returns the rows of `X`.
    method : {"predict", "predict_proba", "decision_function"}, default="predict"
        The response method that gave the block. ``"predict"``: codes of classes.
    kind : {"classes", "labels"}, default="classes"
        Type of the target.
    classes : ndarray, list of ndarray or None, default=None
        The labels; None for codes 0, 1, ...
    n_classes : int, default=2
        Number of classes, if `classes` is None.
    """

    def __init__(
        self, block=None, method="predict", kind="classes", classes=None, n_classes=2
    ):
        self.block = block
        self.method = method
        self.kind = kind
        self.classes = classes
        self.n_classes = n_classes

    @property
    def classes_(self):
        """The labels; one array per output for multilabel targets."""
        if self.classes is not None:
            return self.classes
        if self.kind == "labels":
            return [np.arange(2)] * self.block.shape[1]
        return np.arange(self.n_classes)

    def fit(self, X, y=None):
        """Return the estimator unchanged."""
        return self

    def __sklearn_is_fitted__(self):
        """Report the estimator as fitted."""
        return True

    @_returns("predict_proba")
    def predict_proba(self, X):
        """Return the precomputed probabilities."""
        return self._predictions(X)

    @_returns("decision_function")
    def decision_function(self, X):
        """Return the precomputed decision values."""
        return self._predictions(X)

    def predict(self, X):
        """Return the most probable class, or the labels above the threshold."""
        codes = self._codes(self._predictions(X))
        if self.classes is None:
            return codes
        if not isinstance(self.classes, list):
            return self.classes[codes]
        columns = [
            # A label with one class only has this class in every row.
            labels[column if len(labels) == 2 else np.zeros_like(column)]
            for column, labels in zip(codes.T, self.classes, strict=True)
        ]
        return np.column_stack(columns)

    def _predictions(self, X):
        return np.asarray(X) if self.block is None else self.block

    def _codes(self, block):
        if self.method == "predict":
            return np.rint(block).astype(int)
        threshold = 0.5 if self.method == "predict_proba" else 0.0
        if self.kind == "labels" or block.ndim == 1:
            return (block > threshold).astype(int)
        return block.argmax(axis=1)


def precomputed_estimator(
    block: Any,
    *,
    method: str = "predict_proba",
    kind: str = "classes",
    classes: Any = None,
    n_classes: int = 0,
) -> Any:
    """Make a fitted scikit-learn estimator that returns precomputed predictions.

    Scorers call its response methods with any `X` of the same number of rows.

    Parameters
    ----------
    block : ndarray of shape (n_samples,) or (n_samples, n_columns) or None
        Continuous predictions, codes of classes, probabilities (one column per class
        or label) or decision values; None returns the rows of `X`.
    method : {"predict", "predict_proba", "decision_function"}, default="predict_proba"
        The response method that gave the block.
    kind : {"continuous", "classes", "labels"}, default="classes"
        Type of the target.
    classes : ndarray, list of ndarray or None, default=None
        The labels that `predict` returns, one array per output for multilabel targets;
        None for codes 0, 1, ...
    n_classes : int, default=0
        Number of classes; 0 for the number of columns.

    Returns
    -------
    estimator : PrecomputedRegressor or PrecomputedClassifier
        The fitted estimator.
    """
    if kind == "continuous":
        return PrecomputedRegressor(block)
    if not n_classes:
        n_classes = block.shape[1] if np.ndim(block) == 2 else 2
    return PrecomputedClassifier(block, method, kind, classes, n_classes)
