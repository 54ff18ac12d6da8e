"""Every ensemble method, scikit-learn-native, with honest out-of-fold predictions."""

from skensemble import (
    bagging,
    boosting,
    datasets,
    display,
    exceptions,
    fitting,
    linear_model,
    losses,
    optim,
    stacking,
)
from skensemble.bagging import (
    BaggingClassifier,
    BaggingRegressor,
    CrossFitted,
    RandomForestClassifier,
    RandomForestRegressor,
    SeedAveraging,
)
from skensemble.boosting import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    WeakLearner,
    XGBoost,
)
from skensemble.linear_model import (
    LinearClassifier,
    LinearClassifierCV,
    LinearRegressor,
    LinearRegressorCV,
)
from skensemble.optim import Patience
from skensemble.stacking import (
    BlendingClassifier,
    BlendingRegressor,
    EnsembleSelectionClassifier,
    EnsembleSelectionRegressor,
    StackingClassifier,
    StackingRegressor,
    SuperLearnerClassifier,
    SuperLearnerRegressor,
    VotingClassifier,
    VotingRegressor,
)

__version__ = "0.1.0"

__all__ = [
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "BlendingClassifier",
    "BlendingRegressor",
    "CrossFitted",
    "EnsembleSelectionClassifier",
    "EnsembleSelectionRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LightGBM",
    "LinearClassifier",
    "LinearClassifierCV",
    "LinearRegressor",
    "LinearRegressorCV",
    "Patience",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "SeedAveraging",
    "StackingClassifier",
    "StackingRegressor",
    "SuperLearnerClassifier",
    "SuperLearnerRegressor",
    "VotingClassifier",
    "VotingRegressor",
    "WeakLearner",
    "XGBoost",
    "__version__",
    "bagging",
    "boosting",
    "datasets",
    "display",
    "exceptions",
    "fitting",
    "linear_model",
    "losses",
    "optim",
    "stacking",
]
