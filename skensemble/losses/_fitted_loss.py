"""The loss of one fit, from the parameter of an estimator and the target."""

from typing import Any

from sklearn.base import clone

from skensemble.core import Target
from skensemble.losses._base import Loss


def loss_for_target(
    loss: Loss, given: Any, target: Target, task: str, y: Any, sample_weight: Any
) -> Loss:
    """Copy a loss and set it up for a target.

    Parameters
    ----------
    loss : Loss
        The loss; it stays as it is.
    given : str or Loss
        The value of the parameter, for messages.
    target : Target
        The target of the fit.
    task : {"regression", "multioutput", "binary", "multiclass", "multilabel"}
        The task.
    y : ndarray of shape (n,) or (n, k)
        The rows of its values that are fitted.
    sample_weight : ndarray of shape (n,) or None
        Sample weights.

    Returns
    -------
    loss : Loss

    Raises
    ------
    ValueError
        If the loss does not serve the task, or a value of the target is out of its
        range.
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
