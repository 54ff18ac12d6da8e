"""How weak learners are asked: functions that pickle."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import predict_block

Array = NDArray[Any]


def ask_labels(model: Any, X: Any, classes: Array) -> Array:
    """Ask for codes of classes."""
    found = np.asarray(model.predict(X))
    return np.searchsorted(classes, found)


def ask_probabilities(model: Any, X: Any, classes: Array) -> Array:
    """Ask for probabilities, one column a class."""
    present = np.searchsorted(classes, model.classes_)
    return predict_block(model, "predict_proba", X, present, len(classes))


def ask_numbers(model: Any, X: Any) -> Array:
    """Ask for numbers; several models give a column each."""
    if isinstance(model, list):
        return np.column_stack([ask_numbers(one, X) for one in model])
    return np.asarray(model.predict(X), dtype=float)


def mean_as_labels(mean: Array) -> Array:
    """Read a mean of -1 and 1 as the class that has more weight."""
    return (mean > 0).astype(np.intp)


def mean_as_probabilities(mean: Array) -> Array:
    """Read a mean of -1 and 1 as probabilities."""
    p = np.clip(0.5 * (1.0 + mean), 0.0, 1.0)
    return np.column_stack([1.0 - p, p])


def itself(values: Array, weight: float = 1.0) -> Array:
    """Leave numbers as they are."""
    return values


def scaled_back(values: Array, centre: float, scale: float) -> Array:
    """Undo centring and scaling."""
    return values * scale + centre
