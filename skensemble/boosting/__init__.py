"""Boosting: gradients of any loss on any engine, and AdaBoost."""

from skensemble.boosting._adaboost import AdaBoostClassifier, AdaBoostRegressor
from skensemble.boosting._gradient import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from skensemble.boosting.engines import LightGBM, WeakLearner, XGBoost

__all__ = [
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LightGBM",
    "WeakLearner",
    "XGBoost",
]
