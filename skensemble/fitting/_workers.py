"""The workers that run one fit after another, and their recovery.

A worker process that dies ends its pool. Finished fits are kept. The fits that were
running are repeated one at a time, each in a separate pool, to find the one that
kills its process. The others continue in a new pool.
"""

import re
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import TimeoutError as StillRunning
from typing import Any

# joblib has no public name for a worker that died (tests/fitting/test_limits.py fails
# when this one moves).
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from skensemble.core import FitDeadline, fit_deadline
from skensemble.exceptions import WorkerDiedError
from skensemble.fitting._fit import run_planned_fit
from skensemble.fitting._fold_fit import REFIT, Failure, FoldFit, PlannedFit
from skensemble.fitting._keys import Key
from skensemble.fitting._shared import Shared
from skensemble.fitting._store import Store
from skensemble.fitting._store_lookup import StoredModel, save_fit

# Columns that most estimators cannot use without an encoder.
_TEXT_DTYPES = ("object", "str", "string", "category", "String", "Categorical")


@dataclass(frozen=True)
class Task:
    """A fit to do, its key in the store, and its callback context."""

    index: int
    fold_fit: PlannedFit
    key: Key | None
    context: Any


@dataclass(frozen=True)
class RunContext:
    """What all tasks of a run share; fits that can are stopped at `stop_at`."""

    shared: Shared
    threads: int | None
    on_error: str
    owner: Any
    store: Store | None
    stop_at: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Send the seconds left, because clocks of processes are not comparable."""
        left = None if self.stop_at is None else self.stop_at - time.monotonic()
        return vars(self) | {"stop_at": left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        left = state["stop_at"]
        stop_at = None if left is None else left + time.monotonic()
        vars(self).update(state | {"stop_at": stop_at})


@dataclass(frozen=True)
class TaskResult:
    """Result of a task; `store_error` is the reason if it is not in the store."""

    index: int
    result: FoldFit | Failure
    store_error: Exception | None = None


class Workers:
    """Workers that take the next fit when one is done, so that durations are known.

    Parameters
    ----------
    tasks : list of Task
        All tasks, by index.
    run : RunContext
        What they share.
    options : dict
        ``n_jobs``, ``verbose`` and ``prefer`` of joblib.
    deadline : float or None
        Time at which fits in other processes are abandoned.
    """

    def __init__(
        self,
        tasks: list[Task],
        run: RunContext,
        options: dict[str, Any],
        deadline: float | None,
    ):
        self._tasks = tasks
        self._run_context = run
        self._options = options
        self._deadline = deadline
        backend, _ = get_active_backend(prefer=options["prefer"])
        in_threads = getattr(backend, "uses_threads", False)
        # Threads cannot be stopped.
        self._stop = None if in_threads else deadline
        if in_threads and len(tasks) == 1:
            # Run it in the calling thread: two Python threads that each own OpenMP
            # threads (the caller may have predicted before) are many times slower.
            self._options = options | {"n_jobs": 1}
        self._running: set[int] = set()
        self._is_late = False
        self._fatal_members: dict[str, str] = {}
        self._skipped: list[int] = []

    def run(
        self, indices: Iterable[int], find: Callable[[int], FoldFit | None]
    ) -> Iterator[TaskResult]:
        """Run the tasks of the queue; `find` looks up what a dead worker has stored."""
        while True:
            try:
                yield from self._pool(indices)
            except TerminatedWorkerError as error:
                if _is_of_member(error):
                    raise
            else:
                if self._is_late or not self._running:
                    break
            for index in sorted(self._running):
                found = find(index)
                yield from [TaskResult(index, found)] if found else self._alone(index)
                self._running.discard(index)
        yield from (TaskResult(index, self._died(index)) for index in self._skipped)

    def _alone(self, index: int) -> Iterator[TaskResult]:
        try:
            yield from self._pool([index])
        except TerminatedWorkerError as error:
            if _is_of_member(error):
                raise
            yield TaskResult(index, self._died(index, error))

    def _pool(self, indices: Iterable[int]) -> Iterator[TaskResult]:
        parallel = self._parallel()
        outcomes = iter(parallel(self._tasks_of(indices)))
        while True:
            if self._stop is not None:
                parallel.timeout = max(0.0, self._stop - time.monotonic())
            try:
                outcome = next(outcomes)
            except StopIteration:
                return
            except StillRunning:
                self._is_late = True
                return
            self._running.discard(outcome.index)
            yield outcome

    def _parallel(self) -> Parallel:
        options = {**self._options, "batch_size": 1}
        try:
            return Parallel(
                return_as="generator_unordered", pre_dispatch="n_jobs", **options
            )
        except ValueError:  # a backend that returns all results at the end
            at_once = "all" if self._deadline is None else "n_jobs"
            return Parallel(pre_dispatch=at_once, **options)

    def _tasks_of(self, indices: Iterable[int]) -> Iterator[Any]:
        for index in indices:
            task = self._tasks[index]
            if task.fold_fit.member.name in self._fatal_members:
                # Another fit of this member would end the pool again.
                self._skipped.append(index)
                continue
            self._running.add(index)
            yield delayed(_run)(task, self._run_context)

    def _died(self, index: int, error: Exception | None = None) -> Failure:
        """Return the failure of a member that killed its worker, here or before."""
        fold_fit = self._tasks[index].fold_fit
        name, label = fold_fit.member.name, fold_fit.split.label
        if error is not None:
            codes = re.search(r"exit codes of the workers are \{(.*?)\}", str(error))
            self._fatal_members[name] = (
                f"member {name!r} killed its worker process on split {label!r}"
                f"{f' (exit code {codes[1]})' if codes else ''}, also when it was fitted "
                "alone. It may need more memory than is available, or crash in "
                "compiled code; fit it on fewer rows or drop it."
            )
        died = WorkerDiedError(self._fatal_members[name])
        if self._run_context.on_error == "raise":
            raise died from error
        return Failure(name, label, died, "")


def _describe_split(label: int | str) -> str:
    return "in the fit on all rows" if label == REFIT else f"split {label!r}"


def _text_columns_hint(X: Any, error: Exception) -> str:
    """Suggest an encoder if a frame has text columns and the error is about values."""
    if not isinstance(error, ValueError | TypeError) or not hasattr(X, "columns"):
        return ""
    text = [name for name in X.columns if str(X[name].dtype) in _TEXT_DTYPES]
    if not text:
        return ""
    shown = ", ".join(repr(name) for name in text[:3]) + (", ..." if text[3:] else "")
    return (
        f"X has text or categorical columns ({shown}). If the member does not support "
        "them, use skensemble.preprocessing.make_member(estimator), or a Pipeline with "
        "an encoder."
    )


def _is_of_member(error: Exception) -> bool:
    """Whether workers of the member itself died: see the note in `_run`."""
    return bool(getattr(error, "__notes__", ()))


def _run(task: Task, run: RunContext) -> TaskResult:
    fold_fit, data = task.fold_fit, run.shared.get()
    label = fold_fit.split.label
    # With fewer rounds, the model of all rows would replace better models of the folds.
    deadline = FitDeadline(run.stop_at, whole=label == REFIT)
    try:
        with fit_deadline(deadline):
            fitted = run_planned_fit(
                fold_fit, data, run.threads, task.context, run.owner
            )
        deadline.check_whole()
    except Exception as error:
        name = fold_fit.member.name
        if run.on_error == "raise":
            error.add_note(
                f"This happened in member {name!r}, {_describe_split(label)}."
            )
            if hint := _text_columns_hint(data.X, error):
                error.add_note(hint)
            raise
        run.shared.report_progress(task.index, None)
        failure = Failure(name, label, error, traceback.format_exc())
        return TaskResult(task.index, failure)
    if deadline.was_met:
        # A later run, with more time, must not find a fit that ended early.
        run = replace(run, store=None)
    outcome = _save(task, run, fitted)
    seconds = fitted.fit_seconds + fitted.predict_seconds
    run.shared.report_progress(task.index, (seconds, fitted.score))
    return outcome


def _save(task: Task, run: RunContext, fitted: FoldFit) -> TaskResult:
    """Save a fit as soon as it is done, and return what the caller needs of it."""
    model = fitted.estimator if task.fold_fit.keep else None
    store_error = None
    if run.store is not None and task.key is not None:
        try:
            save_fit(run.store, task.key, fitted)
            if run.shared.in_worker_process and task.fold_fit.keep:
                return TaskResult(
                    task.index, replace(fitted, estimator=StoredModel(task.key))
                )
        except Exception as error:  # a full disk, or any error of pickling
            store_error = error
            if not isinstance(error, OSError) and run.shared.in_worker_process:
                # A class of __main__ is only known in the main process.
                model = fitted.estimator
    fitted = replace(fitted, estimator=run.shared.write_result(model))
    return TaskResult(task.index, fitted, store_error)
