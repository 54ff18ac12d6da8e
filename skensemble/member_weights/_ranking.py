"""Area under the ROC curve for repeated calls: one sort per call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Below this many rows one comparison sort costs less than the passes of a radix sort.
_FEW_ROWS = 6000


class BinaryAUC:
    """AUC of scores against fixed classes and weights.

    The share of pairs of a positive and a negative row in which the positive one has
    the higher score, ties counting one half (Hanley and McNeil, "The meaning and use of
    the area under a receiver operating characteristic (ROC) curve", Radiology 143,
    1982). Weights of rows multiply in each pair.

    Parameters
    ----------
    positive : ndarray of bool of shape (n,)
        Which rows are positive.
    weight : ndarray of shape (n,)
        Weights of the rows.
    """

    def __init__(self, positive: Array, weight: Array) -> None:
        self.positive = np.where(positive, weight, 0.0)
        self.negative = np.where(positive, 0.0, weight)
        self.pairs = self.positive.sum() * self.negative.sum()
        if not self.pairs:
            raise ValueError(
                "ROC AUC is not defined where y has one class only; use another "
                "scoring, or rows of both classes."
            )

    def __call__(self, score: Array) -> float:
        """Compute the AUC of scores.

        Parameters
        ----------
        score : ndarray of shape (n,)
            Scores that should be higher for positive rows.

        Returns
        -------
        auc : float
        """
        order, score = ordered(score)
        above = self.positive[order]
        below = self.negative[order]
        last = np.flatnonzero(score[1:] != score[:-1])
        if len(last) < len(score) - 1:  # ties: one step of the curve per distinct score
            last = np.append(last, len(score) - 1)
            ups = np.diff(np.cumsum(above)[last], prepend=0.0)
            rights = np.cumsum(below)[last]
            return float(ups @ (rights + np.append(0.0, rights[:-1]))) / 2 / self.pairs
        return float(above @ np.cumsum(below)) / self.pairs


def ordered(score: Array) -> tuple[Array, Array]:
    """Sort scores, faster than by comparisons for many rows.

    The scores are converted to integers of 32 bits and sorted in two passes over 16
    bits each, which numpy does by radix. Scores that 32 bits cannot distinguish are
    then put in order by a merge sort, which takes few steps on nearly sorted data.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Finite scores.

    Returns
    -------
    order : ndarray of int
        Rows by ascending score.
    score : ndarray
        The scores in that order.
    """
    low, high = score.min(), score.max()
    if len(score) < _FEW_ROWS or not 0 < high - low < np.inf:
        order = np.argsort(score, kind="stable")
        return order, score[order]
    keys = ((score - low) * ((2.0**32 - 1) / (high - low))).astype(np.uint32)
    order = np.argsort(keys.astype(np.uint16), kind="stable")  # the lower half
    upper = (keys >> 16).astype(np.uint16)[order]
    order = order[np.argsort(upper, kind="stable")]
    found = score[order]
    if (found[1:] < found[:-1]).any():
        repair = np.argsort(found, kind="stable")
        order, found = order[repair], found[repair]
    return order, found


class MeanAUC:
    """Mean of the AUC of each class against the rest; one AUC for two classes.

    Of more than two classes, those without rows of a positive weight do not count.

    Parameters
    ----------
    y : ndarray of int of shape (n,)
        Codes of the classes.
    n_classes : int
        Number of classes.
    weight : ndarray of shape (n,)
        Weights of the rows.
    """

    def __init__(self, y: Array, n_classes: int, weight: Array) -> None:
        rows = np.bincount(y, weights=weight, minlength=n_classes)
        self.columns = [1] if n_classes == 2 else np.flatnonzero(rows).tolist()
        self.each = [BinaryAUC(y == column, weight) for column in self.columns]

    def __call__(self, columns: Array) -> float:
        """Compute the mean AUC.

        Parameters
        ----------
        columns : ndarray of shape (len(self.columns), n)
            Scores for each of `columns`.

        Returns
        -------
        auc : float
        """
        found = [auc(score) for auc, score in zip(self.each, columns, strict=True)]
        return float(np.mean(found))
