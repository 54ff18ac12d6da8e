"""Run the fits of one plan as a queue of tasks."""

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from joblib import effective_n_jobs

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
from skensemble.fitting._interrupts import fits_running, interrupt_requested
from skensemble.fitting._queue import InTurn, LongestFirst, Queue, Turns, WithinTime
from skensemble.fitting._shared import Shared, read_result
from skensemble.fitting._store import Store
from skensemble.fitting._store_lookup import CacheLookup, StoredModel
from skensemble.fitting._threads import (
    inner_threads,
    limited_blas,
    preferred_backend,
    useful_jobs,
)
from skensemble.fitting._workers import RunContext, Task, TaskResult, Workers


def run_fits(
    fold_fits: list[PlannedFit],
    data: TrainingData,
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
    """Fit and predict all planned fits, the longest first, and return them in order.

    Parameters
    ----------
    fold_fits : list of PlannedFit
        The fits to do.
    data : TrainingData
        The training data.
    n_jobs : int or None
        Number of cores to use.
    on_error : {"raise", "drop"}
        Whether the first failure ends the run.
    verbose : int
        Passed to joblib.
    seconds : dict of str to float, optional
        Member name to the duration of an earlier fit.
    contexts : list of CallbackContext, optional
        One callback context per fit.
    owner : estimator, optional
        The estimator whose callbacks are called.
    store : Store, optional
        The store of fits.
    deadline : float, optional
        The deadline, in the time of ``time.monotonic()``. A fit that is not done by
        then is a failure with a `TimeLimitError`, which never ends the run.
    turns : Turns, optional
        With a deadline: complete each member before the next one begins.

    Returns
    -------
    fitted : list of FoldFit
        The successful fits.
    failures : list of Failure
        The failed fits.
    """
    started = time.monotonic()
    n_jobs = useful_jobs(n_jobs, len(fold_fits))
    hooks = contexts or [None] * len(fold_fits)
    cache = CacheLookup(store, fold_fits, data)
    done: dict[int, FoldFit | Failure] = dict(cache.find_all())
    for index, found in done.items():
        score = getattr(found, "score", None)
        _report_cached(hooks[index], fold_fits[index], data, owner, score)
    # By all fits, not only those left: a resumed run adds up numbers in the same order.
    threads = inner_threads(n_jobs, len(fold_fits))
    stop_at = deadline if turns is not None and turns.stop_late else None
    run = RunContext(Shared(data), threads, on_error, owner, store, stop_at)
    queue = _queue(fold_fits, seconds or {}, done, run.shared, deadline, n_jobs, turns)
    tasks = [
        Task(k, fold_fit, key, hook)
        for k, (fold_fit, key, hook) in enumerate(
            zip(fold_fits, cache.keys, hooks, strict=True)
        )
    ]
    one_each = {
        fold_fit.member.name: fold_fit.member.estimator for fold_fit in fold_fits
    }
    prefer = preferred_backend(list(one_each.values()))
    options = {"n_jobs": n_jobs, "verbose": verbose, "prefer": prefer}
    # Some fits are wanted even after the deadline.
    abandon_at = None if turns is not None and turns.enough is not None else deadline
    workers = Workers(tasks, run, options, abandon_at)
    # Only a run with turns, of an automatic ensemble, may end with what it has so far.
    keep = fits_running() if turns is not None else nullcontext()
    over = len(done) == len(fold_fits) or (turns is not None and interrupt_requested())
    outcomes = () if over else workers.run(queue, cache.find)
    try:
        with limited_blas(threads), keep:
            for outcome in outcomes:
                task = tasks[outcome.index]
                done[task.index] = _collect_result(outcome, task, run, queue, cache)
    finally:
        run.shared.close()
        cache.close()
    return _as_planned(done, fold_fits, queue, _end(deadline, started, turns))


def _end(deadline: float | None, started: float, turns: Turns | None) -> str:
    """Say what ended the run before all fits were done."""
    if interrupt_requested():
        return "the fit was interrupted"
    # With turns, the caller has a time limit of its own, which differs from this one.
    if deadline is None or turns is not None:
        return "the time limit was reached"
    return f"the time limit of {max(0.0, deadline - started):.3g} s was reached"


def _as_planned(
    done: dict[int, FoldFit | Failure],
    fold_fits: list[PlannedFit],
    queue: Queue,
    end: str,
) -> tuple[list[FoldFit], list[Failure]]:
    """Return results in the order of the plan; a missing one was too late."""
    results = [
        done.get(k)
        or too_late(
            fold_fit, queue.expected(k), queue.needed(fold_fit.member.name), end
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
        "progress": shared.collect_progress,
    }
    if turns is None:
        return WithinTime(fold_fits, seconds, done, **limits)
    return InTurn(fold_fits, seconds, done, turns=turns, **limits)


def _report_cached(
    hook: Any,
    fold_fit: PlannedFit,
    data: TrainingData,
    owner: Any,
    score: float | None,
) -> None:
    """Begin and end the task of a cached fit, so that progress bars finish."""
    if hook is None:
        return
    # Rows are selected only for callbacks that use them.
    rows = {
        "X": lambda: training_rows(fold_fit, data)[0],
        "y": lambda: training_rows(fold_fit, data)[1],
    }
    hook.call_on_fit_task_begin(estimator=owner, **rows)
    hook.call_on_fit_task_end(estimator=owner, **rows, metadata={"score": score})


def _collect_result(
    outcome: TaskResult,
    task: Task,
    run: RunContext,
    queue: Queue,
    cache: CacheLookup,
) -> FoldFit | Failure:
    """Complete a result with its model and with the rows of the plan, not copies."""
    fold_fit, result = task.fold_fit, outcome.result
    if isinstance(result, Failure):
        queue.record_failure(task.index)
        return result
    seconds = result.fit_seconds + result.predict_seconds
    queue.record_fit(task.index, seconds, result.score)
    model = read_result(result.estimator)
    if isinstance(model, StoredModel):
        model = cache.model(model)
        if model is None:  # another process cleared the store meanwhile
            again = run_planned_fit(
                fold_fit, run.shared.get(), run.threads, None, run.owner
            )
            model = again.estimator
    result = replace(
        result, train=fold_fit.split.train, test=fold_fit.split.test, estimator=model
    )
    if outcome.store_error is not None:
        _store_here(outcome.store_error, result, task, run, cache)
    return result if fold_fit.keep else replace(result, estimator=None)


def _store_here(
    error: Exception,
    result: FoldFit,
    task: Task,
    run: RunContext,
    cache: CacheLookup,
) -> None:
    """Save a fit that its worker could not save (a class of ``__main__``), or warn."""
    is_complete = result.estimator is not None and run.shared.was_sent
    if is_complete and not isinstance(error, OSError):
        try:
            cache.save(task.index, result)
        except Exception as still:
            error = still
        else:
            return
    cache.warn_uncached(result.member, error)
