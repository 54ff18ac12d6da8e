"""How much a column says of the target, and whether that is more than chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.utils import check_random_state

from skensemble.preprocessing._reading import Array
from skensemble.preprocessing._scales import learn_filled
from skensemble.preprocessing._target_means import Averaged

# To win five rounds by the toss of a coin has a chance of 3%.
_ROUNDS = 5
_MOST_ROWS, _MOST_NEIGHBOURS = 5000, 3000


@dataclass(frozen=True)
class Scores:
    """What each column says of the target, and what it must say to be kept."""

    values: Array
    bars: Array

    @property
    def passed(self) -> Array:
        """Which columns say more than they must."""
        return self.values > self.bars


def by_correlation(table: Array, target: Averaged, parents: Any, seed: Any) -> Scores:
    """Absolute rank correlation; the bar is that of the best parent, and of chance.

    Parameters
    ----------
    table : ndarray of shape (n, p)
        The columns.
    target : Averaged
        The target.
    parents : list of list of int
        The positions of the columns that each is made of.
    seed : int or None
        Not used.

    Returns
    -------
    scores : Scores
    """
    ranks = _centred(rankdata(_filled(table), axis=0))
    answers = _centred(rankdata(target.values, axis=0))
    values = np.abs(ranks.T @ answers).max(axis=1)
    # What the best of so many columns of noise comes to: sqrt(2 log p) deviations.
    chance = np.sqrt(2 * np.log(max(len(values), 2)) / len(table))
    return Scores(values, np.maximum(_bars(values, parents), chance))


def by_mutual_information(
    table: Array, target: Averaged, parents: Any, seed: Any
) -> Scores:
    """Mutual information with the target; the bar is that of the best parent.

    And that of the best column with shuffled answers.

    Parameters
    ----------
    table : ndarray of shape (n, p)
        The columns.
    target : Averaged
        The target.
    parents : list of list of int
        The positions of the columns that each is made of.
    seed : int or None
        Of the rows it looks at and the noise that breaks ties.

    Returns
    -------
    scores : Scores
    """
    random = check_random_state(seed)
    rows = random.permutation(len(table))[:_MOST_NEIGHBOURS]
    score = mutual_info_regression if target.strata is None else mutual_info_classif
    answers = target.values[:, 0] if target.strata is None else target.strata
    columns, answers = _filled(table)[rows], answers[rows]
    values = score(columns, answers, random_state=random)
    shuffled = score(columns, random.permutation(answers), random_state=random)
    return Scores(values, np.maximum(_bars(values, parents), shuffled.max()))


def by_importance(table: Array, target: Averaged, parents: Any, seed: Any) -> Scores:
    """LightGBM's gain by a column over that by the best shuffled one, the bar is 1.

    Every column is there twice, as it is and with its rows shuffled; the score is the
    least of five rounds.

    Parameters
    ----------
    table : ndarray of shape (n, p)
        The columns.
    target : Averaged
        The target.
    parents : list of list of int
        Not used.
    seed : int or None
        Of the shuffles.

    Returns
    -------
    scores : Scores
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
    for _ in range(_ROUNDS):
        order = np.argsort(random.random_sample(table.shape), axis=0)
        shadows = np.take_along_axis(table, order, axis=0)
        gain = _gains(np.hstack([table, shadows]), target, random)
        chance = max(gain[p:].max(), 1e-12)
        least = np.minimum(least, gain[:p] / chance)
    return Scores(least, np.ones(p))


def _gains(table: Array, target: Averaged, random: Any) -> Array:
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


def _filled(table: Array) -> Array:
    return learn_filled(table, [str(j) for j in range(table.shape[1])]).fill(table)


def _centred(ranks: Array) -> Array:
    centred = ranks - ranks.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(centred / np.where(norms > 0, norms, 1.0))


def _bars(values: Array, parents: Any) -> Array:
    return np.array([max((values[j] for j in own), default=0.0) for own in parents])


SELECTIONS = {
    "importance": by_importance,
    "correlation": by_correlation,
    "mutual_info": by_mutual_information,
}
