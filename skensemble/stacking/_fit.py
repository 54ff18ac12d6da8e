"""What one fit of an ensemble goes by, and who is told of it."""

from dataclasses import dataclass, replace
from typing import Any

from skensemble.core import Target
from skensemble.fitting import REFIT, FitParams, PlannedFit, Split


@dataclass(frozen=True)
class Fit:
    """What one fit goes by.

    Parameters
    ----------
    X : array-like
        What members see: the features, or what the layer below says.
    target : Target
        What is to be predicted.
    routed : FitParams
        Fit parameters, by who is given them.
    splits : list of Split
        On which members are fitted.
    context : CallbackContext
        Whose subtasks are told.
    started : float
        In the time of ``time.monotonic()``.
    rows : ndarray of int or None
        The rows of `X` that are known; None for all.
    """

    X: Any
    target: Target
    routed: FitParams
    splits: list[Split]
    context: Any
    started: float
    rows: Any = None


def on_rows(fold_fit: PlannedFit, rows: Any) -> PlannedFit:
    """Fit on all rows that are known, where that is not all."""
    if fold_fit.split.label != REFIT:
        return fold_fit
    return replace(fold_fit, split=replace(fold_fit.split, train=rows))
