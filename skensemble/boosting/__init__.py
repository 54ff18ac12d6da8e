"""Boosting: gradient boosting with any loss on any engine, and AdaBoost."""

from skensemble.boosting._adaboost_classifier import AdaBoostClassifier
from skensemble.boosting._adaboost_regressor import AdaBoostRegressor
from skensemble.boosting._gradient_classifier import GradientBoostingClassifier
from skensemble.boosting._gradient_regressor import GradientBoostingRegressor
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
