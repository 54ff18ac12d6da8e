"""Probabilities of the whole that can be believed: how, and whether that helps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.auto._growth import Growth
from skensemble.calibration import Calibrator
from skensemble.combination import (
    CALIBRATIONS,
    HeldOut,
    OutOfFoldData,
    calibrated,
    calibrator_of,
)
from skensemble.core import warn
from skensemble.losses import Loss, rows
from skensemble.scoring import PredictionScorer

Array = NDArray[Any]

CHOICES = ["auto", *CALIBRATIONS]
# Scores of scikit-learn that judge the size of a probability, by the loss behind them.
_LOGARITHMIC = ("neg_log_loss", "d2_log_loss_score")
_QUADRATIC = ("neg_brier_score", "d2_brier_score")
_TINY = np.finfo(float).eps
# Models of all rows, two of which may be averaged, are less sure of themselves than those
# of the folds that a temperature is learned from: one that is a little above 1 here is
# often below 1 there. What is too timid here is so there too.
_COOLED_FROM = 2.0


@dataclass(frozen=True)
class Calibration:
    """What is done to the probabilities of the whole; nothing, where there is no name.

    Parameters
    ----------
    name : str or None, default=None
        The method.
    calibrator : Calibrator or None, default=None
        What was learned.
    """

    name: str | None = None
    calibrator: Calibrator | None = None


def learn_calibration(
    how: str | None, said: Array, oof_data: OutOfFoldData, growth: Growth
) -> Calibration:
    r"""Learn to calibrate the blend from what it says out of fold.

    With "auto" a temperature is taken where the score judges the size of probabilities,
    the temperature is below 1 or above 2, and the loss of a row, calibrated without it,
    falls by more than one standard error: :math:`\bar d > s_d / \sqrt n`, where
    :math:`d` is the loss before less that after.

    Parameters
    ----------
    how : {"auto", "temperature", "sigmoid", "isotonic"} or None
        The method; "auto" may leave the blend as it is, None does.
    said : ndarray of shape (n, k)
        The blend, of members that had not seen the row.
    evidence : OutOfFoldData
        With the truth.
    growth : Growth
        With the splits, and what the ensemble is fitted for.

    Returns
    -------
    calibration : Calibration
    """
    scoring = growth.setting.scoring
    if how is None or (how == "auto" and not judges_size(scoring)):
        return Calibration()
    rare = _rare_classes(growth)
    if rare:
        if how != "auto":
            warn(_too_rare(how, rare), UserWarning)
        return Calibration()
    held = HeldOut(np.arange(len(said)), said, "predict_proba")
    if how != "auto":
        return Calibration(how, calibrator_of(how, held, oof_data))
    calibrator = calibrator_of("temperature", held, oof_data)
    if 1 <= calibrator.maps[0].temperature < _COOLED_FROM:
        return Calibration()
    after = calibrated("temperature", held, oof_data).block
    if not _helps(said, after, oof_data, scoring):
        return Calibration()
    return Calibration("temperature", calibrator)


def judges_size(scoring: PredictionScorer) -> bool:
    """Say whether a score judges the size of probabilities, not ranks or labels.

    Parameters
    ----------
    scoring : PredictionScorer
        A score of classes; of scorers made by hand nothing is known.

    Returns
    -------
    answer : bool
    """
    if isinstance(scoring.rule, Loss):
        return scoring.rule.probabilistic
    return scoring.known_as in (*_LOGARITHMIC, *_QUADRATIC)


def _helps(
    before: Array, after: Any, oof_data: OutOfFoldData, scoring: PredictionScorer
) -> bool:
    gain = _losses(before, oof_data, scoring) - _losses(after, oof_data, scoring)
    weight = np.ones(len(gain)) if oof_data.weight is None else oof_data.weight
    mean = np.average(gain, weights=weight)
    error = np.sqrt(((weight * (gain - mean)) ** 2).sum()) / weight.sum()
    return bool(mean > error)


def _losses(p: Array, oof_data: OutOfFoldData, scoring: PredictionScorer) -> Array:
    """Loss of each row."""
    y = oof_data.y
    if isinstance(scoring.rule, Loss):
        k = oof_data.n_classes
        loss = scoring.rule.for_classes(range(k), y, oof_data.weight)
        link = loss.link_for("binary" if k == 2 else "multiclass")
        return rows(np.asarray(loss.pointwise(y, link.link(p[:, 1] if k == 2 else p))))
    if scoring.known_as in _LOGARITHMIC:
        return -np.log(np.maximum(p[np.arange(len(y)), y], _TINY))
    return ((p - np.eye(oof_data.n_classes)[y]) ** 2).sum(axis=1)


def _rare_classes(growth: Growth) -> list[Any]:
    """Classes that the rows predicted of one split alone, or of none, have."""
    target, weight = growth.setting.target, growth.setting.sample_weight
    counts = np.ones(len(target.values), dtype=bool) if weight is None else weight > 0
    seen = np.zeros(target.n_classes, dtype=int)
    for split in growth.splits:
        test = split.test[counts[split.test]]
        seen[np.unique(target.values[test])] += 1
    return target.classes[seen < min(2, len(growth.splits))].tolist()


def _too_rare(how: str, rare: list[Any]) -> str:
    return (
        f"calibrate={how!r} is left out: the classes {rare} are not among the rows that "
        "are predicted of two splits or more; use another cv, or calibrate=None."
    )
