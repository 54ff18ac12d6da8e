"""Weights of the members of both layers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skensemble.combination import OutOfFoldData, WeightedMean, as_double
from skensemble.core import named_seed
from skensemble.member_weights import greedy_selection

# Few steps, since small weights are noise and every member adds prediction time.
_MAX_STEPS = 25
# An upper layer whose error is larger by this factor gets no weight.
_MAX_ERROR_RATIO = 1.06


@dataclass(frozen=True)
class LayerWeighting:
    r"""Fits the weights of a lower and an upper layer.

    The members of the lower layer get weights :math:`w_m` by greedy selection. The
    members of the upper layer, which use the predictions of the lower one, get equal
    weights. Each layer gets half of the total weight: :math:`\hat y = (\sum_m w_m p_m +
    \bar q) / 2`. The two layers err in different ways, and out-of-fold predictions
    cannot compare them, since the upper layer was fitted on those of the lower one.

    Parameters
    ----------
    upper : tuple of str
        Members of the upper layer.
    scoring : PredictionScorer
        The score that is maximised.
    seed : int or None
        Seed of the choice between tied members.
    among : tuple of str or None, default=None
        Members of the lower layer to choose from, without an upper layer; None chooses
        from all members of both layers.
    """

    upper: tuple[str, ...]
    scoring: Any
    seed: int | None
    among: tuple[str, ...] | None = None

    def __call__(self, oof_data: OutOfFoldData) -> WeightedMean:
        """Fit the weights of all members on their out-of-fold predictions."""
        lower = [
            name
            for name in oof_data.blocks
            if name not in self.upper and (self.among is None or name in self.among)
        ]
        weights = self.lower_weights(oof_data.only(lower))
        upper = [name for name in self.upper if name in oof_data.blocks]
        upper = upper if self.among is None else []
        if upper and _upper_is_good(oof_data, weights, upper):
            weights = {name: weight / 2 for name, weight in weights.items()}
            weights |= dict.fromkeys(upper, 0.5 / len(upper))
        all_weights = {name: weights.get(name, 0.0) for name in oof_data.blocks}
        return WeightedMean(all_weights, "mean", oof_data.kind, oof_data.n_classes)

    def lower_weights(self, oof_data: OutOfFoldData) -> dict[str, float]:
        """Fit the weights of the members of the lower layer, which sum to one."""
        blocks = {n: as_double(b, oof_data.kind) for n, b in oof_data.blocks.items()}
        weights = greedy_selection(
            blocks,
            oof_data.y,
            scoring=self.scoring,
            max_steps=_MAX_STEPS,
            sample_weight=oof_data.weight,
            kind=oof_data.kind,
            random_state=named_seed(self.seed or 0, "blend"),
        )
        return dict(zip(blocks, map(float, weights), strict=True))


def _upper_is_good(
    oof_data: OutOfFoldData, weights: dict[str, float], upper: list[str]
) -> bool:
    """Return whether the upper layer is not clearly worse than the lower one."""
    kind, n_classes = oof_data.kind, oof_data.n_classes
    equal = dict.fromkeys(upper, 1 / len(upper))
    below = WeightedMean(weights, "mean", kind, n_classes).combine(oof_data.blocks)
    above = WeightedMean(equal, "mean", kind, n_classes).combine(oof_data.blocks)
    return _error(above, oof_data) <= _MAX_ERROR_RATIO * _error(below, oof_data)


def _error(block: Any, oof_data: OutOfFoldData) -> float:
    """Return the root mean squared error, or the log loss."""
    y, weight = oof_data.y, oof_data.weight
    if oof_data.kind == "continuous":
        return float(np.sqrt(np.average((block - y) ** 2, weights=weight)))
    log_p = np.log(np.maximum(block[np.arange(len(y)), y], 1e-7))
    return float(-np.average(log_p, weights=weight))
