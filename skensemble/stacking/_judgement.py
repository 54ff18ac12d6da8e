"""How good the whole is, on rows that neither members nor combination had seen."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.stacking._calibration import cross_calibrate, fit_calibrator
from skensemble.stacking._evidence import Evidence, HeldOut

Array = NDArray[Any]

CALIBRATIONS = [None, "temperature", "sigmoid", "isotonic"]
_FOLDS = 5


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
