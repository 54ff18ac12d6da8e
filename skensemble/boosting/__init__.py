"""Gradient boosting: a loss x an engine x a stopping rule."""

from skensemble.boosting._gradient import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from skensemble.boosting.engines import LightGBM, WeakLearner, XGBoost

__all__ = [
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LightGBM",
    "WeakLearner",
    "XGBoost",
]
