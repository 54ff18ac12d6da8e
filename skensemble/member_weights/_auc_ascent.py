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
    """Climb from several starts and give the highest top.

    Parameters
    ----------
    members : MemberPredictions
        Probabilities of classes.
    start : ndarray of shape (n_members,)
        Weights to start from, beside the best member and equal weights.
    tol : float
        Length of the shortest steps.

    Returns
    -------
    w : ndarray of shape (n_members,)
    """
    ascent = _Ascent(members)
    n_members = len(start)
    singles = np.array([ascent.auc(block) for block in ascent.columns])
    starts = [
        np.eye(n_members)[first_of_best(singles)],
        np.full(n_members, 1 / n_members),
        # Rounded, so that the last digits of a start do not choose the way.
        np.round(start, 6) / np.round(start, 6).sum(),
    ]
    tops = [ascent.climb(w, tol) for w in starts]
    return tops[first_of_best(np.array([auc for _, auc in tops]))][0]


class _Ascent:
    def __init__(self, members: MemberPredictions) -> None:
        self.auc = MeanAUC(members.y, members.n_classes, members.weight)
        columns = members.values[:, :, self.auc.columns].transpose(0, 2, 1)
        self.columns = np.ascontiguousarray(columns)

    def climb(self, w: Array, tol: float) -> tuple[Array, float]:
        """Step towards and away from each member, half as far when none helps."""
        best, step = self.auc(self.combined(w)), _FIRST_STEP
        while step >= tol:
            before = best
            w, best = self.sweep(w, best, step)
            if best <= before + TOLERANCE:
                step /= 2
        return w, best

    def sweep(self, w: Array, best: float, step: float) -> tuple[Array, float]:
        """Try each member once: towards it first, then away from it."""
        total = self.combined(w)  # anew each time, lest rounding errors add up
        for member in range(len(w)):
            for signed in (step, -min(step, w[member])):
                if signed == 0 or 1 + signed < TOLERANCE:
                    continue
                moved = total + signed * self.columns[member]
                tried = self.auc(moved)
                if tried > best + TOLERANCE:
                    w = w + signed * (np.arange(len(w)) == member)
                    w, total, best = w / (1 + signed), moved / (1 + signed), tried
                    break
        return w, best

    def combined(self, w: Array) -> Array:
        """Combine the members' columns, in one order for all rows: equal rows tie."""
        total = np.zeros(self.columns.shape[1:])
        for member in np.flatnonzero(w):
            total += w[member] * self.columns[member]
        return total
