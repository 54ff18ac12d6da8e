"""Folds that suit a table: their number, and whether there are several rounds of them."""

from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skensemble.auto._facts import Facts
from skensemble.core._seeds import named_seed
from skensemble.fitting._cell import Split
from skensemble.fitting._splits import plan_splits

_FOLDS = 5
# Small tables are split in several ways, as far as there is time.
_SMALL = 5_000
_ROUNDS = 3
# Large ones have enough rows in fewer folds.
_LARGE = 60_000


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
        n = min(n, len(np.unique(groups)))
        kind: Any = StratifiedGroupKFold if classes else GroupKFold
        return kind(n, shuffle=True, random_state=seed)
    if classes:
        n = min(n, facts.smallest_class)
        if n >= 2:
            return StratifiedKFold(n, shuffle=True, random_state=seed)
    n = max(2, min(_FOLDS if classes else n, facts.n_rows))
    return KFold(n, shuffle=True, random_state=seed)
