"""Expected times of fits on a large table, estimated from fits on a few of its rows."""

import time
from dataclasses import dataclass, replace
from math import ceil, inf, log
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from skensemble.auto._candidate import Candidate
from skensemble.auto._layer_fits import FitSettings
from skensemble.auto.members import early_stopping_prefix, with_rounds
from skensemble.fitting import Rows, Split, TrainingData, Turns, plan_fits, run_fits
from skensemble.optim import Patience

# Rows of the larger trial, of which two thirds are fitted on; the smaller trial has a
# quarter of them.
TRIAL_ROWS = 12_000
_TRIAL_RATIO = 4
_MIN_TRIAL_ROWS = 6
_MAX_PARALLEL_TRIALS = 3
# A table with more rows, or more values, is large, so that trials save time.
_LARGE_N_ROWS = 30_000
_LARGE_N_VALUES = 3_000_000
# Times below this, in seconds, are too short to estimate how they grow with the rows.
_MIN_MEASURABLE = 0.1
_MAX_POWER = 2.5
# Power that is assumed where only the smaller trial was made.
_DEFAULT_POWER = 1.15
# Seconds of boosting and predictions, as a multiple of the seconds of boosting.
_WITH_PREDICTIONS = 1.15
# Time limit, in seconds, of a trial that should end after its first round.
_ONE_ROUND_SECONDS = 0.01
# Share of the available time that is planned for, and the share of the wanted boosting
# time below which a fit is not worth starting.
_PLANNED_SHARE = 0.95
_MIN_BOOSTING_SHARE = 0.3
# Ratio of the sizes of two successive samples that are considered.
_SAMPLE_RATIO = 0.7


@dataclass(frozen=True)
class FitTime:
    r"""Seconds of a fit and its predictions: :math:`b + s \max(1, n / m)^p`.

    Parameters
    ----------
    n_rows : int
        Training rows m of the trial.
    seconds : float
        Seconds s of the trial; of one round if the estimator has a time limit.
    power : float
        Exponent p of the growth with the number of rows.
    time_limit : float
        Seconds b of the other rounds of an estimator that has a time limit.
    """

    n_rows: int
    seconds: float
    power: float = 1.0
    time_limit: float = 0.0

    def at(self, n_rows: int) -> float:
        """Return the expected seconds of a fit on some rows."""
        growth = max(1.0, n_rows / self.n_rows) ** self.power
        return self.time_limit + self.seconds * growth


def is_large(X: pd.DataFrame) -> bool:
    """Return whether a table is large enough for trials on a sample."""
    threshold = max(2 * TRIAL_ROWS, min(_LARGE_N_ROWS, _LARGE_N_VALUES / X.shape[1]))
    return len(X) > threshold


def time_candidates(
    candidates: list[Candidate],
    X: pd.DataFrame,
    rows: Rows,
    settings: FitSettings,
    seconds: float | None = None,
) -> dict[str, FitTime]:
    """Time candidates on a quarter of some rows and, if time is left, on all of them.

    Parameters
    ----------
    candidates : list of Candidate
        Candidates to time.
    X : pandas.DataFrame
        The table.
    rows : ndarray of int
        Rows of the larger trial, in random order.
    settings : FitSettings
        Settings of all fits.
    seconds : float or None, default=None
        Seconds after which no fit is started.

    Returns
    -------
    fit_times : dict of str to FitTime
        Expected times of the candidates that were fitted and did not fail.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    # As many fits in parallel as later on the folds, since they slow each other down.
    parallel = max(1, min(settings.n_jobs, _MAX_PARALLEL_TRIALS))
    n_splits = 1 if len(candidates) > 1 else parallel
    few = rows[: max(_MIN_TRIAL_ROWS, len(rows) // _TRIAL_RATIO)]
    small = _trials(candidates, X, _trial_splits(few, n_splits), settings, deadline, {})
    started = [candidate for candidate in candidates if candidate.name in small]
    guesses = {name: _TRIAL_RATIO * trial.seconds for name, trial in small.items()}
    splits = _trial_splits(rows, n_splits)
    large = _trials(started, X, splits, settings, deadline, guesses)
    return {
        candidate.name: _fit_time(
            small[candidate.name],
            large.get(candidate.name),
            time_limit_of(candidate.estimator),
        )
        for candidate in started
    }


@dataclass(frozen=True)
class _Trial:
    """Seconds of a fit on some rows and its predictions."""

    n_rows: int
    seconds: float


def _trials(
    candidates: list[Candidate],
    X: pd.DataFrame,
    splits: list[Split],
    settings: FitSettings,
    deadline: float | None,
    guesses: dict[str, float],
) -> dict[str, _Trial]:
    """Fit candidates on splits, and keep the longest time of each."""
    if not candidates:
        return {}
    target = settings.target
    members = [
        settings.member(candidate.name, _shortened(candidate.estimator))
        for candidate in candidates
    ]
    fitted, _ = run_fits(
        plan_fits(members, splits, refit=False, seed=settings.seed),
        TrainingData(X, target.values, target.n_classes),
        n_jobs=settings.n_jobs,
        on_error="drop",
        deadline=deadline,
        turns=Turns(stop_late=False),
        seconds=guesses,
    )
    found: dict[str, _Trial] = {}
    for fold_fit in fitted:
        seconds = fold_fit.fit_seconds + fold_fit.predict_seconds
        name = fold_fit.member
        if name not in found or found[name].seconds < seconds:
            n_rows = 0 if fold_fit.train is None else len(fold_fit.train)
            found[name] = _Trial(n_rows, seconds)
    return found


def _trial_splits(rows: Rows, n_splits: int) -> list[Split]:
    """Return splits with two thirds of the rows to fit on."""
    thirds = np.array_split(rows, 3)
    return [
        Split(f"trial {k}", np.sort(np.setdiff1d(rows, thirds[k])), thirds[k])
        for k in range(n_splits)
    ]


def _fit_time(small: _Trial, large: _Trial | None, time_limit: float | None) -> FitTime:
    boosting = _WITH_PREDICTIONS * (time_limit or 0.0)
    if large is None:
        return FitTime(small.n_rows, small.seconds, _DEFAULT_POWER, boosting)
    power = 1.0
    measurable = large.seconds > _MIN_MEASURABLE and small.seconds > 0
    if measurable and large.n_rows > small.n_rows:
        slope = log(large.seconds / small.seconds) / log(large.n_rows / small.n_rows)
        power = float(np.clip(slope, 1, _MAX_POWER))
    return FitTime(large.n_rows, large.seconds, power, boosting)


def _shortened(estimator: Any) -> Any:
    """Return a copy for a trial: with one round if a time limit bounds the rounds."""
    prefix = early_stopping_prefix(estimator)
    if prefix is None:
        return estimator
    params = estimator.get_params(deep=True)
    rounds = params[f"{prefix}estimator"].get_params().get("n_estimators")
    if time_limit_of(estimator) is None:
        return estimator if rounds is None else with_rounds(estimator, rounds)
    if rounds is not None:
        return with_rounds(estimator, 1)
    limits = {key: _ONE_ROUND_SECONDS for key in params if key.endswith("max_seconds")}
    return clone(estimator).set_params(**limits)


def time_limit_of(estimator: Any) -> float | None:
    """Return the seconds after which an estimator stops; None without a limit."""
    found = [
        value.seconds if isinstance(value, Patience) else value
        for value in _time_limit_params(estimator).values()
    ]
    return max((seconds for seconds in found if seconds is not None), default=None)


def _time_limit_params(estimator: Any) -> dict[str, Any]:
    """Return the parameters, at any depth, that limit the time of a fit."""
    return {
        key: value
        for key, value in estimator.get_params(deep=True).items()
        if isinstance(value, Patience) or key.endswith("max_seconds")
    }


def with_time_budget(
    candidate: Candidate, fit_time: FitTime, n_rows: int, seconds: float
) -> Candidate:
    """Lower the time limit of a candidate so that its fit ends within some seconds.

    Parameters
    ----------
    candidate : Candidate
        Returned unchanged if it has no time limit.
    fit_time : FitTime
        Expected time of its fits.
    n_rows : int
        Training rows of the fit.
    seconds : float
        Seconds for the fit and its predictions.

    Returns
    -------
    candidate : Candidate
        Unchanged if the seconds are enough, or so few that a fit is not worth starting.
    """
    limit = fit_time.time_limit
    left = _PLANNED_SHARE * seconds - (fit_time.at(n_rows) - limit)
    if not _MIN_BOOSTING_SHARE * limit <= left < limit < inf:
        return candidate
    lower = left / _WITH_PREDICTIONS
    params = {
        key: clone(value).set_params(seconds=lower)
        if isinstance(value, Patience)
        else lower
        for key, value in _time_limit_params(candidate.estimator).items()
    }
    estimator = clone(candidate.estimator).set_params(**params)
    return replace(candidate, estimator=estimator)


def expected_fit_time(candidate: Candidate, fit_times: dict[str, FitTime]) -> FitTime:
    """Return the expected time of fits of a candidate.

    For a candidate without a trial, the time is that of the first candidate with a
    trial, or infinite if the estimator has no time limit.
    """
    limit, timed = time_limit_of(candidate.estimator), candidate.name in fit_times
    known = fit_times[candidate.name] if timed else next(iter(fit_times.values()))
    if limit is None:
        return replace(known, time_limit=0.0 if timed else inf)
    return replace(known, time_limit=_WITH_PREDICTIONS * limit)


def affordable_rows(
    fit_time: FitTime, splits: list[Split], n_rows: int, workers: int, seconds: float
) -> int:
    """Return how many rows can be split and fitted on within some seconds.

    Parameters
    ----------
    fit_time : FitTime
        Expected time of the fits.
    splits : list of Split
        Splits of all rows.
    n_rows : int
        Number of all rows.
    workers : int
        Number of fits that run in parallel.
    seconds : float
        Seconds for the fits on all splits.

    Returns
    -------
    n : int
        `n_rows`, or the size of a sample, at least that of a trial.
    """
    largest = largest_training_set(splits)
    per_fit = seconds / n_batches(splits, workers)
    n = float(n_rows)
    while n > TRIAL_ROWS and fit_time.at(int(largest * n / n_rows)) > per_fit:
        n *= _SAMPLE_RATIO
    return n_rows if n == n_rows else max(TRIAL_ROWS, int(n))


def largest_training_set(splits: list[Split]) -> int:
    """Return the largest number of training rows of a split."""
    return max(len(split.train) for split in splits if split.train is not None)


def n_batches(splits: list[Split], workers: int) -> int:
    """Return how many fits a worker does one after another, with one fit per split."""
    return ceil(len(splits) / max(1, workers))
