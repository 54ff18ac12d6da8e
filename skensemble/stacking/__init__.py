"""Stacking, blending, Super Learner, ensemble selection and voting, on any split."""

from skensemble.stacking._blending import BlendingClassifier, BlendingRegressor
from skensemble.stacking._greedy import greedy_selection
from skensemble.stacking._selection import (
    EnsembleSelectionClassifier,
    EnsembleSelectionRegressor,
)
from skensemble.stacking._stacking import StackingClassifier, StackingRegressor
from skensemble.stacking._super_learner import (
    SuperLearnerClassifier,
    SuperLearnerRegressor,
)
from skensemble.stacking._voting import VotingClassifier, VotingRegressor
from skensemble.stacking._weights import (
    NNLS,
    Convex,
    Discrete,
    MaximizeAUC,
    Solver,
)

__all__ = [
    "NNLS",
    "BlendingClassifier",
    "BlendingRegressor",
    "Convex",
    "Discrete",
    "EnsembleSelectionClassifier",
    "EnsembleSelectionRegressor",
    "MaximizeAUC",
    "Solver",
    "StackingClassifier",
    "StackingRegressor",
    "SuperLearnerClassifier",
    "SuperLearnerRegressor",
    "VotingClassifier",
    "VotingRegressor",
    "greedy_selection",
]
