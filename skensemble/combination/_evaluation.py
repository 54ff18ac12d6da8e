"""Evaluation of an ensemble on rows that were not used to fit it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
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
    interleaved_folds,
)
from skensemble.fitting import FoldFit, OutOfFold, Split
from skensemble.scoring import (
    deviation,
    leaderboard,
    score_block,
    undefined_reason,
    warn_of_predictions,
)

Array = NDArray[Any]

CALIBRATIONS = [None, "temperature", "sigmoid", "isotonic"]


@dataclass(frozen=True)
class Evaluation:
    """Out-of-fold performance of an ensemble.

    Parameters
    ----------
    held_out : HeldOut
        Predictions for rows that neither members nor combiner were fitted on.
    calibrator : Calibrator or None
        Calibrates predictions of new rows.
    oof : ndarray of shape (n,) or (n, k)
        The held-out predictions, NaN for other rows.
    leaderboard : pandas.DataFrame
        Scores of members and ensemble.
    """

    held_out: HeldOut
    calibrator: Any
    oof: Array
    leaderboard: pd.DataFrame


@dataclass(frozen=True)
class EvaluationOptions:
    """How an ensemble is evaluated.

    Parameters
    ----------
    row_name : str
        Name of the ensemble's own row in the leaderboard.
    scoring : PredictionScorer or None
        The score; None for accuracy or R2.
    calibrate : str or None
        Calibration method of the ensemble.
    lazy : bool
        Whether the evaluation is computed on first access rather than in ``fit``.
    """

    row_name: str
    scoring: Any = None
    calibrate: str | None = None
    lazy: bool = False


@dataclass(frozen=True)
class EvaluationInputs:
    """What an evaluation is computed from; nothing in it changes after the fit.

    Parameters
    ----------
    options : EvaluationOptions
        How the ensemble is evaluated.
    fit_combiner : callable
        Fits a combiner on out-of-fold data.
    oof_data : OutOfFoldData
        Out-of-fold data of the rows that the members predict.
    oof : OutOfFold
        Out-of-fold predictions of all members.
    splits : list of Split
        The splits of the members.
    fold_fits : tuple of FoldFit
        All fits of members.
    seconds : float
        Duration of the fit.
    """

    options: EvaluationOptions
    fit_combiner: FitCombiner
    oof_data: OutOfFoldData
    oof: OutOfFold
    splits: list[Split]
    fold_fits: tuple[FoldFit, ...]
    seconds: float


def evaluate(inputs: EvaluationInputs) -> Evaluation:
    """Combine again without the rows of each split, and score these rows."""
    options, oof_data, oof = inputs.options, inputs.oof_data, inputs.oof
    rows = np.flatnonzero(oof.covered)
    raw = held_out_predictions(
        inputs.fit_combiner, oof_data, inputs.splits, rows, len(oof)
    )
    held_out = calibrated(options.calibrate, raw, oof_data)
    predict_seconds = sum(fold_fit.predict_seconds for fold_fit in inputs.fold_fits)
    own = ensemble_score(held_out, oof_data, options.scoring) | {
        "fit_seconds": inputs.seconds,
        "predict_seconds": predict_seconds,
    }
    y, rows_of_score = oof_data.y[held_out.rows], rows[held_out.rows]
    scores = {
        name: score_block(
            block[rows_of_score],
            oof.methods[name],
            y,
            kind=oof_data.kind,
            scoring=options.scoring,
        )
        for name, block in oof.blocks.items()
    }
    return Evaluation(
        held_out,
        fit_final_calibrator(options.calibrate, raw, oof_data),
        held_out.in_all_rows(rows, len(oof)),
        leaderboard(inputs.fold_fits, scores, own, options.row_name),
    )


def _warn_if_undefined(
    options: EvaluationOptions, held_out: HeldOut, oof_data: OutOfFoldData
) -> None:
    """Warn if the predictions of the ensemble leave the range of the score."""
    y = oof_data.y[held_out.rows]
    if reason := undefined_reason(options.scoring, held_out.block, y):
        what = f"the ensemble (row {options.row_name!r} of leaderboard_)"
        warn_of_predictions(options.scoring, what, reason)


@dataclass(frozen=True)
class LazyEvaluation:
    """An evaluation that is computed on first access and then kept.

    Parameters
    ----------
    inputs : EvaluationInputs or None
        What it is computed from; None if it is known.
    known : Evaluation or None, default=None
        The evaluation, if it is known.
    """

    inputs: EvaluationInputs | None
    known: Evaluation | None = field(default=None, repr=False)

    @cached_property
    def value(self) -> Evaluation:
        """The evaluation."""
        if self.known is not None:
            return self.known
        assert self.inputs is not None
        return evaluate(self.inputs)


def start_evaluation(inputs: EvaluationInputs) -> LazyEvaluation:
    """Evaluate now, or on first access if the options allow it."""
    if inputs.options.lazy:
        return LazyEvaluation(inputs)
    evaluation = evaluate(inputs)
    # Not on a later access: a property that warns would fail where warnings are errors.
    _warn_if_undefined(inputs.options, evaluation.held_out, inputs.oof_data)
    return LazyEvaluation(None, evaluation)


def calibrated(how: str | None, held_out: HeldOut, oof_data: OutOfFoldData) -> HeldOut:
    """Calibrate held-out predictions; each row by a calibrator fitted on others."""
    if how is None:
        return held_out
    block, y, weight, options = _calibration_data(how, held_out, oof_data)
    folds = interleaved_folds(np.arange(len(held_out.rows)))
    block = cross_calibrate(how, block, y, folds, sample_weight=weight, **options)
    return replace(held_out, block=block)


def fit_final_calibrator(
    how: str | None, held_out: HeldOut, oof_data: OutOfFoldData
) -> Any:
    """Fit the calibrator of new rows on all held-out predictions."""
    if how is None:
        return None
    block, y, weight, options = _calibration_data(how, held_out, oof_data)
    return fit_calibrator(how, block, y, sample_weight=weight, **options)


def _calibration_data(
    how: str, held_out: HeldOut, oof_data: OutOfFoldData
) -> tuple[Any, Any, Any, Any]:
    if held_out.block is None or held_out.method != "predict_proba":
        raise ValueError(
            f"calibrate={how!r} needs out-of-fold probabilities of the ensemble; use "
            "splits that predict rows after those of other splits, and a combination "
            "that gives probabilities, or calibrate=None."
        )
    weight = None if oof_data.weight is None else oof_data.weight[held_out.rows]
    options = {"kind": oof_data.kind, "n_classes": oof_data.n_classes}
    return held_out.block, oof_data.y[held_out.rows], weight, options


def ensemble_score(
    held_out: HeldOut, oof_data: OutOfFoldData, scoring: Any
) -> dict[str, float]:
    """Return ``score`` and ``score_std`` (over the splits) of the ensemble, or NaN."""
    if held_out.block is None:
        return {"score": float("nan"), "score_std": float("nan")}

    def score(block: Array, y: Array) -> float:
        return score_block(
            block, held_out.method, y, kind=oof_data.kind, scoring=scoring
        )

    by_split = [score(part, oof_data.y[rows]) for rows, part in held_out.parts]
    return {
        "score": score(held_out.block, oof_data.y[held_out.rows]),
        "score_std": deviation(by_split),
    }
