"""Run cells as one queue of tasks, and say what became of each."""

import time
from dataclasses import replace
from typing import Any

from joblib import effective_n_jobs

from skensemble.fitting._cell import REFIT, Cell, Failure, FittedCell, Work
from skensemble.fitting._failures import drop_failed, too_late
from skensemble.fitting._fit import (
    cut_params,
    fit_cell,
    fit_member,
    take_rows,
    training_rows,
    weight_name,
)
from skensemble.fitting._plan import plan_cells
from skensemble.fitting._queue import InTurn, LongestFirst, Queue, Turns, WithinTime
from skensemble.fitting._recall import Kept, Recall
from skensemble.fitting._shared import Shared, fetch
from skensemble.fitting._store import Store
from skensemble.fitting._threads import inner_threads, limited_blas, preferred
from skensemble.fitting._workers import Outcome, Task, Terms, Workers

# The engine as its callers see it.
__all__ = [
    "REFIT",
    "Turns",
    "Work",
    "cut_params",
    "drop_failed",
    "fit_member",
    "plan_cells",
    "run_cells",
    "take_rows",
    "weight_name",
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
    store: Store | None = None,
    deadline: float | None = None,
    turns: Turns | None = None,
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
    store : Store, optional
        Where fits are looked up and kept.
    deadline : float, optional
        In the time of ``time.monotonic()``: when to stop. What is not done by then is
        a failure with a `TimeLimitError`, which never ends it all.
    turns : Turns, optional
        With a deadline: complete each member before the next is begun.

    Returns
    -------
    fitted : list of FittedCell
        What succeeded.
    failures : list of Failure
        What did not.
    """
    started = time.monotonic()
    hooks = contexts or [None] * len(cells)
    recall = Recall(store, cells, work)
    done: dict[int, FittedCell | Failure] = dict(recall.found())
    for place in done:
        _tell(hooks[place], cells[place], work, owner)
    # Not those that are left: a resumed fit sums up in the same order.
    threads = inner_threads(n_jobs, len(cells))
    terms = Terms(Shared(work), threads, on_error, owner, store)
    queue = _queue(cells, seconds or {}, done, terms.shared, deadline, n_jobs, turns)
    tasks = [
        Task(k, cell, key, hook)
        for k, (cell, key, hook) in enumerate(
            zip(cells, recall.keys, hooks, strict=True)
        )
    ]
    one_each = {cell.member.name: cell.member.estimator for cell in cells}
    prefer = preferred(list(one_each.values()))
    options = {"n_jobs": n_jobs, "verbose": verbose, "prefer": prefer}
    workers = Workers(tasks, terms, options, deadline)
    outcomes = workers.run(queue, recall.find) if len(done) < len(cells) else ()
    try:
        with limited_blas(threads):
            for outcome in outcomes:
                task = tasks[outcome.place]
                done[task.place] = _home(outcome, task, terms, queue, recall)
    finally:
        terms.shared.close()
        recall.close()
    limit = ""
    # In turn, members share a limit of the caller's, which is not that of this run.
    if deadline is not None and turns is None:
        limit = f" of {max(0.0, deadline - started):.3g} s"
    return _as_planned(done, cells, queue, limit)


def _as_planned(
    done: dict[int, FittedCell | Failure], cells: list[Cell], queue: Queue, limit: str
) -> tuple[list[FittedCell], list[Failure]]:
    """Give results in the order of the plan; what is not there was too late."""
    results = [
        done.get(k)
        or too_late(cell, queue.expected(k), queue.needed(cell.member.name), limit)
        for k, cell in enumerate(cells)
    ]
    return (
        [result for result in results if isinstance(result, FittedCell)],
        [result for result in results if isinstance(result, Failure)],
    )


def _queue(
    cells: list[Cell],
    seconds: dict[str, float],
    done: dict[int, Any],
    shared: Shared,
    deadline: float | None,
    n_jobs: int | None,
    turns: Turns | None,
) -> Queue:
    if deadline is None:
        return LongestFirst(cells, seconds, done)
    limits = {
        "deadline": deadline,
        "workers": effective_n_jobs(n_jobs),
        "told": shared.told,
    }
    if turns is None:
        return WithinTime(cells, seconds, done, **limits)
    return InTurn(cells, seconds, done, turns=turns, **limits)


def _tell(hook: Any, cell: Cell, work: Work, owner: Any) -> None:
    """Begin and end the task of a cell that was found, so that progress bars finish."""
    if hook is None:
        return
    # Rows are cut only for callbacks that ask for them.
    rows = {
        "X": lambda: training_rows(cell, work)[0],
        "y": lambda: training_rows(cell, work)[1],
    }
    hook.call_on_fit_task_begin(estimator=owner, **rows)
    hook.call_on_fit_task_end(estimator=owner, **rows)


def _home(
    outcome: Outcome, task: Task, terms: Terms, queue: Queue, recall: Recall
) -> FittedCell | Failure:
    """Take a result in: its model, and the plan's rows instead of copies of them."""
    cell, result = task.cell, outcome.result
    if isinstance(result, Failure):
        queue.give_up(task.place)
        return result
    seconds = result.fit_seconds + result.predict_seconds
    queue.learn(task.place, seconds, result.score)
    model = fetch(result.estimator)
    if isinstance(model, Kept):
        model = recall.model(model)
        if model is None:  # another process cleared the store in between
            again = fit_cell(cell, terms.shared.get(), terms.threads, None, terms.owner)
            model = again.estimator
    result = replace(
        result, train=cell.split.train, test=cell.split.test, estimator=model
    )
    if outcome.unkept is not None:
        _keep_here(outcome.unkept, result, task, terms, recall)
    return result if cell.keep else replace(result, estimator=None)


def _keep_here(
    error: Exception, result: FittedCell, task: Task, terms: Terms, recall: Recall
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
    recall.tell_unkept(result.member, error)
