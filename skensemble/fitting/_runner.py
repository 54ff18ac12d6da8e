"""Run cells as one queue of joblib tasks, and say what became of each."""

import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier

# Listed in sklearn.utils.__all__ in spite of its underscore, and the only way to take
# rows from arrays, sparse matrices, pandas and polars frames alike
# (tests/fitting/test_parts.py tells when it goes).
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from skensemble.core._responses import respond, response_method
from skensemble.core._seeds import seed_estimator
from skensemble.exceptions import MemberFailedError, MemberFailedWarning
from skensemble.fitting._cell import Cell, Failure, FittedCell, Member, Split
from skensemble.fitting._queue import LongestFirst
from skensemble.fitting._shared import Shared, fetch
from skensemble.fitting._threads import (
    inner_threads,
    limited_blas,
    limited_threads,
    preferred,
)

REFIT = "refit"


@dataclass(frozen=True)
class Work:
    """What all cells of one fit share: the data, and how many classes there are."""

    X: Any
    y: Any
    n_classes: int
    score: Callable[..., float | None]


def plan_cells(
    members: list[Member],
    splits: list[Split],
    *,
    refit: bool,
    seed: int | None,
) -> list[Cell]:
    """List the fits to do: every member on every split, and on all rows."""
    nothing = np.empty(0, dtype=np.intp)
    every = [*splits, Split(REFIT, None, nothing)] if refit else splits
    return [
        Cell(
            replace(member, estimator=_seeded(member, split, seed)),
            split,
            keep=split.label == REFIT or not refit,
            cost=_guess(member, split, splits),
        )
        for member in members
        for split in every
    ]


def run_cells(
    cells: list[Cell],
    work: Work,
    *,
    n_jobs: int | None,
    on_error: str,
    verbose: int = 0,
    seconds: dict[str, float] | None = None,
    contexts: list[Any] | None = None,
    owner: Any = None,
) -> tuple[list[FittedCell], list[Failure]]:
    """Fit and predict all cells, the longest first; give them back as planned.

    Parameters
    ----------
    cells : list of Cell
        The fits to do.
    work : Work
        The data.
    n_jobs : int or None
        Cores granted.
    on_error : {"raise", "drop"}
        Whether the first failure ends it all.
    verbose : int
        Passed to joblib.
    seconds : dict of str to float, optional
        What a fit of a member took before.
    contexts : list of CallbackContext, optional
        One a cell.
    owner : estimator, optional
        Whose callbacks are told.

    Returns
    -------
    fitted : list of FittedCell
        What succeeded.
    failures : list of Failure
        What did not.
    """
    shared = Shared(work)
    threads = inner_threads(n_jobs, len(cells))
    queue = LongestFirst(cells, seconds or {})
    hooks = contexts or [None] * len(cells)
    done: dict[int, FittedCell | Failure] = {}
    tasks = (
        delayed(_run)(k, cells[k], shared, threads, on_error, hooks[k], owner)
        for k in queue
    )
    try:
        with limited_blas(threads):
            for k, result in _workers(n_jobs, verbose, cells)(tasks):
                if isinstance(result, FittedCell):
                    queue.learn(k, result.fit_seconds + result.predict_seconds)
                    result = _home(cells[k], result)
                done[k] = result
    finally:
        shared.close()
    results = [done[k] for k in range(len(cells))]
    return (
        [result for result in results if isinstance(result, FittedCell)],
        [result for result in results if isinstance(result, Failure)],
    )


def _workers(n_jobs: int | None, verbose: int, cells: list[Cell]) -> Parallel:
    """Workers that take the next cell when one is done, so that its time is known."""
    options = {
        "n_jobs": n_jobs,
        "verbose": verbose,
        "batch_size": 1,
        "prefer": preferred([cell.member.estimator for cell in cells]),
    }
    try:
        return Parallel(
            return_as="generator_unordered", pre_dispatch="n_jobs", **options
        )
    except ValueError:  # a backend that gives everything at the end
        return Parallel(pre_dispatch="all", **options)


def _home(cell: Cell, result: FittedCell) -> FittedCell:
    """Take a result in: its model, and the plan's rows instead of copies of them."""
    return replace(
        result,
        train=cell.split.train,
        test=cell.split.test,
        estimator=fetch(result.estimator),
    )


def drop_failed(
    fitted: list[FittedCell], failures: list[Failure]
) -> tuple[list[FittedCell], dict[str, tuple[Failure, ...]]]:
    """Leave out every member that failed anywhere, and say so."""
    failed: dict[str, tuple[Failure, ...]] = {}
    for failure in failures:
        failed[failure.member] = (*failed.get(failure.member, ()), failure)
    kept = [cell for cell in fitted if cell.member not in failed]
    if not kept:
        causes = "\n".join(f"- {failure}" for failure in failures)
        raise MemberFailedError(f"Every member failed, so none is left:\n{causes}")
    for name, why in failed.items():
        warnings.warn(
            f"Member {name!r} failed and is left out (see failed_): {why[0]}",
            MemberFailedWarning,
            stacklevel=4,
        )
    return kept, failed


def fit_member(
    estimator: Any, X: Any, y: Any, params: dict[str, Any]
) -> tuple[Any, Any]:
    """Fit, on contiguous class codes whatever classes are missing from `y`.

    Returns
    -------
    estimator : estimator
        The fitted estimator.
    present : ndarray of int or None
        Codes of the classes in `y`, in the order of the estimator's columns.
    """
    choose = is_classifier(estimator) and y.ndim == 1
    present = np.unique(y) if choose else None
    codes = y
    if present is not None and present[-1] != len(present) - 1:
        # XGBoost refuses labels that are not 0, 1, ..., so a gap is closed here.
        codes = np.searchsorted(present, y)
    estimator.fit(X, codes, **_named_for(estimator, params))
    return estimator, present


def _run(
    place: int,
    cell: Cell,
    shared: Shared,
    threads: int | None,
    on_error: str,
    context: Any,
    owner: Any,
) -> tuple[int, FittedCell | Failure]:
    try:
        fitted = _fit_and_predict(cell, shared.get(), threads, context, owner)
        return place, replace(fitted, estimator=shared.park(fitted.estimator))
    except Exception as error:
        name, label = cell.member.name, cell.split.label
        if on_error == "raise":
            error.add_note(f"This happened in member {name!r}, split {label!r}.")
            raise
        return place, Failure(name, label, error, traceback.format_exc())


def _fit_and_predict(
    cell: Cell, work: Work, threads: int | None, context: Any, owner: Any
) -> FittedCell:
    member, split = cell.member, cell.split
    model = member.estimator
    X, y, params = _training_rows(model, work, split, member.fit_params)
    hook = _callbacks(context, model)
    with limited_threads(model, threads), hook:
        if context is not None:
            context.call_on_fit_task_begin(estimator=owner, X=X, y=y)
        start = time.perf_counter()
        model, present = fit_member(model, X, y, params)
        fitted_at = time.perf_counter()
        method = response_method(member.name, model, member.method)
        block = _held_out(model, method, work, split, present)
        ended_at = time.perf_counter()
        if context is not None:
            context.call_on_fit_task_end(estimator=owner, X=X, y=y)
    return FittedCell(
        member=member.name,
        split=split.label,
        train=split.train,
        test=split.test,
        method=method,
        present=present,
        estimator=model if cell.keep else None,
        block=block,
        fit_seconds=fitted_at - start,
        predict_seconds=ended_at - fitted_at,
        score=None if block is None else work.score(block, method, work.y[split.test]),
    )


def _training_rows(
    model: Any, work: Work, split: Split, params: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    if split.train is None:
        return work.X, work.y, params
    n_rows = len(work.y)
    cut = cut_params(params, split.train, n_rows)
    return _rows_of(model, work.X, split.train, split.train), work.y[split.train], cut


def _held_out(
    model: Any, method: str, work: Work, split: Split, present: Any
) -> np.ndarray | None:
    if len(split.test) == 0:
        return None
    X = _rows_of(model, work.X, split.test, split.train)
    return respond(model, method, X, present, work.n_classes)


def _rows_of(model: Any, X: Any, rows: Any, train: Any) -> Any:
    if get_tags(model).input_tags.pairwise:  # a kernel matrix: cut both ways
        return X[np.ix_(rows, train)]
    return take_rows(X, rows)


def cut_params(params: dict[str, Any], rows: Any, n_rows: int) -> dict[str, Any]:
    """Cut those fit parameters to some rows that have one entry a row."""
    return {key: _cut(value, rows, n_rows) for key, value in params.items()}


def _cut(value: Any, rows: Any, n_rows: int) -> Any:
    """Cut a fit parameter to the rows of a split if it has one entry a row."""
    sized = hasattr(value, "__len__") and not isinstance(value, str | dict)
    if not sized and not hasattr(value, "shape"):
        return value
    length = value.shape[0] if hasattr(value, "shape") else len(value)
    return take_rows(value, rows) if length == n_rows else value


def _named_for(estimator: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Name the sample weights as the estimator's ``fit`` wants them."""
    if "sample_weight" not in params:
        return params
    rest = {key: params[key] for key in params if key != "sample_weight"}
    return {**rest, weight_name(estimator): params["sample_weight"]}


def weight_name(estimator: Any) -> str:
    """Name of the fit parameter for sample weights; of a Pipeline's last step.

    Raises
    ------
    TypeError
        When the estimator takes no sample weights.
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
    """Tell whether ``fit`` takes ``**fit_params``, as meta-estimators do."""
    code = getattr(getattr(type(estimator).fit, "__wrapped__", None), "__code__", None)
    code = code or getattr(type(estimator).fit, "__code__", None)
    return bool(code and code.co_flags & 0x08)


def _callbacks(context: Any, model: Any) -> Any:
    if context is None or not hasattr(model, "set_callbacks"):
        return nullcontext()
    return context.propagate_callback_context(model)


def _seeded(member: Member, split: Split, seed: int | None) -> Any:
    return seed_estimator(clone(member.estimator), seed, member.name, split.label)


def _guess(member: Member, split: Split, splits: list[Split]) -> float:
    """Guess how long a fit takes compared to others: by rows and rounds."""
    every = max(len(s.train) + len(s.test) for s in splits if s.train is not None)
    share = (every if split.train is None else len(split.train)) / every
    rounds = [
        value
        for key, value in member.estimator.get_params(deep=True).items()
        if key.endswith("n_estimators") and isinstance(value, int)
    ]
    return share * max([1, *rounds])
