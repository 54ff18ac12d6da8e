"""The fitted model: members in one or two layers, and their weights."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.calibration import Calibrator
from skensemble.combination import FittedMembers, WeightedMean, meta_features

Array = NDArray[Any]

# Prefix of the features that hold predictions of the lower layer.
_PREFIX = "oof"


@dataclass(frozen=True)
class AutoModel:
    """Fitted members in one or two layers, and their weights.

    Parameters
    ----------
    lower : FittedMembers
        Members on the columns of the table.
    upper : FittedMembers or None
        Members on the columns and on predictions of the lower layer.
    used : tuple of str
        Members of the lower layer that provide features of the upper one.
    combiner : WeightedMean
        Combines the predictions of both layers.
    calibrator : Calibrator or None, default=None
        Calibrates the combined probabilities.
    """

    lower: FittedMembers
    upper: FittedMembers | None
    used: tuple[str, ...]
    combiner: WeightedMean
    calibrator: Calibrator | None = None

    def pruned(self) -> "AutoModel":
        """Return the model without the members that no prediction depends on."""
        weights = self.combiner.weights
        above = self.upper is not None and any(map(weights.get, self.upper.names))
        used = self.used if above else ()
        kept = [n for n in self.lower.names if weights.get(n) or n in used]
        return replace(
            self,
            lower=_without_oof(self.lower.only(kept)),
            upper=_without_oof(self.upper) if self.upper and above else None,
            used=used,
        )

    def predict_blocks(self, X: pd.DataFrame, n_jobs: int | None) -> dict[str, Array]:
        """Return the predictions of all members for new rows."""
        blocks = self.lower.predict_blocks(X, n_jobs)
        if self.upper is None:
            return blocks
        table = upper_features(self.lower.only(list(self.used)), blocks, X)
        return blocks | self.upper.predict_blocks(table, n_jobs)

    def predict_block(self, X: pd.DataFrame, n_jobs: int | None) -> Array:
        """Return the probabilities or the continuous predictions of the ensemble."""
        return self.combine(self.predict_blocks(X, n_jobs))

    def combine(self, blocks: dict[str, Array]) -> Array:
        """Combine the predictions of all members, and calibrate the result."""
        mean = self.combiner.combine(blocks)
        return mean if self.calibrator is None else self.calibrator.transform(mean)

    def spread(self, blocks: dict[str, Array]) -> Array:
        """Return the weighted standard deviation over the members of each row."""
        weights = {n: w for n, w in self.combiner.weights.items() if w}
        mean = self.combiner.combine(blocks)
        total = sum(w * (blocks[n] - mean) ** 2 for n, w in weights.items())
        return np.asarray(np.sqrt(total / sum(weights.values())))


def upper_features(
    members: FittedMembers, blocks: dict[str, Any], X: pd.DataFrame
) -> pd.DataFrame:
    """Put the predictions of members before the columns of a table."""
    blocks = {name: blocks[name] for name in members.names}
    return meta_features(blocks, members.methods, _PREFIX, X, True, members.n_classes)


def _without_oof(members: FittedMembers) -> FittedMembers:
    """Remove the out-of-fold predictions, which the estimator keeps in `oof_`."""
    oof = replace(members.oof, blocks={}, covered=members.oof.covered[:0], index=None)
    return replace(members, oof=oof)
