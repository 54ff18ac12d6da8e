"""How good the whole is, on rows that neither members nor combination had seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.calibration import cross_calibrate, fit_calibrator
from skensemble.combination._out_of_fold_data import (
    FitCombiner,
    HeldOut,
    OutOfFoldData,
    held_out_predictions,
)
from skensemble.fitting import FoldFit, OutOfFold, Split
from skensemble.scoring import leaderboard

Array = NDArray[Any]

CALIBRATIONS = [None, "temperature", "sigmoid", "isotonic"]
_FOLDS = 5


@dataclass(frozen=True)
class Evaluation:
    """How good the whole is.

    Parameters
    ----------
    held : HeldOut
        What it said of rows that neither members nor combination had seen.
    calibrator : object or None
        What calibrates new rows.
    oof : ndarray of shape (n,) or (n, k)
        The held-out predictions, NaN for other rows.
    leaderboard : pandas.DataFrame
        Members and whole.
    """

    held: HeldOut
    calibrator: Any
    oof: Array
    leaderboard: pd.DataFrame


@dataclass(frozen=True)
class EvaluationInputs:
    """All that a verdict is found from; nothing in it changes after the fit.

    Parameters
    ----------
    learn : callable
        Fits the combination on evidence.
    evidence : OutOfFoldData
        Of the rows that members predict out of fold.
    splits : list of Split
        Those of the members.
    rows : ndarray of int
        Which rows the evidence is of.
    calibrate : str or None
        How the whole is calibrated.
    score : callable
        ``score(block, method, y)``.
    oof : OutOfFold
        What members said out of fold.
    kinds : dict of str to str
        Member to what its block holds.
    fold_fits : tuple of FoldFit
        All fits.
    name : str
        Of the row of the whole.
    seconds : float
        How long the fit took.
    """

    learn: FitCombiner
    oof_data: OutOfFoldData
    splits: list[Split]
    rows: Array
    calibrate: str | None
    score: Callable[..., float]
    oof: OutOfFold
    kinds: dict[str, str]
    fold_fits: tuple[FoldFit, ...]
    name: str
    seconds: float

    def verdict(self) -> Evaluation:
        """Combine again without the rows of each split, and score that."""
        oof_data, n_rows = self.oof_data, len(self.oof)
        raw = held_out_predictions(self.learn, oof_data, self.splits, self.rows, n_rows)
        held = calibrated(self.calibrate, raw, oof_data)
        own = own_score(held, oof_data, self.score) | {
            "fit_seconds": self.seconds,
            "predict_seconds": sum(
                fold_fit.predict_seconds for fold_fit in self.fold_fits
            ),
        }
        seen, y = self.rows[held.rows], oof_data.y[held.rows]
        scores = {
            name: self.score(self.oof[name][seen], kind, y)
            for name, kind in self.kinds.items()
        }
        return Evaluation(
            held,
            calibrator_of(self.calibrate, raw, oof_data),
            spread(held, self.rows, n_rows),
            leaderboard(self.fold_fits, scores, own, self.name),
        )


def calibrated(how: str | None, held: HeldOut, oof_data: OutOfFoldData) -> HeldOut:
    """Calibrate predictions, each row by what the others teach.

    Parameters
    ----------
    how : str or None
        The method; None leaves them as they are.
    held : HeldOut
        Predictions of the whole.
    evidence : OutOfFoldData
        With the truth.

    Returns
    -------
    held : HeldOut
    """
    if how is None:
        return held
    block, y, weight, options = _parts(how, held, oof_data)
    places = np.arange(len(held.rows))
    folds = [places[k::_FOLDS] for k in range(_FOLDS)]
    found = cross_calibrate(how, block, y, folds, sample_weight=weight, **options)
    return replace(held, block=found)


def calibrator_of(how: str | None, held: HeldOut, oof_data: OutOfFoldData) -> Any:
    """Give what calibrates new rows, or None."""
    if how is None:
        return None
    block, y, weight, options = _parts(how, held, oof_data)
    return fit_calibrator(how, block, y, sample_weight=weight, **options)


def _parts(
    how: str, held: HeldOut, oof_data: OutOfFoldData
) -> tuple[Any, Any, Any, Any]:
    if held.block is None or held.method != "predict_proba":
        raise ValueError(
            f"calibrate={how!r} needs out-of-fold probabilities of the whole ensemble; "
            "use splits that predict rows after those of others, and a combination that "
            "gives probabilities, or calibrate=None."
        )
    weight = None if oof_data.weight is None else oof_data.weight[held.rows]
    options = {"kind": oof_data.kind, "n_classes": oof_data.n_classes}
    return held.block, oof_data.y[held.rows], weight, options


def own_score(
    held: HeldOut, oof_data: OutOfFoldData, score: Callable[..., float]
) -> dict[str, float]:
    """Score the whole, and say how much that varies from split to split.

    Parameters
    ----------
    held : HeldOut
        Its predictions.
    evidence : OutOfFoldData
        With the truth.
    score : callable
        ``score(block, method, y)``.

    Returns
    -------
    row : dict
        ``score`` and ``score_std``, NaN where nothing could be held out.
    """
    if held.block is None:
        return {"score": float("nan"), "score_std": float("nan")}
    by_split = [score(part, held.method, oof_data.y[at]) for at, part in held.parts]
    return {
        "score": score(held.block, held.method, oof_data.y[held.rows]),
        "score_std": float(np.std(by_split)) if len(by_split) > 1 else float("nan"),
    }


def spread(held: HeldOut, rows: Array, n_rows: int) -> Array:
    """Put held-out predictions where their rows are, NaN elsewhere."""
    if held.block is None:
        return np.full(n_rows, np.nan)
    found = np.full((n_rows, *held.block.shape[1:]), np.nan)
    found[rows[held.rows]] = held.block
    return found
