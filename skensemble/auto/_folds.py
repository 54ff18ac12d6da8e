"""Folds that suit a table, and samples of the rows of a large one."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skensemble.auto._class_coverage import check_two_rows, covered_classes
from skensemble.auto._coverage_messages import SplitOrigin
from skensemble.auto._forward_splits import forward_splits
from skensemble.auto._learning_task import LearningTask
from skensemble.auto._table_facts import TableFacts
from skensemble.core import check_whole, named_seed
from skensemble.fitting import (
    Rows,
    Split,
    check_folds,
    plan_splits,
    without_class_counts,
)

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
    cv: Any, task: LearningTask, seed: int | None, max_rounds: int = _ROUNDS
) -> list[list[Split]]:
    """List the splits of a table, and further rounds of splits of a small one.

    Parameters
    ----------
    cv : "auto", int, splitter or iterable of (train, test)
        The parameter of the estimator.
    task : LearningTask
        The rows with their target, groups or times.
    seed : int or None
        Seed of the shuffles.
    max_rounds : int, default=3
        Maximum number of rounds.

    Returns
    -------
    rounds : list of list of Split
        Every member is fitted on the first round. The labels of all splits differ.

    Warns
    -----
    RareClassWarning
        If splits cannot fit on, or cannot score, some classes.
    """
    root = 0 if seed is None else seed
    check_two_rows(task.class_rows)
    if task.times is not None:
        rounds = [forward_splits(task.times, _n_forward(cv, task.facts))]
        return covered_classes(rounds, task.class_rows, SplitOrigin("time"))
    if isinstance(cv, str):
        return _automatic_folds(task, root, max_rounds)
    if task.groups is not None and isinstance(cv, Integral):
        # A number of folds alone would not keep groups together.
        check_whole("cv", cv, 2)
        seed = named_seed(root, "folds", 0)
        cv = _splitter(task.facts, int(cv), task.groups, seed)
        return _given_splits(cv, task, root, SplitOrigin("groups"))
    stratified = isinstance(cv, Integral | StratifiedKFold)
    origin = SplitOrigin("cv", cv, stratified and not task.facts.regression)
    return _given_splits(cv, task, root, origin)


def _automatic_folds(
    task: LearningTask, root: int, max_rounds: int
) -> list[list[Split]]:
    """Split by a number of folds that suits the table."""
    facts, groups = task.facts, task.groups
    if groups is not None and facts.n_rows > _LARGE:
        # Strings are slow to sort.
        groups = task.group_codes
    n_folds = _number_of_folds(task, groups)
    found: list[list[Split]] = []
    for k in range(max_rounds if facts.n_rows <= _SMALL else 1):
        splitter = _splitter(facts, n_folds, groups, named_seed(root, "folds", k))
        splits = _planned(splitter, task, groups)
        first = sum(map(len, found))
        found.append(
            [Split(label, s.train, s.test) for label, s in enumerate(splits, first)]
        )
    stratified = groups is None and not facts.regression
    origin = SplitOrigin(
        "folds" if groups is None else "groups",
        stratified=stratified,
        n_wanted=_wanted_folds(facts) if stratified else 0,
    )
    return covered_classes(found, task.class_rows, origin)


def _given_splits(
    cv: Any, task: LearningTask, root: int, origin: SplitOrigin
) -> list[list[Split]]:
    """Split by the parameter of the user."""
    check_folds("cv", cv, task.target)
    splits = _planned(cv, task, task.groups, root)
    return covered_classes([splits], task.class_rows, origin)


def _planned(
    cv: Any, task: LearningTask, groups: Any, seed: int | None = None
) -> list[Split]:
    with without_class_counts():  # a RareClassWarning names these classes
        return plan_splits(
            cv,
            task.X,
            task.target.values,
            n_rows=len(task.X),
            classifier=not task.facts.regression,
            params={} if groups is None else {"groups": groups},
            seed=seed,
        )


def _wanted_folds(facts: TableFacts) -> int:
    return 3 if facts.n_rows > _LARGE else _N_FOLDS


def _n_forward(cv: Any, facts: TableFacts) -> int:
    if isinstance(cv, str):
        return _wanted_folds(facts)
    check_whole("cv", cv, 2)
    return int(cv)


def _number_of_folds(task: LearningTask, groups: Any) -> int:
    """Return the number of folds, each of which can hold out two classes if possible.

    That is at most the number of rows, or of groups, of the second largest class.
    """
    n = min(_wanted_folds(task.facts), task.facts.n_rows)
    rows = task.class_rows
    if groups is None:
        counts = rows.counts
    else:
        n = min(n, _number_of_groups(groups))
        pairs = pd.DataFrame({"class": rows.codes, "group": groups})[rows.counted]
        counts = pairs.drop_duplicates()["class"].value_counts().to_numpy()
    return n if rows.continuous else max(2, min(n, int(np.sort(counts)[-2])))


def _number_of_groups(groups: Any) -> int:
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError(
            "groups has one group only, so that no rows can be held out; use two or "
            "more groups, or groups=None."
        )
    return n_groups


def _splitter(facts: TableFacts, n_folds: int, groups: Any, seed: int) -> Any:
    classes = not facts.regression
    if groups is not None:
        stratified = classes and (
            _number_of_groups(groups) <= _MANY_GROUPS
            or facts.smallest_class < _MIN_CLASS_ROWS
        )
        kind: Any = StratifiedGroupKFold if stratified else GroupKFold
    else:
        kind = StratifiedKFold if classes else KFold
    return kind(n_folds, shuffle=True, random_state=seed)


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
