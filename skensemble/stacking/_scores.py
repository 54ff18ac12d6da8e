"""The default scores of scikit-learn, read off blocks of predictions."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score


def score_block(block: Any, method: str, y: Any, *, kind: str, weight=None) -> float:
    """Score predictions: accuracy for classes, R2 for numbers; NaN where undefined."""
    if kind == "continuous":
        if len(y) < 2 or np.shape(block) != np.shape(y):  # several quantiles, say
            return float("nan")
        return float(r2_score(y, block, sample_weight=weight))
    labels = _labels(np.asarray(block), method, y)
    return float(accuracy_score(y, labels, sample_weight=weight))


def _labels(block: np.ndarray, method: str, y: Any) -> np.ndarray:
    if method == "predict":
        return np.rint(block).astype(int)
    if block.ndim == 1 or y.ndim == 2:
        return (block > (0.5 if method == "predict_proba" else 0.0)).astype(int)
    return block.argmax(axis=1)
