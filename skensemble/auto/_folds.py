"""Folds that suit a table, and samples of the rows of a large one."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skensemble.auto._table_facts import TableFacts
from skensemble.core import named_seed
from skensemble.fitting import Rows, Split, plan_splits

_N_FOLDS = 5
# Tables with at most this many rows are split in several rounds.
_SMALL = 5_000
_ROUNDS = 3
# Tables with more rows are split in three folds.
_LARGE = 60_000
# With more groups, stratified group folds take long, and random folds are balanced.
_MANY_GROUPS = 10_000
# Minimum number of rows of a class in a sample, if the class has that many.
_MIN_CLASS_ROWS = 50


def rounds_of_splits(
    cv: Any,
    X: Any,
    y: Any,
    facts: TableFacts,
    groups: Any,
    seed: int | None,
    max_rounds: int = _ROUNDS,
) -> list[list[Split]]:
    """List the splits of a table, and further rounds of splits of a small one.

    Parameters
    ----------
    cv : "auto", int, splitter or iterable of (train, test)
        The parameter of the estimator.
    X, y : array-like
        The rows and their target, classes as codes.
    facts : TableFacts
        Facts about them.
    groups : array-like or None
        Rows of one group stay together.
    seed : int or None
        Seed of the shuffles.
    max_rounds : int, default=3
        Maximum number of rounds.

    Returns
    -------
    rounds : list of list of Split
        Every member is fitted on the first round. The labels of all splits differ.
    """
    options: dict[str, Any] = {
        "n_rows": len(y),
        "classifier": not facts.regression,
        "params": {} if groups is None else {"groups": groups},
    }
    root = 0 if seed is None else seed
    if not isinstance(cv, str):
        return [plan_splits(cv, X, y, seed=root, **options)]
    if groups is not None and facts.n_rows > _LARGE:
        # Strings are slow to sort.
        groups = pd.factorize(np.asarray(groups))[0]
        options["params"] = {"groups": groups}
    found: list[list[Split]] = []
    for k in range(max_rounds if facts.n_rows <= _SMALL else 1):
        splitter = _splitter(facts, groups, named_seed(root, "folds", k))
        splits = plan_splits(splitter, X, y, **options)
        first = sum(map(len, found))
        found.append(
            [Split(label, s.train, s.test) for label, s in enumerate(splits, first)]
        )
    return found


def _splitter(facts: TableFacts, groups: Any, seed: int) -> Any:
    n = 3 if facts.n_rows > _LARGE else _N_FOLDS
    classes = not facts.regression
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise ValueError(
                "groups has one group only, so that no rows can be held out; use two or "
                "more groups, or groups=None."
            )
        stratified = classes and (
            n_groups <= _MANY_GROUPS or facts.smallest_class < _MIN_CLASS_ROWS
        )
        splitter: Any = StratifiedGroupKFold if stratified else GroupKFold
        return splitter(min(n, n_groups), shuffle=True, random_state=seed)
    if classes:
        n = min(n, facts.smallest_class)
        if n >= 2:
            return StratifiedKFold(n, shuffle=True, random_state=seed)
    n = max(2, min(_N_FOLDS if classes else n, facts.n_rows))
    return KFold(n, shuffle=True, random_state=seed)


def sample_of_rows(
    classes: Any, groups: Any, n_rows: int, size: int, seed: int | None
) -> Rows:
    """Draw a sample of the rows, stratified by class, with whole groups.

    With the same seed a larger sample contains the smaller ones, except for rare
    classes.

    Parameters
    ----------
    classes : ndarray of int of shape (n_rows,) or None
        Codes of the classes; None for regression.
    groups : ndarray of int of shape (n_rows,) or None
        Codes of the groups.
    n_rows, size : int
        Number of all rows and of those to draw; with groups the sample may be larger.
    seed : int or None
        Seed of the draw.

    Returns
    -------
    rows : ndarray of int
        The rows in random order.
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
    wanted = np.minimum(counts, np.maximum(shares, _MIN_CLASS_ROWS))
    parts = [order[codes == k][:n] for k, n in enumerate(wanted) if n]
    return rng.permutation(np.concatenate(parts))


def _whole_groups(classes: Any, groups: Any, size: int, rng: Any) -> Rows:
    """Draw groups until there are enough rows, and two groups of each class."""
    counts = np.bincount(groups)
    order = rng.permutation(len(counts))
    before = np.cumsum(counts[order]) - counts[order]
    taken = np.zeros(len(counts), dtype=bool)
    taken[order[before < size]] = True
    if classes is not None:
        rank = np.empty(len(counts), dtype=int)
        rank[order] = np.arange(len(counts))
        pairs = pd.DataFrame({"class": classes, "rank": rank[groups]}).drop_duplicates()
        # With two groups of a class, both sides of a split can have one.
        first_two = pairs.sort_values("rank").groupby("class").head(2)["rank"]
        taken[order[first_two.to_numpy()]] = True
    return rng.permutation(np.flatnonzero(taken[groups]))


def restrict_splits(
    rounds: list[list[Split]], rows: Rows, n_rows: int
) -> list[list[Split]]:
    """Restrict splits to the rows of a sample.

    Parameters
    ----------
    rounds : list of list of Split
        Splits of all rows.
    rows : ndarray of int
        The sample.
    n_rows : int
        Number of all rows.

    Returns
    -------
    rounds : list of list of Split
        Splits of the sample. A side that contains none of the rows is left as it is.
    """
    sampled = np.zeros(n_rows, dtype=bool)
    sampled[rows] = True

    def restrict(side: Any) -> Any:
        left = side[sampled[side]]
        return left if len(left) else side

    return [
        [
            Split(
                split.label,
                None if split.train is None else restrict(split.train),
                restrict(split.test),
            )
            for split in splits
        ]
        for splits in rounds
    ]
