"""The workers that take one cell after another, and what becomes of them.

A worker that dies brings its pool down. What was done is kept; the cells that were under
way are fitted again one at a time, each in a pool of its own, so that the one that kills
is found, and the others go on in a new pool.
"""

import re
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import TimeoutError as StillRunning
from typing import Any

# joblib has no public name for a worker that died (tests/fitting/test_limits.py tells
# when this one moves).
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from skensemble.exceptions import WorkerDiedError
from skensemble.fitting._cache import CachedFit, save
from skensemble.fitting._fit import run_planned_fit
from skensemble.fitting._fold_fit import Failure, FoldFit, PlannedFit
from skensemble.fitting._keys import Key
from skensemble.fitting._shared import Shared
from skensemble.fitting._store import Store


@dataclass(frozen=True)
class Task:
    """A cell to fit, where it is kept, and whom to tell."""

    place: int
    fold_fit: PlannedFit
    key: Key | None
    context: Any


@dataclass(frozen=True)
class RunContext:
    """What all tasks of a run have in common."""

    shared: Shared
    threads: int | None
    on_error: str
    owner: Any
    store: Store | None


@dataclass(frozen=True)
class TaskResult:
    """What became of a task; `unkept` is why it is not in the store."""

    place: int
    result: FoldFit | Failure
    unkept: Exception | None = None


class Workers:
    """Workers that take the next cell when one is done, so that its time is known.

    Parameters
    ----------
    tasks : list of Task
        All of them, by place.
    terms : RunContext
        What they have in common.
    options : dict
        ``n_jobs``, ``verbose`` and ``prefer`` of joblib.
    deadline : float or None
        When fits that still run in other processes are abandoned.
    """

    def __init__(
        self,
        tasks: list[Task],
        terms: RunContext,
        options: dict[str, Any],
        deadline: float | None,
    ):
        self._tasks = tasks
        self._terms = terms
        self._options = options
        self._deadline = deadline
        backend, _ = get_active_backend(prefer=options["prefer"])
        in_threads = getattr(backend, "uses_threads", False)
        # Threads cannot be stopped.
        self._stop = None if in_threads else deadline
        if in_threads and len(tasks) == 1:
            # Here, and not in a thread of its own: two that each have started threads of
            # OpenMP (the caller may have predicted before) make it many times slower.
            self._options = options | {"n_jobs": 1}
        self._under_way: set[int] = set()
        self._is_late = False
        self._killers: dict[str, str] = {}
        self._spared: list[int] = []

    def run(
        self, places: Iterable[int], find: Callable[[int], FoldFit | None]
    ) -> Iterator[TaskResult]:
        """Do what the queue gives; `find` looks for what a dead worker had kept."""
        while True:
            try:
                yield from self._pool(places)
            except TerminatedWorkerError as error:
                if _is_of_member(error):
                    raise
            else:
                if self._is_late or not self._under_way:
                    break
            for place in sorted(self._under_way):
                found = find(place)
                yield from [TaskResult(place, found)] if found else self._alone(place)
                self._under_way.discard(place)
        yield from (TaskResult(place, self._died(place)) for place in self._spared)

    def _alone(self, place: int) -> Iterator[TaskResult]:
        try:
            yield from self._pool([place])
        except TerminatedWorkerError as error:
            if _is_of_member(error):
                raise
            yield TaskResult(place, self._died(place, error))

    def _pool(self, places: Iterable[int]) -> Iterator[TaskResult]:
        parallel = self._parallel()
        outcomes = iter(parallel(self._tasks_of(places)))
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
            self._under_way.discard(outcome.place)
            yield outcome

    def _parallel(self) -> Parallel:
        options = {**self._options, "batch_size": 1}
        try:
            return Parallel(
                return_as="generator_unordered", pre_dispatch="n_jobs", **options
            )
        except ValueError:  # a backend that gives everything at the end
            at_once = "all" if self._deadline is None else "n_jobs"
            return Parallel(pre_dispatch=at_once, **options)

    def _tasks_of(self, places: Iterable[int]) -> Iterator[Any]:
        for place in places:
            task = self._tasks[place]
            if task.fold_fit.member.name in self._killers:
                # Its member is lost; another death would cost everyone their workers.
                self._spared.append(place)
                continue
            self._under_way.add(place)
            yield delayed(_run)(task, self._terms)

    def _died(self, place: int, error: Exception | None = None) -> Failure:
        """Say that a member killed its worker: on this split, or on one before."""
        fold_fit = self._tasks[place].fold_fit
        name, label = fold_fit.member.name, fold_fit.split.label
        if error is not None:
            codes = re.search(r"exit codes of the workers are \{(.*?)\}", str(error))
            self._killers[name] = (
                f"member {name!r} killed its worker process on split {label!r}"
                f"{f' (exit code {codes[1]})' if codes else ''}, also when it was fitted "
                "alone. It may need more memory than there is, or crash in compiled "
                "code; fit it on fewer rows or leave it out."
            )
        died = WorkerDiedError(self._killers[name])
        if self._terms.on_error == "raise":
            raise died from error
        return Failure(name, label, died, "")


def _is_of_member(error: Exception) -> bool:
    """Tell whether a member had workers of its own that died: see the note in `_run`."""
    return bool(getattr(error, "__notes__", ()))


def _run(task: Task, terms: RunContext) -> TaskResult:
    fold_fit, work = task.fold_fit, terms.shared.get()
    try:
        fitted = run_planned_fit(
            fold_fit, work, terms.threads, task.context, terms.owner
        )
    except Exception as error:
        name, label = fold_fit.member.name, fold_fit.split.label
        if terms.on_error == "raise":
            error.add_note(f"This happened in member {name!r}, split {label!r}.")
            raise
        terms.shared.tell(task.place, None)
        failure = Failure(name, label, error, traceback.format_exc())
        return TaskResult(task.place, failure)
    outcome = _keep(task, terms, fitted)
    seconds = fitted.fit_seconds + fitted.predict_seconds
    terms.shared.tell(task.place, (seconds, fitted.score))
    return outcome


def _keep(task: Task, terms: RunContext, fitted: FoldFit) -> TaskResult:
    """Keep a fit as soon as it is done, and hand back what is wanted of it."""
    model = fitted.estimator if task.fold_fit.keep else None
    unkept = None
    if terms.store is not None and task.key is not None:
        try:
            save(terms.store, task.key, fitted)
            if terms.shared.elsewhere and task.fold_fit.keep:
                return TaskResult(
                    task.place, replace(fitted, estimator=CachedFit(task.key))
                )
        except Exception as error:  # a full disk, or anything that pickling says
            unkept = error
            if not isinstance(error, OSError) and terms.shared.elsewhere:
                # A class of __main__ is not found here, but where it is defined.
                model = fitted.estimator
    fitted = replace(fitted, estimator=terms.shared.park(model))
    return TaskResult(task.place, fitted, unkept)
