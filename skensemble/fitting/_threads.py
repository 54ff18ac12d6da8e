"""Workers x inner threads never exceed the cores granted."""

from contextlib import contextmanager, nullcontext
from typing import Any

from joblib import cpu_count, effective_n_jobs
from threadpoolctl import threadpool_limits

_NAMES = ("n_jobs", "nthread", "num_threads", "thread_count")

# Where the work is done in compiled code that lets other Python threads run: threads
# then cost nothing, and a large model need not travel from one process to another.
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
    """How many threads a task may use; None where the user granted no number.

    Explicit ``n_jobs=k`` grants k cores, shared by at most k tasks at a time. Without
    one, tasks run one after another and may use the machine.
    """
    workers = effective_n_jobs(n_jobs)
    if n_jobs is None and workers == 1:
        return None
    return max(1, min(workers, cpu_count()) // max(1, min(workers, n_tasks)))


def brings_threads(estimator: Any) -> bool:
    """Tell whether an estimator, or fold models, would start threads of their own."""
    models = getattr(estimator, "estimators", None)
    first = models[0] if isinstance(models, tuple) else estimator
    params = first.get_params(deep=True) | {"": first}
    return any(not _is_held(key, params) for key in _too_many(first, 1, 1))


def _is_held(key: str, params: dict[str, Any]) -> bool:
    """Whether a parameter is of a part of what has it predict on one thread."""
    names = key.split("__")
    around = (params.get("__".join(names[:k])) for k in range(len(names)))
    return any(getattr(part, "predicts_on_one_thread", False) for part in around)


def preferred(estimators: list[Any]) -> str | None:
    """Threads where every member, to its last part, lets other threads run."""
    parts = [part for model in estimators for part in _parts(model)]
    return "threads" if all(map(_is_compiled, parts)) else None


def _parts(estimator: Any) -> list[Any]:
    """List an estimator and all that it holds."""
    held = estimator.get_params(deep=True).values()
    return [estimator, *(part for part in held if hasattr(part, "fit"))]


def _is_compiled(estimator: Any) -> bool:
    package, _, rest = type(estimator).__module__.partition(".")
    return bool({package, f"{package}.{rest.partition('.')[0]}"} & _COMPILED)


def limited_blas(threads: int | None) -> threadpool_limits:
    """Hold the linear algebra of this process to `threads`, for all its threads.

    That number belongs to the process: were it set and put back by each of several
    threads, the last one could put back the limit of another.
    """
    return threadpool_limits(limits=threads, user_api="blas")


@contextmanager
def limited_threads(estimator: Any, threads: int | None):
    """Hold `estimator` to `threads` while it is fitted, then give it back its own."""
    wanted = _too_many(estimator, cpu_count() if threads is None else threads, threads)
    if wanted:
        estimator.set_params(**{key: new for key, (_, new) in wanted.items()})
    try:
        # Even without a limit it would look through all libraries that are loaded.
        with nullcontext() if threads is None else threadpool_limits(limits=threads):
            yield
    finally:
        if wanted:
            estimator.set_params(**{key: old for key, (old, _) in wanted.items()})


def _too_many(estimator: Any, limit: int, threads: int | None) -> dict[str, Any]:
    """Find the thread parameters above the limit: name -> (own value, limit)."""
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
        # None means one in scikit-learn, and every core in the boosting libraries.
        # A class derived from one of theirs has its constructor, mostly.
        made_in = getattr(type(owner).__init__, "__module__", "")
        foreign = not made_in.startswith("sklearn.")
        return foreign and threads is not None
    if not isinstance(value, int):
        return False
    return (value if value > 0 else cpu_count() + 1 + value) > limit
