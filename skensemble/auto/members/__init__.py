"""Estimators that the automatic ensembles use as members, and their wrappers."""

from skensemble.auto.members._catboost import (
    CatBoostMemberClassifier as CatBoostMemberClassifier,
    CatBoostMemberRegressor as CatBoostMemberRegressor,
)
from skensemble.auto.members._clipped_regressor import (
    ClippedRegressor as ClippedRegressor,
)
from skensemble.auto.members._early_stopping import (
    EarlyStoppingEstimator as EarlyStoppingEstimator,
    accepts_groups as accepts_groups,
    early_stopping_prefix as early_stopping_prefix,
    fitted_rounds as fitted_rounds,
    with_rounds as with_rounds,
)
from skensemble.auto.members._encoded_estimator import (
    EncodedEstimator as EncodedEstimator,
)
from skensemble.auto.members._neighbors import (
    NeighborsClassifier as NeighborsClassifier,
    NeighborsRegressor as NeighborsRegressor,
)
from skensemble.auto.members._perceptron import (
    PerceptronClassifier as PerceptronClassifier,
    PerceptronRegressor as PerceptronRegressor,
)
from skensemble.auto.members._rbf_landmarks import RBFLandmarks as RBFLandmarks
from skensemble.auto.members._slim_forests import (
    SlimExtraTreesClassifier as SlimExtraTreesClassifier,
    SlimExtraTreesRegressor as SlimExtraTreesRegressor,
    SlimRandomForestClassifier as SlimRandomForestClassifier,
    SlimRandomForestRegressor as SlimRandomForestRegressor,
)
