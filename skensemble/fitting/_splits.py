"""Any way to split rows, as plain data."""

import copy
import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from skensemble.core._seeds import named_seed
from skensemble.exceptions import OverlappingSplitWarning
from skensemble.fitting._cell import Rows, Split


def plan_splits(
    cv: Any,
    X: Any,
    y: Any,
    *,
    n_rows: int,
    classifier: bool,
    params: dict[str, Any] | None = None,
    seed: int | None = None,
) -> list[Split]:
    """List the splits of a splitter, an int, or an iterable of index pairs.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test) or None
        As in scikit-learn; nothing has to be a partition.
    X, y : array-like
        Handed to the splitter.
    n_rows : int
        Number of rows.
    classifier : bool
        Whether an int means stratified folds.
    params : dict, optional
        What else the splitter's ``split`` is given, such as ``groups``.
    seed : int, optional
        Seeds a splitter whose ``random_state`` is open.

    Returns
    -------
    splits : list of Split
        In the order in which the splitter gives them.
    """
    _check_kind(cv)
    splitter = check_cv(cv, y, classifier=classifier)
    if seed is not None and getattr(splitter, "random_state", 0) is None:
        splitter = copy.copy(splitter)
        splitter.random_state = named_seed(seed, "cv")
    splits = [
        Split(k, _rows(train, n_rows, k, "train"), _rows(test, n_rows, k, "test"))
        for k, (train, test) in enumerate(_pairs(splitter, X, y, params or {}))
    ]
    if not splits:
        raise ValueError(f"cv={cv!r} gives no split; use an int >= 2 or a splitter.")
    _warn_of_overlap(splits)
    return splits


def _check_kind(cv: Any) -> None:
    if isinstance(cv, type):
        raise ValueError(f"cv={cv.__name__} is a class; give one: {cv.__name__}(...).")
    if isinstance(cv, float):
        raise ValueError(
            f"cv={cv!r} is no number of folds; for a holdout of that share use "
            f"ShuffleSplit(1, test_size={cv!r})."
        )


def _pairs(splitter: Any, X: Any, y: Any, params: dict[str, Any]) -> list[Any]:
    try:
        return list(splitter.split(X, y, **params))
    except ValueError as error:
        if "unpack" in str(error):
            raise ValueError(
                "cv gives splits that are no (train, test) pairs of rows."
            ) from error
        if "groups" in params or "groups" not in str(error):
            raise
        raise ValueError(
            f"cv={splitter!r} needs groups, got none; give fit(X, y, groups=...), or "
            "with metadata routing also cv.set_split_request(groups=True)."
        ) from error


def covered_rows(splits: list[Split], n_rows: int) -> np.ndarray:
    """Mark the rows that at least one split predicts."""
    covered = np.zeros(n_rows, dtype=bool)
    for split in splits:
        covered[split.test] = True
    return covered


def _rows(rows: Any, n_rows: int, split: int, side: str) -> Rows:
    rows = np.asarray(rows)
    if rows.dtype == bool and len(rows) == n_rows:
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or len(rows) == 0 or rows.dtype.kind not in "iu":
        raise ValueError(
            f"cv: the {side} rows of split {split} should be a non-empty list of "
            f"integers or a mask of {n_rows} booleans; got an array of shape "
            f"{rows.shape} and dtype {rows.dtype}."
        )
    if rows.min() < -n_rows or rows.max() >= n_rows:
        raise ValueError(
            f"cv: the {side} rows of split {split} go up to {rows.max()}, but X has "
            f"{n_rows} rows, numbered 0 to {n_rows - 1}."
        )
    return np.where(rows < 0, rows + n_rows, rows).astype(np.intp)


def _warn_of_overlap(splits: list[Split]) -> None:
    for split in splits:
        if split.train is not None and np.isin(split.test, split.train).any():
            warnings.warn(
                f"cv: split {split.label} predicts rows that it trains on; its "
                "out-of-fold predictions are not honest.",
                OverlappingSplitWarning,
                stacklevel=4,
            )
            return
