"""Every ensemble method, scikit-learn-native, with honest out-of-fold predictions."""

from skensemble import (
    boosting,
    datasets,
    display,
    exceptions,
    fitting,
    losses,
    optim,
    stacking,
)
from skensemble.boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    WeakLearner,
    XGBoost,
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
    "BlendingClassifier",
    "BlendingRegressor",
    "EnsembleSelectionClassifier",
    "EnsembleSelectionRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LightGBM",
    "Patience",
    "StackingClassifier",
    "StackingRegressor",
    "SuperLearnerClassifier",
    "SuperLearnerRegressor",
    "VotingClassifier",
    "VotingRegressor",
    "WeakLearner",
    "XGBoost",
    "__version__",
    "boosting",
    "datasets",
    "display",
    "exceptions",
    "fitting",
    "losses",
    "optim",
    "stacking",
]
