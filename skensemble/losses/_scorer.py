"""A loss as a scorer, so that training and selection use the same criterion."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier

from skensemble.core import flat_column

Array = NDArray[Any]


class LossScorer(BaseEstimator):
    """A scorer for ``scoring=``: the negative mean loss, greater is better.

    Parameters
    ----------
    loss : Loss
        The loss. The response method is ``predict_proba`` for classifiers
        (``decision_function`` for a loss without probabilities) and ``predict`` for
        regressors.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from skensemble.losses import AbsoluteError
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.arange(20.0)
    >>> scores = cross_val_score(
    ...     LinearRegression(), X, y, scoring=AbsoluteError().scorer()
    ... )
    >>> bool(np.allclose(scores, 0))
    True
    """

    def __init__(self, loss: Any) -> None:
        self.loss = loss

    def __call__(
        self, estimator: Any, X: Any, y: Any, sample_weight: Any = None
    ) -> float:
        """Score a fitted estimator."""
        return self.score(estimator, X, y, sample_weight=sample_weight)

    def score(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator.
        X : array-like
            The rows to predict.
        y : array-like
            Their targets; labels for classifiers.
        sample_weight : array-like of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        score : float
        """
        y = flat_column(y)
        if is_classifier(estimator):
            y, prediction = self._class_predictions(estimator, X, y)
        else:
            prediction = np.asarray(estimator.predict(X))
        return self.loss.score(y, prediction, sample_weight)

    def _class_predictions(
        self, estimator: Any, X: Any, y: Array
    ) -> tuple[Array, Array]:
        """Class codes, and probabilities or decision values."""
        if y.ndim == 1:
            y = np.searchsorted(estimator.classes_, y)
        if not self.loss.probabilistic:
            return y, np.asarray(estimator.decision_function(X))
        prediction = estimator.predict_proba(X)
        if isinstance(prediction, list):  # multilabel: one array per label
            prediction = np.column_stack([block[:, -1] for block in prediction])
        return y, np.asarray(prediction)


def loss_of_predictions(
    loss: Any, y: Array, prediction: Array, sample_weight: Array | None
) -> float:
    """Mean loss of predictions on the scale of the response."""
    y, prediction = flat_column(y), np.asarray(prediction, dtype=float)
    if y.ndim == 1 and loss.width("regression", 1) is None:
        prediction = flat_column(prediction)
    classes = "binary" in loss.links or "multiclass" in loss.links
    if y.ndim == 2:
        task = "multilabel" if "multilabel" in loss.links else "multioutput"
    elif prediction.ndim == 1:
        task = "regression" if "regression" in loss.links else "binary"
    elif classes and prediction.shape[1] > 2:
        task = "multiclass"
    elif classes:
        task, prediction = "binary", prediction[:, 1]
    else:
        task = "regression"
    raw = loss.link_for(task).link(prediction)
    return loss.value(y, raw, sample_weight)
