"""What a learner does for AdaBoost, and what is left of it after the fit."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# As scikit-learn draws the seeds of members.
LARGEST_SEED = np.iinfo(np.int32).max


class Stages(ABC):
    """Fitted weak learners, each with its part in the whole. They pickle."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def parts(self, X: Any) -> Iterator[Array]:
        """What each adds to the whole, (n,) or (n, k); for regressors what it says."""

    def total(self, X: Any) -> Array:
        """Sum of the parts."""
        found: Any = 0.0
        for part in self.parts(X):
            found = found + part
        return np.asarray(found)

    @abstractmethod
    def estimators(self) -> list[Any]:
        """Give one estimator a stage."""


class Learner(ABC):
    """Fits one weak learner after another on the same rows, weighted anew."""

    @abstractmethod
    def learn(self, weight: Array, response: Array | None = None) -> Array:
        """Fit one more.

        Parameters
        ----------
        weight : ndarray of shape (n,) or (n, k)
            Weights of the rows, zero for rows that it may not see.
        response : ndarray of shape (n,) or (n, k) or None
            Numbers to fit; None: the target itself.

        Returns
        -------
        answer : ndarray
            What it says of the training rows: codes of classes, probabilities, or
            numbers, by what it was made for.
        """

    @abstractmethod
    def answer(self) -> Array:
        """What the last one says of the validation rows."""

    @abstractmethod
    def drop_last(self) -> None:
        """Forget the last one."""

    @abstractmethod
    def stages(self, weights: list[float]) -> Stages:
        """Give the first of them, each with its weight."""
