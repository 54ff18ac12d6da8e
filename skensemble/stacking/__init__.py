"""Stacking, blending, Super Learner, ensemble selection and voting, on any split."""

from skensemble.member_weights import (
    NNLS,
    Convex,
    Discrete,
    MaximizeAUC,
    WeightSolver,
    greedy_selection,
)
from skensemble.stacking._blending import BlendingClassifier, BlendingRegressor
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

__all__ = [
    "NNLS",
    "BlendingClassifier",
    "BlendingRegressor",
    "Convex",
    "Discrete",
    "EnsembleSelectionClassifier",
    "EnsembleSelectionRegressor",
    "MaximizeAUC",
    "StackingClassifier",
    "StackingRegressor",
    "SuperLearnerClassifier",
    "SuperLearnerRegressor",
    "VotingClassifier",
    "VotingRegressor",
    "WeightSolver",
    "greedy_selection",
]
