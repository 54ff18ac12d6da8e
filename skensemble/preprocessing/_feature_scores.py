"""How much a column says of the target, and whether that is more than chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.utils import check_random_state

from skensemble.preprocessing._frames import Array
from skensemble.preprocessing._scaling import learn_median_fill
from skensemble.preprocessing._target_means import TargetColumns

# To win five rounds by the toss of a coin has a chance of 3%.
_N_ROUNDS = 5
_MOST_ROWS, _MAX_ROWS_MUTUAL_INFO = 5000, 3000


@dataclass(frozen=True)
class FeatureScores:
    """What each column says of the target, and what it must say to be kept."""

    values: Array
    bars: Array

    @property
    def passed(self) -> Array:
        """Which columns say more than they must."""
        return self.values > self.bars


def by_correlation(
    table: Array, target: TargetColumns, parents: Any, seed: Any
) -> FeatureScores:
    """Absolute rank correlation; the bar is that of the best parent, and of chance.

    Parameters
    ----------
    table : ndarray of shape (n, p)
        The columns.
    target : TargetColumns
        The target.
    parents : list of list of int
        The positions of the columns that each is made of.
    seed : int or None
        Not used.

    Returns
    -------
    scores : FeatureScores
    """
    ranks = _centred(rankdata(_fill_missing(table), axis=0))
    answers = _centred(rankdata(target.values, axis=0))
    values = np.abs(ranks.T @ answers).max(axis=1)
    # What the best of so many columns of noise comes to: sqrt(2 log p) deviations.
    chance = np.sqrt(2 * np.log(max(len(values), 2)) / len(table))
    return FeatureScores(values, np.maximum(_best_parents(values, parents), chance))


def by_mutual_information(
    table: Array, target: TargetColumns, parents: Any, seed: Any
) -> FeatureScores:
    """Mutual information with the target; the bar is that of the best parent.

    And that of the best column with shuffled answers.

    Parameters
    ----------
    table : ndarray of shape (n, p)
        The columns.
    target : TargetColumns
        The target.
    parents : list of list of int
        The positions of the columns that each is made of.
    seed : int or None
        Of the rows it looks at and the noise that breaks ties.

    Returns
    -------
    scores : FeatureScores
    """
    random = check_random_state(seed)
    rows = random.permutation(len(table))[:_MAX_ROWS_MUTUAL_INFO]
    score = mutual_info_regression if target.strata is None else mutual_info_classif
    answers = target.values[:, 0] if target.strata is None else target.strata
    columns, answers = _fill_missing(table)[rows], answers[rows]
    values = score(columns, answers, random_state=random)
    shuffled = score(columns, random.permutation(answers), random_state=random)
    return FeatureScores(
        values, np.maximum(_best_parents(values, parents), shuffled.max())
    )


def by_importance(
    table: Array, target: TargetColumns, parents: Any, seed: Any
) -> FeatureScores:
    """LightGBM's gain by a column over that by the best shuffled one, the bar is 1.

    Every column is there twice, as it is and with its rows shuffled; the score is the
    least of five rounds.

    Parameters
    ----------
    table : ndarray of shape (n, p)
        The columns.
    target : TargetColumns
        The target.
    parents : list of list of int
        Not used.
    seed : int or None
        Of the shuffles.

    Returns
    -------
    scores : FeatureScores
        Of each column.

    References
    ----------
    .. [1] Kursa, M. B., Rudnicki, W. R. (2010). Feature Selection with the Boruta
       Package. Journal of Statistical Software 36(11).
    """
    random = check_random_state(seed)
    p = table.shape[1]
    least = np.full(p, np.inf)
    rows = random.permutation(len(table))[:_MOST_ROWS]
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


def _centred(ranks: Array) -> Array:
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
