"""Scores of features against the target, and thresholds for chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.utils import check_random_state

from skensemble.preprocessing._frames import Array
from skensemble.preprocessing._scaling import learn_median_fill
from skensemble.preprocessing._target_means import TargetColumns

# A feature without information exceeds chance in all five rounds with probability 3 %.
_N_ROUNDS = 5
_MAX_ROWS_IMPORTANCE, _MAX_ROWS_MUTUAL_INFO = 5000, 3000


@dataclass(frozen=True)
class FeatureScores:
    """The score of each column, and the threshold that it must exceed."""

    values: Array
    thresholds: Array


def by_correlation(
    table: Array, target: TargetColumns, parents: Any, seed: Any
) -> FeatureScores:
    """Score columns by their absolute rank correlation with the target.

    The threshold is the score of the best parent, or that of chance if it is larger.
    """
    ranks = _unit_columns(rankdata(_fill_missing(table), axis=0))
    target_ranks = _unit_columns(rankdata(target.values, axis=0))
    values = np.abs(ranks.T @ target_ranks).max(axis=1)
    # The largest of p scores of noise is about sqrt(2 log p) standard deviations.
    chance = np.sqrt(2 * np.log(max(len(values), 2)) / len(table))
    return FeatureScores(values, np.maximum(_best_parents(values, parents), chance))


def by_mutual_information(
    table: Array, target: TargetColumns, parents: Any, seed: Any
) -> FeatureScores:
    """Score columns by their mutual information with the target.

    The threshold is the score of the best parent, or the largest score of any column
    with a shuffled target if it is larger.
    """
    random = check_random_state(seed)
    rows = random.permutation(len(table))[:_MAX_ROWS_MUTUAL_INFO]
    score = mutual_info_regression if target.strata is None else mutual_info_classif
    y = target.values[:, 0] if target.strata is None else target.strata
    columns, y = _fill_missing(table)[rows], y[rows]
    values = score(columns, y, random_state=random)
    shuffled = score(columns, random.permutation(y), random_state=random)
    return FeatureScores(
        values, np.maximum(_best_parents(values, parents), shuffled.max())
    )


def by_importance(
    table: Array, target: TargetColumns, parents: Any, seed: Any
) -> FeatureScores:
    """Score columns by their LightGBM gain over that of the best shuffled column.

    LightGBM is fitted on all columns and on a copy of each with shuffled rows. The
    score is the smallest ratio in five rounds, and the threshold is 1.

    References
    ----------
    .. [1] Kursa, M. B., Rudnicki, W. R. (2010). Feature Selection with the Boruta
       Package. Journal of Statistical Software 36(11).
    """
    random = check_random_state(seed)
    p = table.shape[1]
    least = np.full(p, np.inf)
    rows = random.permutation(len(table))[:_MAX_ROWS_IMPORTANCE]
    table, target = table[rows], target.take(rows)
    for _ in range(_N_ROUNDS):
        order = np.argsort(random.random_sample(table.shape), axis=0)
        shadows = np.take_along_axis(table, order, axis=0)
        gain = _lightgbm_gains(np.hstack([table, shadows]), target, random)
        chance = max(gain[p:].max(), 1e-12)
        least = np.minimum(least, gain[:p] / chance)
    return FeatureScores(least, np.ones(p))


def _lightgbm_gains(table: Array, target: TargetColumns, random: Any) -> Array:
    from lightgbm import LGBMClassifier, LGBMRegressor

    options = {
        "n_estimators": 60,
        "num_leaves": 15,
        "colsample_bytree": 0.3,
        "importance_type": "gain",
        "random_state": random.randint(2**31 - 1),
        "n_jobs": 1,
        "verbose": -1,
    }
    if target.strata is None:
        model = LGBMRegressor(**options).fit(table, target.values[:, 0])
    else:
        model = LGBMClassifier(**options).fit(table, target.strata)
    return np.asarray(model.feature_importances_, dtype=float)


def _fill_missing(table: Array) -> Array:
    return learn_median_fill(table, [str(j) for j in range(table.shape[1])]).fill(table)


def _unit_columns(ranks: Array) -> Array:
    """Centre columns and scale them to norm one, for correlations."""
    centred = ranks - ranks.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(centred / np.where(norms > 0, norms, 1.0))


def _best_parents(values: Array, parents: Any) -> Array:
    return np.array([max((values[j] for j in own), default=0.0) for own in parents])


SELECTIONS = {
    "importance": by_importance,
    "correlation": by_correlation,
    "mutual_info": by_mutual_information,
}
