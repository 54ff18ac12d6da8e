"""Run cells as one queue of tasks, and say what became of each."""

import time
from dataclasses import replace
from typing import Any

from joblib import effective_n_jobs

from skensemble.fitting._cache import CachedFit, CacheLookup
from skensemble.fitting._failures import too_late
from skensemble.fitting._fit import (
    run_planned_fit,
    training_rows,
)
from skensemble.fitting._fold_fit import (
    Failure,
    FoldFit,
    PlannedFit,
    TrainingData,
)
from skensemble.fitting._queue import InTurn, LongestFirst, Queue, Turns, WithinTime
from skensemble.fitting._shared import Shared, fetch
from skensemble.fitting._store import Store
from skensemble.fitting._threads import inner_threads, limited_blas, preferred
from skensemble.fitting._workers import RunContext, Task, TaskResult, Workers


def run_fits(
    fold_fits: list[PlannedFit],
    work: TrainingData,
    *,
    n_jobs: int | None,
    on_error: str,
    verbose: int = 0,
    seconds: dict[str, float] | None = None,
    contexts: list[Any] | None = None,
    owner: Any = None,
    store: Store | None = None,
    deadline: float | None = None,
    turns: Turns | None = None,
) -> tuple[list[FoldFit], list[Failure]]:
    """Fit and predict all cells, the longest first; give them back as planned.

    Parameters
    ----------
    fold_fits : list of PlannedFit
        The fits to do.
    work : TrainingData
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
    store : Store, optional
        Where fits are looked up and kept.
    deadline : float, optional
        In the time of ``time.monotonic()``: when to stop. What is not done by then is
        a failure with a `TimeLimitError`, which never ends it all.
    turns : Turns, optional
        With a deadline: complete each member before the next is begun.

    Returns
    -------
    fitted : list of FoldFit
        What succeeded.
    failures : list of Failure
        What did not.
    """
    started = time.monotonic()
    hooks = contexts or [None] * len(fold_fits)
    recall = CacheLookup(store, fold_fits, work)
    done: dict[int, FoldFit | Failure] = dict(recall.found())
    for place in done:
        _tell(hooks[place], fold_fits[place], work, owner)
    # Not those that are left: a resumed fit sums up in the same order.
    threads = inner_threads(n_jobs, len(fold_fits))
    terms = RunContext(Shared(work), threads, on_error, owner, store)
    queue = _queue(
        fold_fits, seconds or {}, done, terms.shared, deadline, n_jobs, turns
    )
    tasks = [
        Task(k, fold_fit, key, hook)
        for k, (fold_fit, key, hook) in enumerate(
            zip(fold_fits, recall.keys, hooks, strict=True)
        )
    ]
    one_each = {
        fold_fit.member.name: fold_fit.member.estimator for fold_fit in fold_fits
    }
    prefer = preferred(list(one_each.values()))
    options = {"n_jobs": n_jobs, "verbose": verbose, "prefer": prefer}
    workers = Workers(tasks, terms, options, deadline)
    outcomes = workers.run(queue, recall.find) if len(done) < len(fold_fits) else ()
    try:
        with limited_blas(threads):
            for outcome in outcomes:
                task = tasks[outcome.place]
                done[task.place] = _collect_result(outcome, task, terms, queue, recall)
    finally:
        terms.shared.close()
        recall.close()
    limit = ""
    # In turn, members share a limit of the caller's, which is not that of this run.
    if deadline is not None and turns is None:
        limit = f" of {max(0.0, deadline - started):.3g} s"
    return _as_planned(done, fold_fits, queue, limit)


def _as_planned(
    done: dict[int, FoldFit | Failure],
    fold_fits: list[PlannedFit],
    queue: Queue,
    limit: str,
) -> tuple[list[FoldFit], list[Failure]]:
    """Give results in the order of the plan; what is not there was too late."""
    results = [
        done.get(k)
        or too_late(
            fold_fit, queue.expected(k), queue.needed(fold_fit.member.name), limit
        )
        for k, fold_fit in enumerate(fold_fits)
    ]
    return (
        [result for result in results if isinstance(result, FoldFit)],
        [result for result in results if isinstance(result, Failure)],
    )


def _queue(
    fold_fits: list[PlannedFit],
    seconds: dict[str, float],
    done: dict[int, Any],
    shared: Shared,
    deadline: float | None,
    n_jobs: int | None,
    turns: Turns | None,
) -> Queue:
    if deadline is None:
        return LongestFirst(fold_fits, seconds, done)
    limits = {
        "deadline": deadline,
        "workers": effective_n_jobs(n_jobs),
        "told": shared.told,
    }
    if turns is None:
        return WithinTime(fold_fits, seconds, done, **limits)
    return InTurn(fold_fits, seconds, done, turns=turns, **limits)


def _tell(hook: Any, fold_fit: PlannedFit, work: TrainingData, owner: Any) -> None:
    """Begin and end the task of a cell that was found, so that progress bars finish."""
    if hook is None:
        return
    # Rows are cut only for callbacks that ask for them.
    rows = {
        "X": lambda: training_rows(fold_fit, work)[0],
        "y": lambda: training_rows(fold_fit, work)[1],
    }
    hook.call_on_fit_task_begin(estimator=owner, **rows)
    hook.call_on_fit_task_end(estimator=owner, **rows)


def _collect_result(
    outcome: TaskResult,
    task: Task,
    terms: RunContext,
    queue: Queue,
    recall: CacheLookup,
) -> FoldFit | Failure:
    """Take a result in: its model, and the plan's rows instead of copies of them."""
    fold_fit, result = task.fold_fit, outcome.result
    if isinstance(result, Failure):
        queue.give_up(task.place)
        return result
    seconds = result.fit_seconds + result.predict_seconds
    queue.learn(task.place, seconds, result.score)
    model = fetch(result.estimator)
    if isinstance(model, CachedFit):
        model = recall.model(model)
        if model is None:  # another process cleared the store in between
            again = run_planned_fit(
                fold_fit, terms.shared.get(), terms.threads, None, terms.owner
            )
            model = again.estimator
    result = replace(
        result, train=fold_fit.split.train, test=fold_fit.split.test, estimator=model
    )
    if outcome.unkept is not None:
        _store_here(outcome.unkept, result, task, terms, recall)
    return result if fold_fit.keep else replace(result, estimator=None)


def _store_here(
    error: Exception,
    result: FoldFit,
    task: Task,
    terms: RunContext,
    recall: CacheLookup,
) -> None:
    """Keep what a worker could not, for want of a class of ``__main__``, or say so."""
    could_be = result.estimator is not None and terms.shared.travelled
    if could_be and not isinstance(error, OSError):
        try:
            recall.keep(task.place, result)
        except Exception as still:
            error = still
        else:
            return
    recall.warn_uncached(result.member, error)
