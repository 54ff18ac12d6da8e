"""Calibration of the probabilities of the ensemble, where it lowers the loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.auto._layer_fits import FitSettings
from skensemble.calibration import Calibrator
from skensemble.combination import (
    CALIBRATIONS,
    HeldOut,
    OutOfFoldData,
    calibrated,
    fit_final_calibrator,
)
from skensemble.core import warn
from skensemble.fitting import Split
from skensemble.losses import Loss, rows
from skensemble.scoring import PredictionScorer

Array = NDArray[Any]

CHOICES = ["auto", *CALIBRATIONS]
# Scores of scikit-learn that depend on the size of probabilities, by their loss.
_LOGARITHMIC = ("neg_log_loss", "d2_log_loss_score")
_QUADRATIC = ("neg_brier_score", "d2_brier_score")
_MIN_PROBABILITY = np.finfo(float).eps
# The temperature is fitted on predictions of the models of the folds. Models of all
# rows, of which two may be averaged, are less over-confident: if the temperature of the
# former is slightly above 1, that of the latter is often below 1. Under-confidence
# remains.
_MIN_HIGH_TEMPERATURE = 2.0


@dataclass(frozen=True)
class Calibration:
    """Calibration of the probabilities of the ensemble.

    Parameters
    ----------
    name : str or None, default=None
        The method; None leaves the probabilities as they are.
    calibrator : Calibrator or None, default=None
        The fitted calibrator.
    """

    name: str | None = None
    calibrator: Calibrator | None = None


def fit_calibration(
    method: str | None,
    p: Array,
    oof_data: OutOfFoldData,
    settings: FitSettings,
    splits: list[Split],
) -> Calibration:
    r"""Fit a calibration on the out-of-fold probabilities of the ensemble.

    "auto" uses a temperature if the score depends on the size of probabilities, the
    temperature is below 1 or above 2, and the loss per row, cross-fitted, falls by more
    than one standard error: :math:`\bar d > s_d / \sqrt n`, where :math:`d` is the loss
    before minus the loss after calibration.

    Parameters
    ----------
    method : {"auto", "temperature", "sigmoid", "isotonic"} or None
        The method.
    p : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities of the ensemble.
    oof_data : OutOfFoldData
        The target of these rows.
    settings : FitSettings
        The score, the target and the sample weights.
    splits : list of Split
        Splits of the members.

    Returns
    -------
    calibration : Calibration
    """
    scoring = settings.scoring
    if method is None or (method == "auto" and not depends_on_size(scoring)):
        return Calibration()
    rare = _rare_classes(method, settings, splits)
    if rare:
        if method != "auto":
            warn(_too_rare(method, rare), UserWarning)
        return Calibration()
    held_out = HeldOut(np.arange(len(p)), p, "predict_proba")
    if method != "auto":
        return Calibration(method, fit_final_calibrator(method, held_out, oof_data))
    calibrator = fit_final_calibrator("temperature", held_out, oof_data)
    if 1 <= calibrator.maps[0].temperature < _MIN_HIGH_TEMPERATURE:
        return Calibration()
    after = calibrated("temperature", held_out, oof_data).block
    if not _lowers_loss(p, after, oof_data, scoring):
        return Calibration()
    return Calibration("temperature", calibrator)


def depends_on_size(scoring: PredictionScorer) -> bool:
    """Return whether a score depends on the size of probabilities, not ranks or labels.

    It is unknown, and False, for scorers made by `make_scorer`.
    """
    if isinstance(scoring.rule, Loss):
        return scoring.rule.probabilistic
    return scoring.known_as in (*_LOGARITHMIC, *_QUADRATIC)


def _lowers_loss(
    before: Array, after: Any, oof_data: OutOfFoldData, scoring: PredictionScorer
) -> bool:
    gain = _losses(before, oof_data, scoring) - _losses(after, oof_data, scoring)
    weight = np.ones(len(gain)) if oof_data.weight is None else oof_data.weight
    mean = np.average(gain, weights=weight)
    error = np.sqrt(((weight * (gain - mean)) ** 2).sum()) / weight.sum()
    return bool(mean > error)


def _losses(p: Array, oof_data: OutOfFoldData, scoring: PredictionScorer) -> Array:
    """Return the loss of each row."""
    y = oof_data.y
    if isinstance(scoring.rule, Loss):
        k = oof_data.n_classes
        loss = scoring.rule.for_classes(range(k), y, oof_data.weight)
        link = loss.link_for("binary" if k == 2 else "multiclass")
        return rows(np.asarray(loss.pointwise(y, link.link(p[:, 1] if k == 2 else p))))
    if scoring.known_as in _LOGARITHMIC:
        return -np.log(np.maximum(p[np.arange(len(y)), y], _MIN_PROBABILITY))
    return ((p - np.eye(oof_data.n_classes)[y]) ** 2).sum(axis=1)


def _rare_classes(method: str, settings: FitSettings, splits: list[Split]) -> list[Any]:
    """Return the classes that are in the test rows of at most one of the splits.

    A temperature is common to all classes, so that those in no test rows do not count.
    """
    target, weight = settings.target, settings.sample_weight
    counts = np.ones(len(target.values), dtype=bool) if weight is None else weight > 0
    n_splits = np.zeros(target.n_classes, dtype=int)
    for split in splits:
        test = split.test[counts[split.test]]
        n_splits[np.unique(target.values[test])] += 1
    rare = n_splits < min(2, len(splits))
    if method in ("auto", "temperature"):
        rare &= n_splits > 0
    return target.classes[rare].tolist()


def _too_rare(method: str, rare: list[Any]) -> str:
    return (
        f"calibrate={method!r} is ignored: fewer than two splits have the classes {rare} "
        "in their test rows; use another cv, or calibrate=None."
    )
