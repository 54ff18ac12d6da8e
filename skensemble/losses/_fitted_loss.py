"""The loss of one fit, from the parameter of an estimator and the target."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import r2_score

from skensemble.core import Target
from skensemble.losses._base import Loss
from skensemble.losses._regression import MultiQuantile


def loss_for_target(
    loss: Loss, given: Any, target: Target, task: str, y: Any, sample_weight: Any
) -> Loss:
    """Copy a loss and set it up for a target.

    Parameters
    ----------
    loss : Loss
        The loss, which is not changed.
    given : str or Loss
        The value of the parameter, for messages.
    target : Target
        The target of the fit.
    task : {"regression", "multioutput", "binary", "multiclass", "multilabel"}
        The task.
    y : ndarray of shape (n,) or (n, k)
        Target values of the training rows.
    sample_weight : ndarray of shape (n,) or None
        Sample weights.

    Returns
    -------
    loss : Loss

    Raises
    ------
    ValueError
        If the loss does not support the task or a value of the target.
    """
    if task == "multiclass" and task not in loss.links and "binary" in loss.links:
        raise ValueError(
            f"loss={given!r} is only suitable for a binary classification problem, but "
            f"there are {target.n_classes} classes."
        )
    loss.link_for(task)
    loss = clone(loss)
    if target.kind == "classes":
        loss = loss.for_classes(target.classes, y, sample_weight)
    elif target.kind == "labels":
        loss = loss.for_classes([0, 1], y, sample_weight)
    loss.check(y)
    return loss


def regression_score(loss: Loss, y: Any, y_pred: Any, sample_weight: Any) -> float:
    """Return R2 of predictions, or minus the mean loss of several quantiles.

    Parameters
    ----------
    loss : Loss
        The fitted loss of a regressor.
    y, y_pred : array-like of shape (n,) or (n, k)
        The target and its predictions.
    sample_weight : array-like of shape (n,) or None
        Sample weights.

    Returns
    -------
    score : float
    """
    if isinstance(loss, MultiQuantile):
        return float(loss.score(np.asarray(y), y_pred, sample_weight))
    return float(r2_score(y, y_pred, sample_weight=sample_weight))
