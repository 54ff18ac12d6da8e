"""Weights of votes: equal, given, or computed from out-of-fold predictions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.combination import OutOfFoldData, WeightedMean
from skensemble.core import Target
from skensemble.scoring import score_block
from skensemble.stacking._kind import Combination
from skensemble.stacking._weighted import weighted_mean
from skensemble.stacking.inspection import pointwise_risk, risk_row

Array = NDArray[Any]

CV = "cv"
# The combination of predictions for each value of `voting`.
MEANS = {"hard": "vote", "soft": "mean", "logit": "logit"}
# Smallest risk, accuracy and weight; the weight of a member without any error would
# otherwise be infinite.
_SMALLEST = 1e-12


@dataclass(frozen=True)
class VotingCombination(Combination):
    """Gives the members equal weights, given weights, or weights by their risk.

    Parameters
    ----------
    voting : {"hard", "soft", "logit"}
        How the predictions are combined.
    weights : dict of str to float, "cv" or None
        Weights per member; "cv" for weights by out-of-fold risk; None for equal ones.
    """

    voting: str
    weights: Any

    def __call__(self, oof_data: OutOfFoldData) -> WeightedMean:
        """Fit the weights."""
        names, how = list(oof_data.blocks), MEANS[self.voting]
        if not isinstance(self.weights, str):
            return weighted_mean(oof_data, self._given(names), how)
        merits = self._merits(oof_data)
        return weighted_mean(oof_data, merits / merits.sum(), how)

    def without_data(self, names: list[str], target: Target) -> WeightedMean:
        """Make the combiner of given or equal weights."""
        weights = dict(zip(names, self._given(names), strict=True))
        return WeightedMean(weights, MEANS[self.voting], target.kind, target.n_classes)

    def can_combine(self, names: list[str]) -> bool:
        """Whether one of these members has a weight."""
        if self.weights is None or isinstance(self.weights, str):
            return True
        return any(self.weights[name] for name in names)

    def _given(self, names: list[str]) -> list[float]:
        if self.weights is None:
            return [1.0] * len(names)
        if isinstance(self.weights, str):
            raise ValueError("weights='cv' needs out-of-fold predictions; fit again.")
        given = [self.weights[name] for name in names]
        if sum(given) == 0:
            raise ValueError(
                f"weights={list(self.weights.values())!r} leave no weight on the members "
                f"{names}; give one of them a weight above 0."
            )
        return given

    def _merits(self, oof_data: OutOfFoldData) -> Array:
        """Weights of the members from their out-of-fold predictions, not normalised."""
        if self.voting == "hard":
            return np.array([_log_odds(oof_data, name) for name in oof_data.blocks])
        risks = np.array(
            [
                risk_row(
                    pointwise_risk(block, oof_data.y, oof_data.kind), oof_data.weight
                )["risk"]
                for block in oof_data.blocks.values()
            ]
        )
        largest = risks.max()
        if not largest > 0:
            return np.ones(len(risks))
        # Relative to each other, because a risk may be in squared units of the target.
        return 1.0 / np.maximum(risks / largest, _SMALLEST)


def _log_odds(oof_data: OutOfFoldData, name: str) -> float:
    """Weight of a member in a majority vote: the log odds of its accuracy."""
    right = score_block(
        oof_data.blocks[name],
        oof_data.methods[name],
        oof_data.y,
        kind=oof_data.kind,
        weight=oof_data.weight,
    )
    right = min(max(right, _SMALLEST), 1 - 1 / (len(oof_data) + 1))
    odds = (max(oof_data.n_classes, 2) - 1) * right / (1 - right)
    return max(float(np.log(odds)), _SMALLEST)


def check_voting_weights(weights: Any, estimators: Any) -> None:
    """Refuse weights that are not one non-negative number per member, or "cv"."""
    if weights is None or (isinstance(weights, str) and weights == CV):
        return
    if np.ndim(weights) != 1:
        raise ValueError(
            f"weights={weights!r} is not known; use 'cv', None, or one number per member."
        )
    if len(weights) != len(estimators):
        raise ValueError(
            "Number of `estimators` and weights must be equal; got "
            f"{len(weights)} weights, {len(estimators)} estimators; weights={weights!r} "
            "should hold one number per member."
        )
    numbers = np.asarray(weights)
    if numbers.dtype.kind not in "iufb" or not np.isfinite(numbers).all():
        raise ValueError(
            f"weights={weights!r} should be finite numbers, one per member."
        )
    if (numbers < 0).any() or not numbers.any():
        raise ValueError(
            f"weights={weights!r} should be at least 0, and one of them above 0."
        )
