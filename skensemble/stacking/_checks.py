"""Bad input to an ensemble, refused before a member is fitted."""

from collections.abc import Mapping
from numbers import Integral, Number
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.model_selection import StratifiedKFold

from skensemble.core._per_row import check_per_row, check_weights
from skensemble.core._targets import Target
from skensemble.fitting._cell import Split
from skensemble.fitting._splits import covered_rows
from skensemble.stacking._fit_params import FitParams
from skensemble.stacking._scoring import is_of_numbers


def lacks(estimator: Any, method: str) -> bool:
    """Tell whether an estimator will not have a method even when it is fitted."""
    # A stack whose meta model is left open knows only then.
    is_open = getattr(estimator, "final_estimator", estimator) is None
    may_gain = is_open and hasattr(type(estimator), method)
    return not hasattr(estimator, method) and not may_gain


def check_scoring_kind(scoring: Any, kind: str) -> None:
    """Refuse the name of a score of numbers for classes, and the other way round."""
    if not isinstance(scoring, str) or scoring not in get_scorer_names():
        return
    if is_of_numbers(scoring) == (kind == "continuous"):
        return
    own, other, known = "classes", "numbers", "'accuracy', 'neg_log_loss' or 'roc_auc'"
    if kind == "continuous":
        own, other = other, own
        known = "'r2', 'neg_root_mean_squared_error' or another score of numbers"
    raise ValueError(
        f"scoring={scoring!r} is for {other}, and the target y is {own}; use {known}."
    )


def check_scored(scoring: Any, method: str) -> None:
    """Refuse a score that needs probabilities where all members are asked for labels."""
    if scoring is None or scoring.kind != "classes" or method != "predict":
        return
    labels = np.arange(max(scoring.n_classes, 2))
    scoring.score(labels, labels, method=method)


def check_screeners(screeners: Any, names: list[str]) -> None:
    """Refuse screeners of nobody, and those that choose nothing."""
    if screeners is None:
        return
    if not isinstance(screeners, Mapping):
        raise ValueError(
            f"screeners={screeners!r} should be a dict of member name to transformer."
        )
    if unknown := [name for name in screeners if name not in names]:
        raise ValueError(
            f"screeners name {unknown}, which are no members; members: {names}."
        )
    for name, screener in screeners.items():
        able = hasattr(screener, "fit") and hasattr(screener, "transform")
        if screener is not None and (isinstance(screener, type) or not able):
            raise ValueError(
                f"screeners: {screener!r} of member {name!r} should be a transformer, "
                "with fit and transform."
            )


def check_data(X: Any, target: Target, routed: FitParams) -> int:
    """Refuse rows, weights and groups that do not belong together.

    Parameters
    ----------
    X : array-like
        The rows.
    target : Target
        What is true of them.
    routed : FitParams
        Fit parameters, by whom they go to.

    Returns
    -------
    n_rows : int
        How many rows there are.
    """
    y = target.values
    n_rows = _count_rows(X)
    if n_rows != len(y):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{n_rows}, {len(y)}]; X and y should have the same rows."
        )
    check_weights("sample_weight", routed.sample_weight, n_rows)
    for name, params in routed.members.items():
        if params.get("sample_weight") is not routed.sample_weight:
            check_weights(f"{name}__sample_weight", params["sample_weight"], n_rows)
    check_per_row("groups", routed.splitter.get("groups"), n_rows)
    _check_several_classes(target, routed.sample_weight)
    return n_rows


def _count_rows(X: Any) -> int:
    if X is None or isinstance(X, str | bytes | Mapping):
        raise ValueError(f"X={X!r} is no table; give one row a sample.")
    shape: tuple[int, ...] = X.shape if hasattr(X, "shape") else (len(X),)
    if shape[0] == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={np.shape(X)}) while a minimum of 1 is "
            "required; X should have a row or more."
        )
    if len(shape) == 2 and shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 "
            "is required; X should have a column or more."
        )
    # One text a row is a table too, for members that begin with a vectorizer.
    if len(shape) == 1 and isinstance(_first(X), Number):
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X has shape {shape}. "
            "Reshape your data either using array.reshape(-1, 1) if your data has a "
            "single feature or array.reshape(1, -1) if it contains a single sample."
        )
    return shape[0]


def _first(X: Any) -> Any:
    return X.iloc[0] if hasattr(X, "iloc") else X[0]


def _check_several_classes(target: Target, weight: Any) -> None:
    if target.kind != "classes":
        return
    if target.n_classes < 2:
        raise ValueError(
            f"y holds one class only, {_label(target, 0)}; a classifier needs rows of 2 "
            "classes or more."
        )
    if weight is None:
        return
    seen = np.unique(target.values[np.asarray(weight, dtype=float) > 0])
    if len(seen) < 2:
        raise ValueError(
            f"y contains 1 class, {_label(target, seen[0])}, after sample_weight "
            "trimmed classes with zero weights, while a minimum of 2 classes are "
            "required; give rows of another class a sample_weight above 0."
        )


def _label(target: Target, code: int) -> str:
    """Show a label as it was given, not as numpy's scalar."""
    return repr(target.classes.tolist()[code])


def check_folds(name: str, cv: Any, target: Target) -> None:
    """Refuse stratified folds where no class has a row for each.

    Parameters
    ----------
    name : str
        What the splitter is called.
    cv : int, splitter, iterable or None
        Its value.
    target : Target
        The target of a classifier.
    """
    stratified = cv is None or isinstance(cv, Integral | StratifiedKFold)
    if target.kind != "classes" or not stratified:
        return
    folds = int(getattr(cv, "n_splits", 5 if cv is None else cv))
    counts = np.bincount(target.values)
    if folds >= 2 and counts.max() < folds:
        least = int(counts.argmin())
        rows = "1 row" if counts[least] == 1 else f"{counts[least]} rows"
        raise ValueError(
            f"{name}={cv!r}: n_splits={folds} cannot be greater than the number of "
            f"members in each class; the smallest class of y, {_label(target, least)}, "
            f"has {rows}. Use fewer folds, merge rare classes, or {name}=KFold({folds}), "
            "which does not stratify."
        )


def check_coverage(words: str, splits: list[Split], n_rows: int) -> None:
    """Refuse splits that predict too little to learn a combination from."""
    covered = int(covered_rows(splits, n_rows).sum())
    if splits and covered < 2:
        raise ValueError(
            f"{words} predicts {covered} of {n_rows} rows; the combination needs more to "
            "learn from."
        )
