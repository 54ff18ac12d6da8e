"""The decision threshold of two classes."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import TunedThresholdClassifierCV

from skensemble.auto._layer_fits import FitSettings
from skensemble.core import Target, nearest
from skensemble.scoring import is_regression_scoring, precomputed_estimator

Array = NDArray[Any]

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
    return tuned_threshold(p[rows], settings.target.values[rows], threshold, weight)


def tuned_threshold(p: Array, y: Array, scoring: Any, sample_weight: Any) -> float:
    """Return the threshold with the best score of out-of-fold probabilities.

    Parameters
    ----------
    p : ndarray of shape (n_samples, 2)
        Out-of-fold probabilities.
    y : ndarray of int of shape (n_samples,)
        Codes of the two classes.
    scoring : str or callable
        The score that is maximized.
    sample_weight : ndarray of shape (n_samples,) or None
        Sample weights of the score.

    Returns
    -------
    threshold : float
    """
    scorer, params = get_scorer(scoring), {}
    # scikit-learn passes weights to the score by metadata routing only.
    with config_context(enable_metadata_routing=sample_weight is not None):
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
            scorer = scorer.set_score_request(sample_weight=True)
        tuner = TunedThresholdClassifierCV(
            FrozenEstimator(precomputed_estimator(None, n_classes=2)),
            scoring=scorer,
            cv="prefit",
            refit=False,
        )
        return float(tuner.fit(p, y, **params).best_threshold_)
