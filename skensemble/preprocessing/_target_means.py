"""Cross-fitted target means of the levels of categories."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target

from skensemble.preprocessing._frames import Array

# Largest number of indicator columns of a target.
_MAX_CLASSES = 10
# Integers with more different values than this are a continuous target, not classes.
_MAX_LABELS = 20
# Limits of m, and m if it cannot be estimated.
_MIN_PRIOR_ROWS, _MAX_PRIOR_ROWS, _DEFAULT_PRIOR_ROWS = 1.0, 1000.0, 20.0


@dataclass(frozen=True)
class TargetColumns:
    """The columns that are averaged: the target, or one indicator column per class."""

    values: Array
    names: tuple[str, ...]
    strata: Array | None

    def take(self, rows: Array) -> "TargetColumns":
        """Select rows."""
        strata = None if self.strata is None else self.strata[rows]
        return TargetColumns(self.values[rows], self.names, strata)


def target_columns(y: Any, task: str) -> TargetColumns:
    """Convert the target to the columns that are averaged.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Target.
    task : {"auto", "classification", "regression"}
        Whether y contains classes.

    Returns
    -------
    target : TargetColumns
        For classes, indicator columns: of the second of two classes, of all but the
        first of up to ten classes, or else of the ten most frequent classes.
    """
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        numbers = values.astype(float)[:, :_MAX_CLASSES]
        return TargetColumns(
            numbers, tuple(f"{j}" for j in range(numbers.shape[1])), None
        )
    if task == "regression" or (task == "auto" and _is_continuous(values)):
        return TargetColumns(values.astype(float)[:, None], ("",), None)
    codes, classes = pd.factorize(values, sort=True)
    counts = np.bincount(codes, minlength=len(classes))
    shown = np.arange(1, len(classes))
    if len(classes) > _MAX_CLASSES:
        shown = np.sort(np.argsort(-counts, kind="stable")[:_MAX_CLASSES])
    names = ("",) if len(classes) == 2 else tuple(f"{classes[c]}" for c in shown)
    return TargetColumns((codes[:, None] == shown).astype(float), names, codes)


def _is_continuous(values: Array) -> bool:
    if type_of_target(values) == "continuous":
        return True
    return values.dtype.kind in "iuf" and len(np.unique(values)) > _MAX_LABELS


def assign_folds(cv: Any, target: TargetColumns, seed: Any) -> Array:
    """Assign rows to folds, stratified by class.

    Parameters
    ----------
    cv : int or splitter
        Number of folds, or a splitter that holds each row out once.
    target : TargetColumns
        Target.
    seed : int, RandomState or None
        Seed of the shuffle.

    Returns
    -------
    folds : ndarray of int of shape (n_samples,)
    """
    n = len(target.values)
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool) and cv >= 2:
        order = check_random_state(seed).permutation(n)
        if target.strata is not None:
            order = order[np.argsort(target.strata[order], kind="stable")]
        folds = np.empty(n, dtype=np.intp)
        folds[order] = np.arange(n) % min(cv, n)
        return folds
    folds, held = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=int)
    labels = target.values[:, 0] if target.strata is None else target.strata
    splits = check_cv(cv, labels).split(np.zeros((n, 1)), labels)
    for number, (_, test) in enumerate(splits):
        folds[test] = number
        held[test] += 1
    if (held != 1).any():
        raise ValueError(
            f"cv={cv!r} must hold each row out once, so that each row has a mean without "
            "its own fold; use an int, or a splitter such as KFold."
        )
    return folds


@dataclass(frozen=True)
class TargetMeans:
    r"""The mean of the target in each level, shrunk towards the overall mean.

    (sum of y in the level + m prior) / (rows of the level + m), where the prior is the
    overall mean and m is the variance within levels divided by the variance between
    levels (empirical Bayes). The means of an uninformative column are therefore close
    to the overall mean.

    Parameters
    ----------
    means : ndarray of shape (n_levels + 2, n_target_columns)
        Means by code. The second last row is for missing values, and the last row
        (code -1) for unseen levels.

    References
    ----------
    .. [1] Micci-Barreca, D. (2001). A preprocessing scheme for high-cardinality
       categorical attributes in classification and prediction problems. ACM SIGKDD
       Explorations 3(1).
    """

    means: Array

    def of(self, codes: Array) -> Array:
        """Return the means of the levels of rows."""
        return self.means[codes]


def cross_fit_means(
    codes: Array, n_levels: int, y: Array, folds: Array
) -> tuple[TargetMeans, Array]:
    """Learn the means of levels from all rows, and cross-fitted means of each row.

    The prior is the mean over all rows. It is the same for each row, so it does not
    leak the target of a row.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Codes of the training rows, which are not negative.
    n_levels : int
        Number of levels, including missing values.
    y : ndarray of shape (n_samples, n_target_columns)
        The columns that are averaged.
    folds : ndarray of int of shape (n_samples,)
        The fold of each row.

    Returns
    -------
    means : TargetMeans
        Means from all rows.
    cross_fitted : ndarray of shape (n_samples, n_target_columns)
        Means of each row from all folds except its own.
    """
    n_folds = int(folds.max()) + 1
    cells = folds * n_levels + codes
    shape = (n_folds, n_levels)
    size = n_folds * n_levels
    rows = np.bincount(cells, minlength=size).reshape(shape)
    every = rows.sum(axis=0)
    means = np.empty((n_levels + 1, y.shape[1]))
    cross_fitted = np.empty(y.shape)
    for j, target in enumerate(y.T):
        prior = target.mean()
        # The target is centered, so that the smoothed mean is prior + sum / (rows + m).
        sums = np.bincount(cells, target - prior, minlength=size).reshape(shape)
        total = sums.sum(axis=0)
        m = _prior_rows(total, every, ((target - prior) ** 2).sum())
        means[:-1, j] = prior + total / (every + m)
        means[-1, j] = prior
        others = prior + (total - sums) / (every - rows + m)
        cross_fitted[:, j] = others.ravel()[cells]
    return TargetMeans(means), cross_fitted


def _prior_rows(sums: Array, rows: Array, squares: float) -> float:
    """Estimate m: the variance within levels divided by the variance between levels."""
    present = rows > 0
    sums, rows = sums[present], rows[present]
    n, levels = rows.sum(), len(rows)
    if levels < 2 or n - levels < 2:
        return _DEFAULT_PRIOR_ROWS
    between = float((sums**2 / rows).sum())
    within = (squares - between) / (n - levels)
    size = (n - (rows**2).sum() / n) / (levels - 1)
    spread = (between / (levels - 1) - within) / size
    if spread <= within / _MAX_PRIOR_ROWS:
        return _MAX_PRIOR_ROWS
    return max(_MIN_PRIOR_ROWS, within / spread)
