"""A cell: one member fitted on one split, predicting the rows held out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


REFIT = "refit"


@dataclass(frozen=True)
class TrainingData:
    """What all cells of one fit share: the data, and how many classes there are."""

    X: Any
    y: Any
    n_classes: int
    score: Callable[..., float | None]


@dataclass(frozen=True)
class Split:
    """Rows to fit on and rows to predict; `train` is None for all rows."""

    label: int | str
    train: Rows | None
    test: Rows


@dataclass(frozen=True)
class Member:
    """A named estimator, unfitted, and how it is asked and fitted.

    `split_fit_params` are cut to the rows of the split; `fit_params` are not.
    """

    name: str
    estimator: Any
    method: str
    fit_params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedFit:
    """One fit to do: a member, already seeded, and a split."""

    member: Member
    split: Split
    keep: bool
    cost: float = 0.0


@dataclass(frozen=True)
class Failure:
    """Why a cell could not be fitted."""

    member: str
    split: int | str
    error: BaseException
    traceback: str = field(repr=False)

    def __str__(self) -> str:
        return (
            f"member {self.member!r} on split {self.split!r}: "
            f"{type(self.error).__name__}: {self.error}"
        )


@dataclass(frozen=True)
class FoldFit:
    """What a cell left behind.

    Parameters
    ----------
    member : str
        Name of the member.
    split : int or str
        Number of the split, or ``"refit"`` for the fit on all rows.
    train, test : ndarray of int or None
        Rows fitted on (None: all of them) and rows predicted.
    method : str
        Prediction method that was used.
    present : ndarray of int or None
        Codes of the classes seen in the fit.
    estimator : estimator or None
        The fitted member, where it is kept.
    block : ndarray or None
        Predictions of the rows held out.
    fit_seconds, predict_seconds : float
        Wall time.
    score : float or None
        Accuracy or R2 on the rows held out.
    cached : bool
        Whether it was found in a store; the times are those of the fit that was kept.
    """

    member: str
    split: int | str
    train: Rows | None = field(repr=False)
    test: Rows = field(repr=False)
    method: str
    present: NDArray[Any] | None = field(repr=False)
    estimator: Any = field(repr=False)
    block: NDArray[Any] | None = field(repr=False)
    fit_seconds: float
    predict_seconds: float
    score: float | None = None
    cached: bool = False
