"""Engines of gradient boosting: LightGBM, XGBoost, and any scikit-learn regressor."""

from typing import Any

from skensemble.boosting.engines._base import Engine
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
    """Return an engine from its name, or the engine itself.

    Parameters
    ----------
    engine : Engine or {"lightgbm", "xgboost", "weak_learner"}
        The engine, or its short name.

    Returns
    -------
    engine : Engine
        The engine.
    """
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str) and engine in _BY_NAME:
        return _BY_NAME[engine]()
    if isinstance(engine, type) and issubclass(engine, Engine):
        name = engine.__name__
        raise ValueError(f"engine={name} is a class; use an instance: {name}().")
    raise ValueError(
        f"engine={engine!r} is not known; use one of {list(_BY_NAME)}, LightGBM(...), "
        "XGBoost(...) or WeakLearner(estimator)."
    )
