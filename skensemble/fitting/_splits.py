"""Splits of any splitter as plain data, and their checks."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold, check_cv

from skensemble.core import Target, label_of, named_seed, warn
from skensemble.exceptions import OverlappingSplitWarning, RareClassWarning
from skensemble.fitting._fold_fit import Rows, Split

# Number of classes that a message names.
_MAX_NAMES = 5


def plan_splits(
    cv: Any,
    X: Any,
    y: Any,
    *,
    n_rows: int,
    classifier: bool,
    params: dict[str, Any] | None = None,
    seed: int | None = None,
    name: str = "cv",
) -> list[Split]:
    """List the splits of a splitter, an int, or an iterable of index pairs.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test) or None
        As in scikit-learn; the splits need not be a partition.
    X, y : array-like
        Passed to the splitter.
    n_rows : int
        Number of rows.
    classifier : bool
        Whether an int means stratified folds.
    params : dict, optional
        Further parameters of the splitter's ``split``, such as ``groups``.
    seed : int, optional
        Seed of a splitter whose ``random_state`` is None.
    name : str, default="cv"
        Name of the parameter, for messages.

    Returns
    -------
    splits : list of Split
        In the order of the splitter.
    """
    _check_kind(name, cv)
    try:
        splitter = check_cv(cv, y, classifier=classifier)
    except ValueError as error:
        raise ValueError(
            f"{name}={cv!r} is not a valid splitter: {error} Use an int of at least "
            "2, a splitter, or an iterable of (train, test) pairs of rows."
        ) from error
    if seed is not None and getattr(splitter, "random_state", 0) is None:
        splitter = copy.copy(splitter)
        splitter.random_state = named_seed(seed, "cv")
    splits = [
        Split(
            k,
            _rows(f"{name}: the train rows of split {k}", train, n_rows),
            _rows(f"{name}: the test rows of split {k}", test, n_rows),
        )
        for k, (train, test) in enumerate(_pairs(name, splitter, X, y, params or {}))
    ]
    if not splits:
        raise ValueError(
            f"{name}={cv!r} yields no split; use an int of at least 2 or a splitter."
        )
    _warn_of_overlap(name, splits)
    return splits


def _check_kind(name: str, cv: Any) -> None:
    if isinstance(cv, type):
        raise ValueError(
            f"{name}={cv.__name__} is a class; use an instance: {cv.__name__}(...)."
        )
    if isinstance(cv, float):
        raise ValueError(
            f"{name}={cv!r} is not a number of folds; for a holdout of that share use "
            f"ShuffleSplit(1, test_size={cv!r})."
        )
    if isinstance(cv, str | bytes):
        raise ValueError(
            f"{name}={cv!r} is not known; use an int, a splitter or an iterable of "
            "(train, test) pairs."
        )


def _pairs(
    name: str, splitter: Any, X: Any, y: Any, params: dict[str, Any]
) -> list[tuple[Any, Any]]:
    try:
        return [(train, test) for train, test in splitter.split(X, y, **params)]
    except (TypeError, ValueError) as error:
        if "unpack" in str(error):
            raise ValueError(
                f"{name} yields splits that are not (train, test) pairs of rows."
            ) from error
        if isinstance(error, TypeError):
            raise
        if "groups" not in params and "groups" in str(error):
            raise ValueError(
                f"{name}={splitter!r} needs groups, got None; pass fit(X, y, "
                "groups=...), and with metadata routing also set "
                f"{name}.set_split_request(groups=True)."
            ) from error
        raise ValueError(
            f"{name}={splitter!r} cannot split these rows: {error} Use fewer folds, or "
            "another splitter."
        ) from error


def covered_rows(splits: list[Split], n_rows: int) -> np.ndarray:
    """Mark the rows that at least one split predicts."""
    covered = np.zeros(n_rows, dtype=bool)
    for split in splits:
        covered[split.test] = True
    return covered


def _rows(description: str, rows: Any, n_rows: int) -> Rows:
    rows = np.asarray(rows)
    if rows.dtype == bool and len(rows) == n_rows:
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or len(rows) == 0 or rows.dtype.kind not in "iu":
        raise ValueError(
            f"{description} should be a non-empty list of integers or a mask of "
            f"{n_rows} booleans; got an array of shape {rows.shape} and dtype "
            f"{rows.dtype}."
        )
    if rows.min() < -n_rows or rows.max() >= n_rows:
        raise ValueError(
            f"{description} go from {rows.min()} up to {rows.max()}, but X has {n_rows} "
            f"rows, numbered 0 to {n_rows - 1}."
        )
    return np.where(rows < 0, rows + n_rows, rows).astype(np.intp)


def _warn_of_overlap(name: str, splits: list[Split]) -> None:
    for split in splits:
        if split.train is not None and np.isin(split.test, split.train).any():
            warn(
                f"{name}: split {split.label} predicts rows that it trains on; its "
                "out-of-fold predictions are too optimistic.",
                OverlappingSplitWarning,
            )
            return


def check_folds(name: str, cv: Any, target: Target) -> None:
    """Refuse stratified folds if no class has one row per fold."""
    folds = _stratified_folds(cv, target)
    counts = np.bincount(target.values) if folds else np.zeros(1)
    if folds >= 2 and counts.max() < folds:
        least = int(counts.argmin())
        rows = "1 row" if counts[least] == 1 else f"{counts[least]} rows"
        raise ValueError(
            f"{name}={cv!r}: n_splits={folds} cannot be greater than the number of "
            f"members in each class; the smallest class of y, {label_of(target, least)}, "
            f"has {rows}. Use fewer folds, merge rare classes, or {name}=KFold({folds}), "
            "which does not stratify."
        )


def warn_of_rare_classes(name: str, cv: Any, target: Target) -> None:
    """Name the classes with fewer rows than stratified folds.

    Parameters
    ----------
    name : str
        Name of the parameter.
    cv : int, splitter, iterable of (train, test) or None
        The splits.
    target : Target
        The target.

    Warns
    -----
    RareClassWarning
        If there are such classes.
    """
    folds = _stratified_folds(cv, target)
    counts = np.bincount(target.values) if folds else np.zeros(1)
    rare = np.flatnonzero(counts < folds)
    if len(rare):
        listed = ", ".join(
            f"{label_of(target, code)} ({counts[code]})" for code in rare[:_MAX_NAMES]
        )
        more = len(rare) - _MAX_NAMES
        warn(
            f"{name}={cv!r}: y has classes with fewer rows than the {folds} folds, with "
            f"these numbers of rows: {listed}{f' and {more} more' if more > 0 else ''}. "
            "Some folds hold out no row of them, and a class with one row is predicted "
            "by members that do not know it. Merge rare classes, or use fewer folds.",
            RareClassWarning,
        )


@contextmanager
def without_class_counts() -> Iterator[None]:
    """Ignore the warning of scikit-learn that the rarest class has few rows.

    It does not name the class, so that this package warns instead.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "The least populated class in y has only", UserWarning
        )
        yield


def _stratified_folds(cv: Any, target: Target) -> int:
    """Return the number of stratified folds; 0 for other splits and targets."""
    stratified = cv is None or isinstance(cv, Integral | StratifiedKFold)
    if target.kind != "classes" or not stratified:
        return 0
    return int(getattr(cv, "n_splits", 5 if cv is None else cv))


def check_coverage(description: str, splits: list[Split], n_rows: int) -> None:
    """Refuse splits that predict too few rows to fit a combination."""
    covered = int(covered_rows(splits, n_rows).sum())
    if splits and covered < 2:
        raise ValueError(
            f"{description} predicts {covered} of {n_rows} rows; fitting the combination "
            "needs at least 2."
        )
