"""What predicts: members in one layer or two, and their weights."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.auto._growth import said_table
from skensemble.calibration import Calibrator
from skensemble.combination import FittedMembers, WeightedMean

Array = NDArray[Any]


@dataclass(frozen=True)
class Model:
    """Members in one layer or two, and their weights.

    Parameters
    ----------
    lower : FittedMembers
        They see the columns.
    upper : FittedMembers or None
        They see what those below say, too.
    used : tuple of str
        Members below whose predictions those above see.
    combined : WeightedMean
        Of all.
    calibrator : Calibrator or None, default=None
        What calibrates the probabilities of the whole.
    """

    lower: FittedMembers
    upper: FittedMembers | None
    used: tuple[str, ...]
    combined: WeightedMean
    calibrator: Calibrator | None = None

    def pruned(self) -> "Model":
        """Leave out the models of members that nobody looks at."""
        weights = self.combined.weights
        above = self.upper is not None and any(map(weights.get, self.upper.names))
        used = self.used if above else ()
        kept = [n for n in self.lower.names if weights.get(n) or n in used]
        return replace(
            self,
            lower=_without_predictions(self.lower.only(kept)),
            upper=None if not above else _without_predictions(self.upper),
            used=used,
        )

    def answers(self, X: pd.DataFrame, n_jobs: int | None) -> dict[str, Array]:
        """Ask all members.

        Parameters
        ----------
        X : pandas.DataFrame
            New rows.
        n_jobs : int or None
            Cores granted.

        Returns
        -------
        blocks : dict of str to ndarray
        """
        blocks = self.lower.predict_blocks(X, n_jobs)
        if self.upper is None:
            return blocks
        table = said_table(self.lower.only(list(self.used)), blocks, X)
        return blocks | self.upper.predict_blocks(table, n_jobs)

    def predict_block(self, X: pd.DataFrame, n_jobs: int | None) -> Array:
        """Probabilities of the classes, or numbers."""
        return self.said(self.answers(X, n_jobs))

    def said(self, blocks: dict[str, Array]) -> Array:
        """Combine what all members say, and calibrate it."""
        mean = self.combined.combine(blocks)
        return mean if self.calibrator is None else self.calibrator.transform(mean)

    def spread(self, blocks: dict[str, Array]) -> Array:
        """Standard deviation over the members with a say, weighted, of each row."""
        weights = {n: w for n, w in self.combined.weights.items() if w}
        mean = self.combined.combine(blocks)
        total = sum(w * (blocks[n] - mean) ** 2 for n, w in weights.items())
        return np.asarray(np.sqrt(total / sum(weights.values())))


def _without_predictions(members: FittedMembers | None) -> FittedMembers:
    """The out-of-fold predictions are kept once, by the estimator."""
    assert members is not None
    oof = replace(members.oof, blocks={}, covered=members.oof.covered[:0], index=None)
    return replace(members, oof=oof)
