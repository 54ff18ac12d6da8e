"""Every ensemble method, scikit-learn-native, with honest out-of-fold predictions."""

from skensemble import boosting, datasets, exceptions, fitting, losses, optim, stacking
from skensemble.boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    WeakLearner,
    XGBoost,
)
from skensemble.optim import Patience
from skensemble.stacking import StackingClassifier, StackingRegressor

__version__ = "0.1.0"

__all__ = [
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LightGBM",
    "Patience",
    "StackingClassifier",
    "StackingRegressor",
    "WeakLearner",
    "XGBoost",
    "__version__",
    "boosting",
    "datasets",
    "exceptions",
    "fitting",
    "losses",
    "optim",
    "stacking",
]
