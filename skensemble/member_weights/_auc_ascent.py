"""Coordinate ascent of the area under the ROC curve on the simplex."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.member_weights._greedy_selection import TOLERANCE, first_of_best
from skensemble.member_weights._ranking import MeanAUC
from skensemble.scoring import MemberPredictions

Array = NDArray[Any]

_FIRST_STEP = 0.25


def best_auc_weights(members: MemberPredictions, start: Array, tol: float) -> Array:
    """Ascend from several starts and return the best weights.

    Parameters
    ----------
    members : MemberPredictions
        Probabilities of classes.
    start : ndarray of shape (n_members,)
        Weights to start from, in addition to the best member and equal weights.
    tol : float
        Length of the shortest steps.

    Returns
    -------
    w : ndarray of shape (n_members,)
    """
    ascent = _CoordinateAscent(members)
    n_members = len(start)
    singles = np.array([ascent.auc(block) for block in ascent.columns])
    starts = [
        np.eye(n_members)[first_of_best(singles)],
        np.full(n_members, 1 / n_members),
        # Rounded, so that the last digits of a start do not decide the path.
        np.round(start, 6) / np.round(start, 6).sum(),
    ]
    results = [ascent.run(w, tol) for w in starts]
    return results[first_of_best(np.array([auc for _, auc in results]))][0]


class _CoordinateAscent:
    """Coordinate ascent of the AUC of a weighted mean."""

    def __init__(self, members: MemberPredictions) -> None:
        self.auc = MeanAUC(members.y, members.n_classes, members.weight)
        columns = members.values[:, :, self.auc.columns].transpose(0, 2, 1)
        self.columns = np.ascontiguousarray(columns)

    def run(self, w: Array, tol: float) -> tuple[Array, float]:
        """Step towards and away from each member; halve the step if none improves."""
        best, step = self.auc(self.combined(w)), _FIRST_STEP
        while step >= tol:
            before = best
            w, best = self.sweep(w, best, step)
            if best <= before + TOLERANCE:
                step /= 2
        return w, best

    def sweep(self, w: Array, best: float, step: float) -> tuple[Array, float]:
        """Try each member once: a step towards it first, then away from it."""
        # Computed again in each sweep, so that rounding errors do not add up.
        total = self.combined(w)
        for member in range(len(w)):
            for signed in (step, -min(step, w[member])):
                if signed == 0 or 1 + signed < TOLERANCE:
                    continue
                moved = total + signed * self.columns[member]
                auc = self.auc(moved)
                if auc > best + TOLERANCE:
                    w = w + signed * (np.arange(len(w)) == member)
                    w, total, best = w / (1 + signed), moved / (1 + signed), auc
                    break
        return w, best

    def combined(self, w: Array) -> Array:
        """Combine the columns of the members in one order, so that equal rows tie."""
        total = np.zeros(self.columns.shape[1:])
        for member in np.flatnonzero(w):
            total += w[member] * self.columns[member]
        return total
