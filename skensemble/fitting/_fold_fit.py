"""A fold fit: one member fitted on one split, with its held-out predictions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


REFIT = "refit"


def no_score(block: Any, method: str, y: Any) -> None:
    """Return no score, for fits that are not scored."""


@dataclass(frozen=True)
class TrainingData:
    """The data that all fits of one run share.

    Parameters
    ----------
    X, y : array-like
        The features and the target, classes as codes.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    score : callable
        ``score(block, method, y)`` of predictions of held-out rows; by default, fits
        are not scored.
    """

    X: Any
    y: Any
    n_classes: int
    score: Callable[..., float | None] = no_score


@dataclass(frozen=True)
class Split:
    """Rows to fit on and rows to predict; `train` is None for all rows."""

    label: int | str
    train: Rows | None
    test: Rows


@dataclass(frozen=True)
class Member:
    """A named unfitted estimator, its response method and its fit parameters.

    Fit parameters with one entry per row are cut to the training rows of a split.
    """

    name: str
    estimator: Any
    method: str
    fit_params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedFit:
    """A fit to do: a member, already seeded, and a split.

    Parameters
    ----------
    member : Member
        The member.
    split : Split
        The split.
    keep : bool
        Whether the fitted model is kept.
    cost : float
        Expected duration, relative to that of the other fits.
    """

    member: Member
    split: Split
    keep: bool
    cost: float = 0.0


@dataclass(frozen=True)
class Failure:
    """The error of a fit that failed."""

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
    """A finished fit of one member on one split.

    Parameters
    ----------
    member : str
        Name of the member.
    split : int or str
        Number of the split, ``"refit"`` for the fit on all rows, or ``"prefit"`` for a
        member that was fitted before.
    train, test : ndarray of int or None
        Training rows (None: all rows) and predicted rows.
    method : str
        The response method that was used.
    present : ndarray of int or None
        Codes of the classes in the training rows.
    estimator : estimator or None
        The fitted member, if it is kept.
    block : ndarray or None
        Predictions of the held-out rows.
    fit_seconds, predict_seconds : float
        Wall time in seconds.
    score : float or None
        Score on the held-out rows; accuracy or R2 unless ``scoring`` is set.
    cached : bool
        Whether the fit comes from a store; the times are those of the stored fit.
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
