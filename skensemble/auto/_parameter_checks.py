"""Checks of the constructor parameters, before any data are read."""

from typing import Any

from sklearn.base import is_classifier

from skensemble.auto._calibration import CHOICES
from skensemble.auto._presets import PRESETS
from skensemble.auto._threshold import check_threshold
from skensemble.core import check_choice, check_jobs, check_seconds, check_seed
from skensemble.fitting import as_store
from skensemble.scoring import as_prediction_scorer


def check_parameters(estimator: Any) -> None:
    """Check the constructor parameters of an automatic classifier or regressor."""
    check_seconds("time_limit", estimator.time_limit)
    check_choice("preset", estimator.preset, list(PRESETS))
    classes = is_classifier(estimator)
    if estimator.scoring is not None:
        # Without the data two classes stand for any number of them.
        as_prediction_scorer(
            estimator.scoring, *(("classes", 2) if classes else ("continuous", 0))
        )
    check_seed(estimator.random_state)
    check_jobs(estimator.n_jobs)
    as_store(estimator.memory)
    if isinstance(estimator.cv, str) and estimator.cv != "auto":
        raise ValueError(
            f"cv={estimator.cv!r} is not known; use 'auto', an int, a splitter or an "
            "iterable of (train, test) pairs."
        )
    if classes:
        check_threshold(estimator.threshold)
        check_choice("calibrate", estimator.calibrate, CHOICES)
