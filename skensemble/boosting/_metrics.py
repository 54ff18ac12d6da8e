"""Further numbers to follow while boosting."""

from typing import Any

from skensemble.losses import Loss, as_loss


class _MeanLoss:
    """Mean loss of predictions."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, y: Any, prediction: Any, sample_weight: Any) -> float:
        if prediction.ndim == 1 and "regression" not in self.loss.links:
            task = "binary"
        else:
            task = next(iter(self.loss.links))
        raw = self.loss.link_for(task).link(prediction)
        return self.loss.value(y, raw, sample_weight)


def as_metrics(metrics: Any) -> dict[str, Any]:
    """Read ``metrics``: names of losses, losses, or functions by name.

    Parameters
    ----------
    metrics : list, dict or None
        A list of losses or of their names; or a dict of name to loss or to
        ``metric(y, prediction, sample_weight)``, with classes as codes and predictions
        as means or probabilities.

    Returns
    -------
    metrics : dict of str to callable
    """
    if metrics is None:
        return {}
    if not isinstance(metrics, dict):
        metrics = {one if isinstance(one, str) else repr(one): one for one in metrics}
    return {name: _as_metric(name, one) for name, one in metrics.items()}


def _as_metric(name: str, metric: Any) -> Any:
    if isinstance(metric, str | Loss):
        return _MeanLoss(as_loss(metric))
    if callable(metric):
        return metric
    raise ValueError(
        f"metrics: {name!r} is {metric!r}; give a loss, its name, or a function "
        "metric(y, prediction, sample_weight)."
    )
