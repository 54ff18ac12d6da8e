"""Models fitted on samples of the rows, or again and again, and averaged."""

from skensemble.bagging._averaging import CrossFitted, SeedAveraging
from skensemble.bagging._bagging import BaggingClassifier, BaggingRegressor
from skensemble.bagging._forest import RandomForestClassifier, RandomForestRegressor

__all__ = [
    "BaggingClassifier",
    "BaggingRegressor",
    "CrossFitted",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "SeedAveraging",
]
