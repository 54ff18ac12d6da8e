"""Bagging: members fitted on samples of the rows, and their averaged predictions."""

# Names imported with `as` are for the other parts of this package, not public.
from skensemble.bagging.bags._bagging_classifier import (
    BaggingClassifier as BaggingClassifier,
)
from skensemble.bagging.bags._bagging_regressor import (
    BaggingRegressor as BaggingRegressor,
)
