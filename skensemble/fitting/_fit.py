"""Fit a member on the training rows of a split and predict the held-out rows."""

import inspect
import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import sklearn
from sklearn.base import is_classifier

# Listed in sklearn.utils.__all__ in spite of its underscore, and the only way to take
# rows from arrays, sparse matrices, pandas and polars frames alike
# (tests/fitting/test_parts.py fails when it is removed).
from sklearn.utils import _safe_indexing as take_rows, get_tags
from sklearn.utils.validation import has_fit_parameter

from skensemble.core import find_response_method, narrow_indices, predict_block
from skensemble.fitting._fold_fit import FoldFit, PlannedFit, Split, TrainingData
from skensemble.fitting._threads import limited_threads


def run_planned_fit(
    fold_fit: PlannedFit,
    data: TrainingData,
    threads: int | None,
    context: Any,
    owner: Any,
) -> FoldFit:
    """Fit a member on one split and predict the rows that the split holds out."""
    member, split = fold_fit.member, fold_fit.split
    model = member.estimator
    X, y, params = training_rows(fold_fit, data)
    hook = _callbacks(context, model)
    with limited_threads(model, threads), hook:
        if context is not None:
            context.call_on_fit_task_begin(estimator=owner, X=X, y=y)
        start = time.perf_counter()
        model, present = fit_member(model, X, y, params)
        fitted_at = time.perf_counter()
        method = find_response_method(member.name, model, member.method)
        block = _held_out(model, method, data, split, present)
        ended_at = time.perf_counter()
        score = _score(data, block, method, split)
        if context is not None:
            context.call_on_fit_task_end(
                estimator=owner, X=X, y=y, metadata={"score": score}
            )
    return FoldFit(
        member=member.name,
        split=split.label,
        train=split.train,
        test=split.test,
        method=method,
        present=present,
        estimator=model,
        block=block,
        fit_seconds=fitted_at - start,
        predict_seconds=ended_at - fitted_at,
        score=score,
    )


def _score(data: TrainingData, block: Any, method: str, split: Split) -> float | None:
    """Return the score of the held-out rows, None without any."""
    return None if block is None else data.score(block, method, data.y[split.test])


def predict_held_out(
    fold_fit: PlannedFit, data: TrainingData, model: Any, fit_seconds: float
) -> FoldFit:
    """Predict the held-out rows with a model that was fitted before."""
    member, split = fold_fit.member, fold_fit.split
    y = training_rows(fold_fit, data)[1]
    start = time.perf_counter()
    present = classes_in(model, y)
    method = find_response_method(member.name, model, member.method)
    block = _held_out(model, method, data, split, present)
    return FoldFit(
        member=member.name,
        split=split.label,
        train=split.train,
        test=split.test,
        method=method,
        present=present,
        estimator=model,
        block=block,
        fit_seconds=fit_seconds,
        predict_seconds=time.perf_counter() - start,
        score=_score(data, block, method, split),
        cached=True,
    )


def classes_in(estimator: Any, y: Any) -> Any:
    """Codes of the classes in `y` for single-label classification, otherwise None."""
    return np.unique(y) if is_classifier(estimator) and y.ndim == 1 else None


def fit_member(
    estimator: Any, X: Any, y: Any, params: dict[str, Any]
) -> tuple[Any, Any]:
    """Fit on contiguous class codes, also if classes are missing from `y`.

    Returns
    -------
    estimator : estimator
        The fitted estimator.
    present : ndarray of int or None
        Codes of the classes in `y`, in the order of the estimator's columns.
    """
    present = classes_in(estimator, y)
    codes = y
    if present is not None and present[-1] != len(present) - 1:
        # XGBoost refuses labels that are not 0, 1, ..., so a gap is closed here.
        codes = np.searchsorted(present, y)
    estimator.fit(narrow_indices(X), codes, **_named_for(estimator, params))
    return estimator, present


def training_rows(
    fold_fit: PlannedFit, data: TrainingData
) -> tuple[Any, Any, dict[str, Any]]:
    """Return the rows of X and y and the fit parameters of one fit."""
    member, train = fold_fit.member, fold_fit.split.train
    if train is None:
        return data.X, data.y, member.fit_params
    cut = cut_params(member.fit_params, train, len(data.y))
    return _rows_of(member.estimator, data.X, train, train), data.y[train], cut


def _held_out(
    model: Any, method: str, data: TrainingData, split: Split, present: Any
) -> np.ndarray | None:
    if len(split.test) == 0:
        return None
    X = _rows_of(model, data.X, split.test, split.train)
    return predict_block(model, method, X, present, data.n_classes)


def _rows_of(model: Any, X: Any, rows: Any, train: Any) -> Any:
    if get_tags(model).input_tags.pairwise:  # a kernel matrix: select rows and columns
        return X[np.ix_(rows, train)]
    return take_rows(X, rows)


def cut_params(params: dict[str, Any], rows: Any, n_rows: int) -> dict[str, Any]:
    """Select rows of those fit parameters that have one entry per row."""
    return {key: _cut(value, rows, n_rows) for key, value in params.items()}


def _cut(value: Any, rows: Any, n_rows: int) -> Any:
    """Select the rows of a fit parameter if it has one entry per row."""
    sized = hasattr(value, "__len__") and not isinstance(value, str | dict)
    if not sized and not hasattr(value, "shape"):
        return value
    length = value.shape[0] if hasattr(value, "shape") else len(value)
    return take_rows(value, rows) if length == n_rows else value


def _named_for(estimator: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Rename the sample weights to the parameter of the estimator's ``fit``."""
    # With metadata routing a Pipeline sends weights to its steps by itself.
    if "sample_weight" not in params or sklearn.get_config()["enable_metadata_routing"]:
        return params
    rest = {key: params[key] for key in params if key != "sample_weight"}
    return {**rest, weight_name(estimator): params["sample_weight"]}


def weight_name(estimator: Any) -> str:
    """Name of the fit parameter for sample weights, for a Pipeline of its last step.

    Raises
    ------
    TypeError
        If the estimator does not support sample weights.
    """
    last = getattr(estimator, "steps", None)
    if last and not has_fit_parameter(estimator, "sample_weight"):
        name, step = last[-1]
        return f"{name}__{weight_name(step)}"
    if has_fit_parameter(estimator, "sample_weight") or _takes_any(estimator):
        return "sample_weight"
    raise TypeError(
        f"Underlying estimator {type(estimator).__name__} does not support sample "
        "weights; fit without sample_weight or replace it."
    )


def _takes_any(estimator: Any) -> bool:
    """Whether ``fit`` takes ``**fit_params``, as meta-estimators do."""
    parameters = inspect.signature(type(estimator).fit).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _callbacks(context: Any, model: Any) -> Any:
    if context is None or not hasattr(model, "set_callbacks"):
        return nullcontext()
    return context.propagate_callback_context(model)
