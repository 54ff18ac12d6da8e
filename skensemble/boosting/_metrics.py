"""Further numbers to follow while boosting."""

from typing import Any

from skensemble.losses import Loss, as_loss, loss_names


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
    if isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, dict):
        metrics = {one if isinstance(one, str) else repr(one): one for one in metrics}
    return {name: _as_metric(name, one) for name, one in metrics.items()}


class _Checked:
    """A function of the user, called with what it was told."""

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self.function = function

    def __call__(self, y: Any, prediction: Any, sample_weight: Any) -> float:
        try:
            return float(self.function(y, prediction, sample_weight))
        except TypeError as error:
            raise ValueError(
                f"metrics: {self.name!r} failed ({error}); it is called as "
                "metric(y, prediction, sample_weight)."
            ) from error


def _as_metric(name: str, metric: Any) -> Any:
    known = loss_names()
    if isinstance(metric, Loss) or metric in known:
        return _MeanLoss(as_loss(metric))
    if callable(metric):
        return _Checked(name, metric)
    raise ValueError(
        f"metrics: {name!r} is {metric!r}; give a loss, one of {sorted(known)}, or a dict "
        "of name to function metric(y, prediction, sample_weight)."
    )
