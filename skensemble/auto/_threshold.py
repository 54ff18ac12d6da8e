"""The decision threshold of two classes."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer_names

from skensemble.auto._layer_fits import FitSettings
from skensemble.core import Target, nearest
from skensemble.scoring import (
    PredictionScorer,
    as_prediction_scorer,
    check_scoring_of_labels,
    is_regression_scoring,
)

Array = NDArray[Any]

# Number of thresholds that are tried, as in scikit-learn's tuner.
_N_THRESHOLDS = 100
# Scores that do not depend on a threshold.
_OF_PROBABILITIES = ("roc_auc", "average_precision", "log_loss", "brier")


def check_threshold(threshold: Any) -> None:
    """Check that a threshold is None, a probability, a callable or a score."""
    if threshold is None or callable(threshold):
        return
    if isinstance(threshold, Real) and not isinstance(threshold, bool):
        if not 0 < float(threshold) < 1:
            raise ValueError(f"threshold={threshold!r} must lie between 0 and 1.")
        return
    known = [
        name
        for name in get_scorer_names()
        if not is_regression_scoring(name)
        and not any(part in name for part in _OF_PROBABILITIES)
    ]
    if threshold not in known:
        raise ValueError(
            f"threshold={threshold!r} is neither a probability nor the name of a score "
            "of labels; use a number between 0 and 1, 'f1', 'balanced_accuracy' or None."
            f"{nearest(threshold, known)}"
        )


def check_two_classes(threshold: Any, target: Target) -> None:
    """Check that there are two classes if a threshold is given."""
    if threshold is not None and target.n_classes != 2:
        raise ValueError(
            f"threshold={threshold!r} needs two classes, got {target.n_classes}; use "
            "threshold=None."
        )
    if isinstance(threshold, str) or callable(threshold):
        _threshold_scorer(threshold, target.classes)


def fit_threshold(
    threshold: Any, p: Array, rows: Array, settings: FitSettings
) -> float | None:
    """Return the threshold: a given one, or the one with the best score.

    Parameters
    ----------
    threshold : None, float, str or callable
        The parameter of the estimator.
    p : ndarray of shape (n_samples, 2)
        Out-of-fold probabilities of the ensemble.
    rows : ndarray of bool of shape (n_samples,)
        Rows that have out-of-fold probabilities.
    settings : FitSettings
        The target and the sample weights.

    Returns
    -------
    threshold : float or None
    """
    if threshold is None or isinstance(threshold, Real):
        return None if threshold is None else float(threshold)
    weight = settings.sample_weight
    weight = None if weight is None else np.asarray(weight)[rows]
    codes = settings.target.values[rows]
    scorer = _threshold_scorer(threshold, settings.target.classes)
    return tuned_threshold(p[rows], codes, scorer, weight)


def _threshold_scorer(threshold: Any, classes: Any) -> PredictionScorer:
    """Make the scorer of a threshold; refuse a score that labels do not suffice for."""
    try:
        scorer = as_prediction_scorer(threshold, "classes", 2, classes)
        check_scoring_of_labels(scorer, "predict")
        return scorer
    except ValueError as error:
        message = str(error).replace("scoring=", "threshold=")
        raise ValueError(message) from error


def tuned_threshold(
    p: Array, codes: Array, scorer: PredictionScorer, sample_weight: Any
) -> float:
    """Return the threshold with the best score of out-of-fold probabilities.

    Parameters
    ----------
    p : ndarray of shape (n_samples, 2)
        Out-of-fold probabilities.
    codes : ndarray of int of shape (n_samples,)
        Codes of the two classes.
    scorer : PredictionScorer
        The score of labels that is maximised.
    sample_weight : ndarray of shape (n_samples,) or None
        Sample weights of the score.

    Returns
    -------
    threshold : float
        The least probability of the second class at which it is predicted.
    """
    thresholds = np.linspace(p[:, 1].min(), p[:, 1].max(), _N_THRESHOLDS)
    scores = [
        scorer.score(
            (p[:, 1] >= threshold).astype(int), codes, sample_weight, "predict"
        )
        for threshold in thresholds
    ]
    return float(thresholds[int(np.argmax(scores))])
