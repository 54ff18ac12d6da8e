"""Limits of threads: workers times inner threads never exceed `n_jobs`."""

from contextlib import contextmanager, nullcontext
from typing import Any

from joblib import cpu_count, effective_n_jobs
from threadpoolctl import threadpool_limits

_NAMES = ("n_jobs", "nthread", "num_threads", "thread_count")

# Libraries that work in compiled code and release the GIL: threads then cost nothing,
# and a large model need not be sent from one process to another.
_COMPILED = frozenset({
    "lightgbm", "xgboost", "catboost", "skensemble",
    "sklearn.ensemble", "sklearn.linear_model", "sklearn.naive_bayes",
    "sklearn.neighbors", "sklearn.svm",
    "sklearn.tree",
    "sklearn.compose", "sklearn.decomposition", "sklearn.dummy",
    "sklearn.feature_selection", "sklearn.impute", "sklearn.kernel_approximation",
    "sklearn.pipeline", "sklearn.preprocessing",
})  # fmt: skip


def inner_threads(n_jobs: int | None, n_tasks: int) -> int | None:
    """Number of threads per task; None if the user set no number of jobs.

    With ``n_jobs=k`` at most k tasks share k cores. Without it, tasks run one after
    another and may use all cores.
    """
    workers = effective_n_jobs(n_jobs)
    if n_jobs is None and workers == 1:
        return None
    return max(1, min(workers, cpu_count()) // max(1, min(workers, n_tasks)))


def useful_jobs(n_jobs: int | None, n_tasks: int) -> int | None:
    """Number of jobs without workers that would have neither a task nor a core.

    A pool of processes starts all its workers at once, so that a very large number
    would use up the memory.
    """
    if n_jobs is None or n_jobs < 0:
        return n_jobs
    return min(n_jobs, max(cpu_count(), n_tasks))


def uses_threads(estimator: Any) -> bool:
    """Whether an estimator, or a fold average, predicts on several threads."""
    models = getattr(estimator, "estimators", None)
    first = models[0] if isinstance(models, tuple) else estimator
    params = first.get_params(deep=True) | {"": first}
    return any(not _is_single_threaded(key, params) for key in _too_many(first, 1, 1))


def _is_single_threaded(key: str, params: dict[str, Any]) -> bool:
    """Whether a parameter belongs to a part that predicts on one thread."""
    names = key.split("__")
    around = (params.get("__".join(names[:k])) for k in range(len(names)))
    return any(getattr(part, "predicts_on_one_thread", False) for part in around)


def preferred_backend(estimators: list[Any]) -> str | None:
    """Prefer threads if every part of every member releases the GIL."""
    parts = [part for model in estimators for part in _parts(model)]
    return "threads" if all(map(_is_compiled, parts)) else None


def _parts(estimator: Any) -> list[Any]:
    """List an estimator and its nested estimators."""
    params = estimator.get_params(deep=True).values()
    return [estimator, *(part for part in params if hasattr(part, "fit"))]


def _is_compiled(estimator: Any) -> bool:
    package, _, rest = type(estimator).__module__.partition(".")
    return bool({package, f"{package}.{rest.partition('.')[0]}"} & _COMPILED)


def limited_blas(threads: int | None) -> threadpool_limits:
    """Limit the BLAS threads of this process.

    The limit belongs to the process. If each of several threads set and restored it,
    the last thread could restore the limit of another one.
    """
    return threadpool_limits(limits=threads, user_api="blas")


@contextmanager
def limited_threads(estimator: Any, threads: int | None):
    """Limit the threads of `estimator` while it is fitted, then restore its own."""
    wanted = _too_many(estimator, cpu_count() if threads is None else threads, threads)
    if wanted:
        estimator.set_params(**{key: new for key, (_, new) in wanted.items()})
    try:
        # Even without a limit, threadpool_limits would inspect all loaded libraries.
        with nullcontext() if threads is None else threadpool_limits(limits=threads):
            yield
    finally:
        if wanted:
            estimator.set_params(**{key: old for key, (old, _) in wanted.items()})


def _too_many(estimator: Any, limit: int, threads: int | None) -> dict[str, Any]:
    """Find the thread parameters above the limit: name to (own value, limit)."""
    params = estimator.get_params(deep=True)
    found = {}
    for key, value in params.items():
        holder, _, name = key.rpartition("__")
        if name not in _NAMES:
            continue
        owner = params.get(holder) if holder else estimator
        if _exceeds(value, owner, limit, threads):
            found[key] = (value, limit)
    return found


def _exceeds(value: Any, owner: Any, limit: int, threads: int | None) -> bool:
    if value is None:
        # None means one in scikit-learn, and every core in the boosting libraries. A
        # subclass of one of their estimators usually has the same constructor.
        made_in = getattr(type(owner).__init__, "__module__", "")
        foreign = not made_in.startswith("sklearn.")
        return foreign and threads is not None
    if not isinstance(value, int):
        return False
    return (value if value > 0 else cpu_count() + 1 + value) > limit
