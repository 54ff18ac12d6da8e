"""Scores of probabilities on rows that lack some of the classes.

scikit-learn does not know a class that has no row. The area under the ROC curve is the
mean over the classes with rows. For other scores, one row of weight zero per class
makes the classes known and changes nothing else.
"""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

Array = NDArray[Any]

# Scores of scikit-learn: each class against the rest, or each pair of classes; the
# second value tells whether the classes count by their rows.
ROC_AUC = {
    "roc_auc_ovr": ("ovr", False),
    "roc_auc_ovr_weighted": ("ovr", True),
    "roc_auc_ovo": ("ovo", False),
    "roc_auc_ovo_weighted": ("ovo", True),
}


def missing_classes(y: Array, n_classes: int, sample_weight: Any = None) -> Array:
    """Return the codes of the classes without rows of a positive weight.

    Parameters
    ----------
    y : ndarray of int of shape (n,)
        Codes of the classes.
    n_classes : int
        Number of classes.
    sample_weight : array-like of shape (n,) or None, default=None
        Weights of the rows.

    Returns
    -------
    codes : ndarray of int
    """
    counts = np.bincount(y, weights=sample_weight, minlength=n_classes)
    return np.flatnonzero(counts == 0)


def roc_auc_of_present(name: str, block: Array, y: Array, sample_weight: Any) -> float:
    """Average the ROC AUC over the classes that have rows.

    Parameters
    ----------
    name : str
        A key of `ROC_AUC`.
    block : ndarray of shape (n, n_classes)
        Probabilities.
    y : ndarray of int of shape (n,)
        Codes of the classes.
    sample_weight : array-like of shape (n,) or None
        Weights of the rows.

    Returns
    -------
    auc : float

    Raises
    ------
    ValueError
        If fewer than two classes have rows.
    """
    scheme, by_rows = ROC_AUC[name]
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
    counts = np.bincount(y, weights=weight, minlength=block.shape[1])
    present = np.flatnonzero(counts)
    if len(present) < 2:
        raise ValueError("ROC AUC is not defined where y has one class only.")
    if scheme == "ovr":
        values = [
            roc_auc_score(y == code, block[:, code], sample_weight=weight)
            for code in present
        ]
        shares = counts[present]
    else:
        pairs = list(combinations(present, 2))
        values = [_auc_of_pair(pair, block, y, weight) for pair in pairs]
        shares = np.array([counts[list(pair)].sum() for pair in pairs])
    return float(np.average(values, weights=shares if by_rows else None))


def _auc_of_pair(pair: Any, block: Array, y: Array, weight: Array) -> float:
    rows = np.isin(y, pair)
    return float(
        np.mean(
            [
                roc_auc_score(
                    y[rows] == code, block[rows, code], sample_weight=weight[rows]
                )
                for code in pair
            ]
        )
    )


def with_missing_classes(
    block: Array, y: Array, sample_weight: Any, missing: Array
) -> tuple[Array, Array, Array]:
    """Append one row of weight zero per missing class.

    Parameters
    ----------
    block : ndarray of shape (n, n_classes)
        Probabilities.
    y : ndarray of int of shape (n,)
        Codes of the classes.
    sample_weight : array-like of shape (n,) or None
        Weights of the rows.
    missing : ndarray of int
        Codes of the classes without rows.

    Returns
    -------
    block, y, sample_weight : ndarray
    """
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
    more = np.eye(block.shape[1], dtype=block.dtype)[missing]
    return (
        np.concatenate([block, more]),
        np.concatenate([y, missing]),
        np.concatenate([weight, np.zeros(len(missing))]),
    )
