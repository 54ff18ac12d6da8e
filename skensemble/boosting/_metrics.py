"""Additional metrics that are computed after each round of boosting."""

from typing import Any

from skensemble.losses import Loss, as_loss, loss_names


class _MeanLoss:
    """The mean of a loss, from predictions."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, y: Any, prediction: Any, sample_weight: Any) -> float:
        return -self.loss.score(y, prediction, sample_weight)


def as_metrics(metrics: Any) -> dict[str, Any]:
    """Turn the parameter ``metrics`` into functions by name.

    Parameters
    ----------
    metrics : list, dict or None
        A list of losses or of their short names; or a dict with losses or functions
        ``metric(y, prediction, sample_weight)`` by name. Classes are codes, and
        predictions are means or probabilities.

    Returns
    -------
    metrics : dict of str to callable
        Functions by name.
    """
    if metrics is None:
        return {}
    if isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, dict):
        metrics = {one if isinstance(one, str) else repr(one): one for one in metrics}
    return {name: _as_metric(name, one) for name, one in metrics.items()}


class _UserMetric:
    """A function of the user; a wrong signature is explained."""

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
        return _UserMetric(name, metric)
    raise ValueError(
        f"metrics: {name!r} is {metric!r}; give a loss, one of {sorted(known)}, or a dict "
        "of name to function metric(y, prediction, sample_weight)."
    )
