"""How good the whole is, on rows that neither members nor combination had seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.fitting._cell import FittedCell, Split
from skensemble.fitting._oof import OutOfFold
from skensemble.stacking._calibration import cross_calibrate, fit_calibrator
from skensemble.stacking._evidence import Evidence, HeldOut, Learn, held_out
from skensemble.stacking._leaderboard import leaderboard

Array = NDArray[Any]

CALIBRATIONS = [None, "temperature", "sigmoid", "isotonic"]
_FOLDS = 5


@dataclass(frozen=True)
class Verdict:
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
class Case:
    """All that a verdict is found from; nothing in it changes after the fit.

    Parameters
    ----------
    learn : callable
        Fits the combination on evidence.
    evidence : Evidence
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
    cells : tuple of FittedCell
        All fits.
    name : str
        Of the row of the whole.
    seconds : float
        How long the fit took.
    """

    learn: Learn
    evidence: Evidence
    splits: list[Split]
    rows: Array
    calibrate: str | None
    score: Callable[..., float]
    oof: OutOfFold
    kinds: dict[str, str]
    cells: tuple[FittedCell, ...]
    name: str
    seconds: float

    def verdict(self) -> Verdict:
        """Combine again without the rows of each split, and score that."""
        evidence, n_rows = self.evidence, len(self.oof)
        raw = held_out(self.learn, evidence, self.splits, self.rows, n_rows)
        held = calibrated(self.calibrate, raw, evidence)
        own = own_score(held, evidence, self.score) | {
            "fit_seconds": self.seconds,
            "predict_seconds": sum(cell.predict_seconds for cell in self.cells),
        }
        seen, y = self.rows[held.rows], evidence.y[held.rows]
        scores = {
            name: self.score(self.oof[name][seen], kind, y)
            for name, kind in self.kinds.items()
        }
        return Verdict(
            held,
            calibrator_of(self.calibrate, raw, evidence),
            spread(held, self.rows, n_rows),
            leaderboard(self.cells, scores, own, self.name),
        )


def calibrated(how: str | None, held: HeldOut, evidence: Evidence) -> HeldOut:
    """Calibrate predictions, each row by what the others teach.

    Parameters
    ----------
    how : str or None
        The method; None leaves them as they are.
    held : HeldOut
        Predictions of the whole.
    evidence : Evidence
        With the truth.

    Returns
    -------
    held : HeldOut
    """
    if how is None:
        return held
    block, y, weight, options = _parts(how, held, evidence)
    places = np.arange(len(held.rows))
    folds = [places[k::_FOLDS] for k in range(_FOLDS)]
    found = cross_calibrate(how, block, y, folds, sample_weight=weight, **options)
    return replace(held, block=found)


def calibrator_of(how: str | None, held: HeldOut, evidence: Evidence) -> Any:
    """Give what calibrates new rows, or None."""
    if how is None:
        return None
    block, y, weight, options = _parts(how, held, evidence)
    return fit_calibrator(how, block, y, sample_weight=weight, **options)


def _parts(how: str, held: HeldOut, evidence: Evidence) -> tuple[Any, Any, Any, Any]:
    if held.block is None or held.method != "predict_proba":
        raise ValueError(
            f"calibrate={how!r} needs out-of-fold probabilities of the whole ensemble; "
            "use splits that predict rows after those of others, and a combination that "
            "gives probabilities, or calibrate=None."
        )
    weight = None if evidence.weight is None else evidence.weight[held.rows]
    options = {"kind": evidence.kind, "n_classes": evidence.n_classes}
    return held.block, evidence.y[held.rows], weight, options


def own_score(
    held: HeldOut, evidence: Evidence, score: Callable[..., float]
) -> dict[str, float]:
    """Score the whole, and say how much that varies from split to split.

    Parameters
    ----------
    held : HeldOut
        Its predictions.
    evidence : Evidence
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
    by_split = [score(part, held.method, evidence.y[at]) for at, part in held.parts]
    return {
        "score": score(held.block, held.method, evidence.y[held.rows]),
        "score_std": float(np.std(by_split)) if len(by_split) > 1 else float("nan"),
    }


def spread(held: HeldOut, rows: Array, n_rows: int) -> Array:
    """Put held-out predictions where their rows are, NaN elsewhere."""
    if held.block is None:
        return np.full(n_rows, np.nan)
    found = np.full((n_rows, *held.block.shape[1:]), np.nan)
    found[rows[held.rows]] = held.block
    return found
