"""The average of fold models: the mean of their predictions, or the vote."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import predict_block


@dataclass(frozen=True)
class FoldAverage:
    """A member that was not refitted on all rows: the average of its fold models.

    Parameters
    ----------
    estimators : tuple of estimators
        One model per split.
    present : tuple of (ndarray of int or None)
        Codes of the classes in the training rows of each model.
    method : str
        The response method.
    n_classes : int
        Total number of classes.
    """

    estimators: tuple[Any, ...]
    present: tuple[NDArray[Any] | None, ...]
    method: str
    n_classes: int

    def predict_block(self, X: Any) -> NDArray[Any]:
        """Predict `X` as one block.

        Parameters
        ----------
        X : array-like
            The rows to predict.

        Returns
        -------
        block : ndarray of shape (n,) or (n, k)
            Mean of the predictions of the fold models; the most frequent class if the
            response method gives class labels.
        """
        blocks = [
            predict_block(model, self.method, X, present, self.n_classes)
            for model, present in zip(self.estimators, self.present, strict=True)
        ]
        if self.method == "predict" and self.present[0] is not None:
            return vote(blocks, self.n_classes)
        return np.mean(blocks, axis=0)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen by the fold models."""
        return int(self.estimators[0].n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the features seen by the fold models."""
        return np.asarray(self.estimators[0].feature_names_in_)


def vote(blocks: list[NDArray[Any]], n_classes: int) -> NDArray[Any]:
    """Return the most frequent class code per row, the lowest in case of a tie."""
    counts = np.zeros((len(blocks[0]), n_classes), dtype=np.intp)
    for block in blocks:
        counts[np.arange(len(block)), block] += 1
    return np.asarray(counts.argmax(axis=1))
