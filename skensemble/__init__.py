"""Every ensemble method, scikit-learn-native, with honest out-of-fold predictions."""

from skensemble import datasets, exceptions, fitting, losses, stacking
from skensemble.stacking import StackingClassifier, StackingRegressor

__version__ = "0.1.0"

__all__ = [
    "StackingClassifier",
    "StackingRegressor",
    "__version__",
    "datasets",
    "exceptions",
    "fitting",
    "losses",
    "stacking",
]
