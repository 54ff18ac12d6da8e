"""The interface of stage fitters, which fit the weak learners of AdaBoost."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Stages(ABC):
    """Fitted weak learners with their weights. They can be pickled."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of weak learners."""

    @abstractmethod
    def parts(self, X: Any) -> Iterator[Array]:
        """Part of each weak learner, (n,) or (n, k); for regressors its predictions."""

    def total(self, X: Any) -> Array:
        """Sum of the parts."""
        found: Any = 0.0
        for part in self.parts(X):
            found = found + part
        return np.asarray(found)

    @abstractmethod
    def estimators(self) -> list[Any]:
        """Return the weak learners as estimators."""


class StageFitter(ABC):
    """Fits one weak learner after another on the same rows with new weights."""

    @abstractmethod
    def fit_next(self, weight: Array, response: Array | None = None) -> Array:
        """Fit the next weak learner.

        Parameters
        ----------
        weight : ndarray of shape (n,) or (n, k)
            Weights of the rows; rows of weight zero are left out.
        response : ndarray of shape (n,) or (n, k) or None
            A working response to fit; None is the target.

        Returns
        -------
        prediction : ndarray
            Predictions for the training rows: codes of classes, probabilities, or
            continuous values.
        """

    @abstractmethod
    def predict_validation(self) -> Array:
        """Predictions of the last weak learner for the validation rows."""

    @abstractmethod
    def drop_last(self) -> None:
        """Drop the last weak learner."""

    @abstractmethod
    def stages(self, weights: list[float]) -> Stages:
        """Return the first weak learners, one per weight."""


def identity(values: Array, weight: float = 1.0) -> Array:
    """Return values unchanged."""
    return values
