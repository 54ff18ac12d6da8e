"""Ensembles that average: bagging, random forests, fold models and seeds."""

from skensemble.bagging.averages import CrossFitted, SeedAveraging
from skensemble.bagging.bags import BaggingClassifier, BaggingRegressor
from skensemble.bagging.forests import RandomForestClassifier, RandomForestRegressor

__all__ = [
    "BaggingClassifier",
    "BaggingRegressor",
    "CrossFitted",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "SeedAveraging",
]
