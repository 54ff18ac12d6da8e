"""The default scores of scikit-learn, read off blocks of predictions."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score


def score_block(
    block: Any, method: str, y: Any, *, kind: str, weight=None, scoring: Any = None
) -> float:
    """Score predictions: accuracy for classes, R2 for numbers; NaN where undefined.

    With a `scoring`, by that; NaN for a member that does not give what it needs.
    """
    if scoring is not None:
        return _scored(np.asarray(block), method, y, weight, scoring)
    if kind == "continuous":
        if len(y) < 2 or np.shape(block) != np.shape(y):  # several quantiles, say
            return float("nan")
        return float(r2_score(y, block, sample_weight=weight))
    labels = predicted_codes(np.asarray(block), method, y)
    return float(accuracy_score(y, labels, sample_weight=weight))


def predicted_codes(block: np.ndarray, method: str, y: Any) -> np.ndarray:
    if method == "predict":
        return np.rint(block).astype(int)
    if block.ndim == 1 or y.ndim == 2:
        return (block > (0.5 if method == "predict_proba" else 0.0)).astype(int)
    return block.argmax(axis=1)


def _scored(block: np.ndarray, method: str, y: Any, weight: Any, scoring: Any) -> float:
    if scoring.kind == "classes" and len(np.unique(y)) < 2:
        return float("nan")  # most metrics are undefined in rows of one class
    if method == "predict" and scoring.kind == "classes":
        block = np.rint(block).astype(int)
    try:
        return float(scoring.score(block, y, sample_weight=weight, method=method))
    except ValueError:
        # A metric of probabilities and a member without any, or one that is not defined
        # where a class is not there.
        lacking = scoring.kind == "classes" and len(np.unique(y)) < scoring.n_classes
        if not lacking and (method == "predict_proba" or scoring.kind == "continuous"):
            raise
        return float("nan")
