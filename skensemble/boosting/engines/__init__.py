"""What grows trees, or other weak learners, for any loss."""

from typing import Any

from skensemble.boosting.engines._contract import Engine
from skensemble.boosting.engines._lightgbm import LightGBM
from skensemble.boosting.engines._weak_learner import WeakLearner
from skensemble.boosting.engines._xgboost import XGBoost

__all__ = ["Engine", "LightGBM", "WeakLearner", "XGBoost", "as_engine"]

_BY_NAME: dict[str, type[Engine]] = {
    "lightgbm": LightGBM,
    "xgboost": XGBoost,
    "weak_learner": WeakLearner,
}


def as_engine(engine: Any) -> Engine:
    """Find an engine by its name, or take it as it is.

    Parameters
    ----------
    engine : Engine or {"lightgbm", "xgboost", "weak_learner"}
        What grows the trees.

    Returns
    -------
    engine : Engine
        The engine itself, or a new one for a name.
    """
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str) and engine in _BY_NAME:
        return _BY_NAME[engine]()
    if isinstance(engine, type) and issubclass(engine, Engine):
        name = engine.__name__
        raise ValueError(f"engine={name} is a class; give one: {name}().")
    raise ValueError(
        f"engine={engine!r} is not known; use one of {list(_BY_NAME)}, LightGBM(...), "
        "XGBoost(...) or WeakLearner(estimator)."
    )
