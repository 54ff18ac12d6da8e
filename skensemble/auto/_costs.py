"""What fits on a large table will take, learned from fits on a few of its rows."""

import time
from dataclasses import dataclass, replace
from math import ceil, inf, log
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from skensemble.auto._candidate import Candidate
from skensemble.auto._layers import Setting
from skensemble.auto._watched import Watched
from skensemble.fitting import Rows, Split, TrainingData, Turns, plan_fits, run_fits
from skensemble.optim import Patience

# Rows of a trial, of which two thirds are fitted on; one before it has a quarter of them.
TRIAL_ROWS = 12_000
_QUARTER = 4
_LEAST_ROWS = 6
_MOST_COPIES = 3
# From so many rows, or numbers in a table, on it is worth it to look ahead.
_LARGE = 30_000
_LARGE_TABLE = 3_000_000
# Times below this say nothing of how they grow.
_MEASURABLE = 0.1
_MOST_POWER = 2.5
# How times are taken to grow where only the smaller trial was made.
_PRUDENT = 1.15
# Growing trees in a given time and predicting with them take so much longer than that.
_WITH_PREDICTION = 1.15
# Seconds after which a learner ends that is to end with its first round.
_AT_ONCE = 0.01
# Of the time that there is, so much is planned with; and of the rounds wanted, it is to
# be enough for so many.
_MARGIN = 0.95
_LEAST_ROUNDS = 0.3
# A sample has so many times fewer rows than the next larger one.
_STEP = 0.7


@dataclass(frozen=True)
class Cost:
    r"""Seconds of a fit and its predictions: :math:`b + s \max(1, n / m)^p`.

    Parameters
    ----------
    rows : int
        Rows m of the fit that was timed.
    seconds : float
        What it took, s; of a learner that is bounded in time, with one round alone.
    power : float
        How that grows with the rows, p: 1 for most.
    bounded : float
        Seconds b in which further rounds are grown.
    """

    rows: int
    seconds: float
    power: float = 1.0
    bounded: float = 0.0

    def of(self, rows: int) -> float:
        """Seconds that a fit on so many rows is expected to take."""
        grown = max(1.0, rows / self.rows) ** self.power
        return self.bounded + self.seconds * grown


def is_large(X: pd.DataFrame) -> bool:
    """Whether it is worth it to look at a sample of a table first."""
    least = max(2 * TRIAL_ROWS, min(_LARGE, _LARGE_TABLE / X.shape[1]))
    return len(X) > least


def measured(
    some: list[Candidate],
    X: pd.DataFrame,
    rows: Rows,
    setting: Setting,
    seconds: float | None = None,
) -> dict[str, Cost]:
    """Time candidates on a few rows, and as there is time on four times as many.

    Parameters
    ----------
    some : list of Candidate
        Whom.
    X : pandas.DataFrame
        The table.
    rows : ndarray of int
        Which rows, in any order.
    setting : Setting
        What all fits have in common.
    seconds : float or None, default=None
        No fit is begun later than this.

    Returns
    -------
    costs : dict of str to Cost
        Of those that were fitted, and did not fail.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    # As many at a time as later on the folds, for they are in each other's way.
    copies = 1 if len(some) > 1 else max(1, min(setting.n_jobs, _MOST_COPIES))
    few = rows[: max(_LEAST_ROWS, len(rows) // _QUARTER)]
    small = _timed(some, X, _trial_splits(few, copies), setting, deadline, {})
    begun = [one for one in some if one.name in small]
    guesses = {name: _QUARTER * fold_fit.seconds for name, fold_fit in small.items()}
    large = _timed(begun, X, _trial_splits(rows, copies), setting, deadline, guesses)
    return {
        one.name: _cost(small[one.name], large.get(one.name), bound_of(one.estimator))
        for one in begun
    }


@dataclass(frozen=True)
class _Timed:
    """Seconds of a fit on so many rows and its predictions."""

    rows: int
    seconds: float


def _timed(
    some: list[Candidate],
    X: pd.DataFrame,
    splits: list[Split],
    setting: Setting,
    deadline: float | None,
    guesses: dict[str, float],
) -> dict[str, _Timed]:
    if not some:
        return {}
    target = setting.target
    members = [setting.member(one.name, _trial(one.estimator)) for one in some]
    fitted, _ = run_fits(
        plan_fits(members, splits, refit=False, seed=setting.seed),
        TrainingData(X, target.values, target.n_classes, _no_score),
        n_jobs=setting.n_jobs,
        on_error="drop",
        deadline=deadline,
        turns=Turns(),
        seconds=guesses,
    )
    found: dict[str, _Timed] = {}
    for fold_fit in fitted:
        took = fold_fit.fit_seconds + fold_fit.predict_seconds
        if fold_fit.member not in found or found[fold_fit.member].seconds < took:
            found[fold_fit.member] = _Timed(
                0 if fold_fit.train is None else len(fold_fit.train), took
            )
    return found


def _trial_splits(rows: Rows, copies: int) -> list[Split]:
    """Fits on two thirds of the rows that predict the others."""
    thirds = np.array_split(rows, 3)
    return [
        Split(f"trial {k}", np.sort(np.setdiff1d(rows, thirds[k])), thirds[k])
        for k in range(copies)
    ]


def _no_score(*_: Any) -> None:
    """Only the time counts."""


def _cost(small: _Timed, large: _Timed | None, bound: float | None) -> Cost:
    bounded = _WITH_PREDICTION * (bound or 0.0)
    if large is None:
        return Cost(small.rows, small.seconds, _PRUDENT, bounded)
    power = 1.0
    if large.seconds > _MEASURABLE and large.rows > small.rows and small.seconds > 0:
        times, rows = large.seconds / small.seconds, large.rows / small.rows
        power = float(np.clip(log(times) / log(rows), 1, _MOST_POWER))
    return Cost(large.rows, large.seconds, power, bounded)


def _trial(estimator: Any) -> Any:
    """A learner of one round, if time bounds it, or else of all that it may have."""
    place = place_of_watched(estimator)
    if place is None:
        return estimator
    params = estimator.get_params(deep=True)
    rounds = params[f"{place}estimator"].get_params().get("n_estimators")
    if bound_of(estimator) is None:
        return estimator if rounds is None else of_rounds(estimator, rounds)
    if rounds is not None:
        return of_rounds(estimator, 1)
    soon = {key: _AT_ONCE for key in params if key.endswith("max_seconds")}
    return clone(estimator).set_params(**soon)


def bound_of(estimator: Any) -> float | None:
    """Seconds that bound the rounds of a learner; None where nothing does.

    Parameters
    ----------
    estimator : estimator
        With the learner somewhere in it.

    Returns
    -------
    seconds : float or None
    """
    found = [
        value.seconds if isinstance(value, Patience) else value
        for value in _bounds(estimator).values()
    ]
    return max((one for one in found if one is not None), default=None)


def _bounds(estimator: Any) -> dict[str, Any]:
    """Parameters, of whatever depth, that say how long a learner may take."""
    return {
        key: value
        for key, value in estimator.get_params(deep=True).items()
        if isinstance(value, Patience) or key.endswith("max_seconds")
    }


def hurried(one: Candidate, cost: Cost, rows: int, seconds: float) -> Candidate:
    """Give a candidate fewer seconds for its rounds, where it would need too many.

    Parameters
    ----------
    one : Candidate
        Bounded in time, or else nothing is changed.
    cost : Cost
        What it takes.
    rows : int
        To be fitted on.
    seconds : float
        In which the fit, and its predictions, are to be done.

    Returns
    -------
    candidate : Candidate
        The same, if the time does, or if so little of it would be left for rounds that
        they are not worth it.
    """
    room = _MARGIN * seconds - (cost.of(rows) - cost.bounded)
    if not _LEAST_ROUNDS * cost.bounded <= room < cost.bounded < inf:
        return one
    bound = room / _WITH_PREDICTION
    params = {
        key: clone(value).set_params(seconds=bound)
        if isinstance(value, Patience)
        else bound
        for key, value in _bounds(one.estimator).items()
    }
    return replace(one, estimator=clone(one.estimator).set_params(**params))


def cost_of(one: Candidate, costs: dict[str, Cost]) -> Cost:
    """What fits of a candidate take, by its own trial or, without one, by the first.

    Parameters
    ----------
    one : Candidate
        Whose.
    costs : dict of str to Cost
        By trials, one at least.

    Returns
    -------
    cost : Cost
        Endless for who had no trial and is not bounded in time.
    """
    bound, known = bound_of(one.estimator), one.name in costs
    like = costs[one.name] if known else next(iter(costs.values()))
    if bound is None:
        return replace(like, bounded=0.0 if known else inf)
    return replace(like, bounded=_WITH_PREDICTION * bound)


def place_of_watched(estimator: Any) -> str | None:
    """Prefix of the parameters of the `Watched` in an estimator; None without one."""
    parts = {"": estimator, **estimator.get_params(deep=True)}
    place = next((k for k, part in parts.items() if isinstance(part, Watched)), None)
    return f"{place}__" if place else place


def of_rounds(estimator: Any, rounds: int) -> Any:
    """Tell a `Watched`, within what is around it, to fit so many rounds on all rows."""
    place = place_of_watched(estimator)
    return clone(estimator).set_params(**{f"{place}rounds": rounds})


def most_rows(
    cost: Cost, splits: list[Split], n_rows: int, workers: int, seconds: float
) -> int:
    """How many of the rows can be split and fitted on in some seconds.

    Parameters
    ----------
    cost : Cost
        Of the candidate.
    splits : list of Split
        Of all rows.
    n_rows : int
        How many these are.
    workers : int
        Fits at a time.
    seconds : float
        Time for the fits on all splits.

    Returns
    -------
    n : int
        `n_rows`, or a sample, no smaller than that of a trial.
    """
    largest, each = most_fitted(splits), seconds / goes(splits, workers)
    n = float(n_rows)
    while n > TRIAL_ROWS and cost.of(int(largest * n / n_rows)) > each:
        n *= _STEP
    return n_rows if n == n_rows else max(TRIAL_ROWS, int(n))


def most_fitted(splits: list[Split]) -> int:
    """Rows that a fit on one of the splits sees at most.

    Parameters
    ----------
    splits : list of Split
        With rows to fit on.

    Returns
    -------
    n : int
    """
    return max(len(one.train) for one in splits if one.train is not None)


def goes(splits: list[Split], workers: int) -> int:
    """How many fits, one on each split, a worker does one after another.

    Parameters
    ----------
    splits : list of Split
        All of them.
    workers : int
        Fits at a time.

    Returns
    -------
    n : int
    """
    return ceil(len(splits) / max(1, workers))
