"""Weights of all members: greedily chosen below, equal above."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skensemble.combination import OutOfFoldData, WeightedMean, as_double
from skensemble.core import named_seed
from skensemble.member_weights import greedy_selection

# Few steps: small weights are noise, and cost time in every prediction.
_STEPS = 25
# An upper layer whose error is larger by this factor has learned nothing new.
_TRUSTED = 1.06


@dataclass(frozen=True)
class Learner:
    """Learns to combine two layers.

    The members below are chosen greedily; those above see what all below said, so their
    plain mean has half of the say: :math:`\\hat y = (\\sum_m w_m p_m + \\bar q) / 2`. The
    half is given to the mean since both halves err in their own way, and neither can be
    told to be better by out-of-fold predictions that the upper one has learned from.

    Parameters
    ----------
    upper : tuple of str
        Members of the upper layer.
    scoring : str, callable or Loss
        What is maximised.
    seed : int or None
        For ties.
    among : tuple of str or None, default=None
        Members of the lower layer to choose from; None is all of them.
    """

    upper: tuple[str, ...]
    scoring: Any
    seed: int | None
    among: tuple[str, ...] | None = None

    def __call__(self, oof_data: OutOfFoldData) -> WeightedMean:
        """Learn the weights.

        Parameters
        ----------
        evidence : OutOfFoldData
            What all members said, beside the truth.

        Returns
        -------
        combined : WeightedMean
        """
        lower = [
            name
            for name in oof_data.blocks
            if name not in self.upper and (self.among is None or name in self.among)
        ]
        weights = self.below(oof_data.only(lower))
        upper = [name for name in self.upper if name in oof_data.blocks]
        upper = upper if self.among is None else []
        if upper and self._trusts(oof_data, weights, upper):
            weights = {name: weight / 2 for name, weight in weights.items()}
            weights |= dict.fromkeys(upper, 0.5 / len(upper))
        whole = {name: weights.get(name, 0.0) for name in oof_data.blocks}
        return WeightedMean(whole, "mean", oof_data.kind, oof_data.n_classes)

    def below(self, oof_data: OutOfFoldData) -> dict[str, float]:
        """Choose among the members of one layer.

        Parameters
        ----------
        evidence : OutOfFoldData
            Of them alone.

        Returns
        -------
        weights : dict of str to float
        """
        blocks = {n: as_double(b, oof_data.kind) for n, b in oof_data.blocks.items()}
        weights = greedy_selection(
            blocks,
            oof_data.y,
            scoring=self.scoring,
            max_steps=_STEPS,
            sample_weight=oof_data.weight,
            kind=oof_data.kind,
            random_state=named_seed(self.seed or 0, "blend"),
        )
        return dict(zip(blocks, map(float, weights), strict=True))

    def _trusts(
        self, oof_data: OutOfFoldData, weights: dict[str, float], upper
    ) -> bool:
        """Whether the upper layer is about as good as the lower one, at least."""
        kind, n_classes = oof_data.kind, oof_data.n_classes
        equal = dict.fromkeys(upper, 1 / len(upper))
        below = WeightedMean(weights, "mean", kind, n_classes).combine(oof_data.blocks)
        above = WeightedMean(equal, "mean", kind, n_classes).combine(oof_data.blocks)
        return _error(above, oof_data) <= _TRUSTED * _error(below, oof_data)


def _error(block: Any, oof_data: OutOfFoldData) -> float:
    """Root mean squared error, or log loss."""
    y, weight = oof_data.y, oof_data.weight
    if oof_data.kind == "continuous":
        return float(np.sqrt(np.average((block - y) ** 2, weights=weight)))
    told = np.log(np.maximum(block[np.arange(len(y)), y], 1e-7))
    return float(-np.average(told, weights=weight))
