"""Random forests: those of scikit-learn with more samplings and out-of-bag rows."""

# Names imported with `as` are for the other parts of this package, not public.
from skensemble.bagging.forests._random_forest_classifier import (
    RandomForestClassifier as RandomForestClassifier,
)
from skensemble.bagging.forests._random_forest_regressor import (
    RandomForestRegressor as RandomForestRegressor,
)
