"""Folds that suit a table: their number, and whether there are several rounds of them."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skensemble.auto._facts import Facts
from skensemble.core import named_seed
from skensemble.fitting import Rows, Split, plan_splits

_FOLDS = 5
# Small tables are split in several ways, as far as there is time.
_SMALL = 5_000
_ROUNDS = 3
# Large ones have enough rows in fewer folds.
_LARGE = 60_000
# So many groups are alike in all folds without weighing each, which takes long.
_MANY_GROUPS = 10_000
# Rows that a sample has of a class, if there are so many.
_LEAST_OF_A_CLASS = 50


def rounds_of_splits(
    cv: Any,
    X: Any,
    y: Any,
    facts: Facts,
    groups: Any,
    seed: int | None,
    most: int = _ROUNDS,
) -> list[list[Split]]:
    """List the splits, and further rounds of them for small tables.

    Parameters
    ----------
    cv : "auto", int, splitter or iterable of (train, test)
        What the user says.
    X, y : array-like
        The rows and their target, classes as codes.
    facts : Facts
        What is known of them.
    groups : array-like or None
        Rows of one group stay together.
    seed : int or None
        For shuffling.
    most : int
        Rounds at most.

    Returns
    -------
    rounds : list of list of Split
        Every member is fitted on the first; the labels of all splits differ.
    """
    options: dict[str, Any] = {
        "n_rows": len(y),
        "classifier": facts.task != "regression",
        "params": {} if groups is None else {"groups": groups},
    }
    root = 0 if seed is None else seed
    if not isinstance(cv, str):
        return [plan_splits(cv, X, y, seed=root, **options)]
    if groups is not None and (facts.n_rows > _LARGE or pd.isna(groups).any()):
        # Strings are slow to sort; missing ones, which are one group, cannot be.
        groups = pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]
        options["params"] = {"groups": groups}
    found: list[list[Split]] = []
    for k in range(most if facts.n_rows <= _SMALL else 1):
        splitter = _splitter(facts, groups, named_seed(root, "folds", k))
        some = plan_splits(splitter, X, y, **options)
        start = sum(map(len, found))
        found.append(
            [Split(start + j, one.train, one.test) for j, one in enumerate(some)]
        )
    return found


def _splitter(facts: Facts, groups: Any, seed: int) -> Any:
    n = 3 if facts.n_rows > _LARGE else _FOLDS
    classes = facts.task != "regression"
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise ValueError(
                "groups has one group only, so no rows can be held out; give two groups "
                "or more, or none."
            )
        weighed = classes and (
            n_groups <= _MANY_GROUPS or facts.smallest_class < _LEAST_OF_A_CLASS
        )
        kind: Any = StratifiedGroupKFold if weighed else GroupKFold
        return kind(min(n, n_groups), shuffle=True, random_state=seed)
    if classes:
        n = min(n, facts.smallest_class)
        if n >= 2:
            return StratifiedKFold(n, shuffle=True, random_state=seed)
    n = max(2, min(_FOLDS if classes else n, facts.n_rows))
    return KFold(n, shuffle=True, random_state=seed)


def sample_of_rows(
    classes: Any, groups: Any, n_rows: int, size: int, seed: int | None
) -> Rows:
    """Draw rows: of each class its share or a little more, and whole groups.

    Samples of the same seed contain each other, except for rare classes.

    Parameters
    ----------
    classes : ndarray of int of shape (n_rows,) or None
        Codes of the classes; None for numbers.
    groups : ndarray of int of shape (n_rows,) or None
        Codes of the groups.
    n_rows, size : int
        Rows there are, and rows wanted; with groups there may be more.
    seed : int or None
        Of the draw.

    Returns
    -------
    rows : ndarray of int
        In random order.
    """
    rng = np.random.default_rng(named_seed(0 if seed is None else seed, "sample"))
    if groups is not None:
        return _whole_groups(classes, groups, size, rng)
    order = rng.permutation(n_rows)
    if classes is None:
        return order[:size]
    codes = classes[order]
    counts = np.bincount(codes)
    shares = np.ceil(counts * (size / n_rows)).astype(int)
    wanted = np.minimum(counts, np.maximum(shares, _LEAST_OF_A_CLASS))
    parts = [order[codes == k][:n] for k, n in enumerate(wanted) if n]
    return rng.permutation(np.concatenate(parts))


def _whole_groups(classes: Any, groups: Any, size: int, rng: Any) -> Rows:
    """Take groups in random order until there are enough rows, of all classes."""
    counts = np.bincount(groups)
    order = rng.permutation(len(counts))
    before = np.cumsum(counts[order]) - counts[order]
    taken = np.zeros(len(counts), dtype=bool)
    taken[order[before < size]] = True
    if classes is not None:
        rank = np.empty(len(counts), dtype=int)
        rank[order] = np.arange(len(counts))
        pairs = pd.DataFrame({"class": classes, "rank": rank[groups]}).drop_duplicates()
        # Two of each class, so that there may be one on each side of a split.
        some = pairs.sort_values("rank").groupby("class").head(2)["rank"]
        taken[order[some.to_numpy()]] = True
    return rng.permutation(np.flatnonzero(taken[groups]))


def thinned(rounds: list[list[Split]], rows: Rows, n_rows: int) -> list[list[Split]]:
    """Leave in splits only the rows of a sample.

    Parameters
    ----------
    rounds : list of list of Split
        Of all rows.
    rows : ndarray of int
        The sample.
    n_rows : int
        How many rows there are in all.

    Returns
    -------
    rounds : list of list of Split
        A side of a split that has none of the rows stays as it is.
    """
    kept = np.zeros(n_rows, dtype=bool)
    kept[rows] = True

    def thin(some: Any) -> Any:
        left = some[kept[some]]
        return left if len(left) else some

    return [
        [
            Split(
                one.label,
                None if one.train is None else thin(one.train),
                thin(one.test),
            )
            for one in splits
        ]
        for splits in rounds
    ]
