"""Scores of predictions, leaderboards, and permutation importance."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.scoring._leaderboard import (
    deviation as deviation,
    leaderboard as leaderboard,
)
from skensemble.scoring._permutation_importance import (
    importance_table as importance_table,
    permutation_importance as permutation_importance,
)
from skensemble.scoring._precomputed import (
    PrecomputedClassifier as PrecomputedClassifier,
    PrecomputedRegressor as PrecomputedRegressor,
    precomputed_estimator as precomputed_estimator,
)
from skensemble.scoring._prediction_scorer import (
    SHORT_NAMES as SHORT_NAMES,
    PredictionScorer as PredictionScorer,
    UnsuitableScoreError as UnsuitableScoreError,
    as_prediction_scorer as as_prediction_scorer,
    as_scorer as as_scorer,
    check_scoring_kind as check_scoring_kind,
    check_scoring_of_labels as check_scoring_of_labels,
    full_scoring_name as full_scoring_name,
    is_regression_scoring as is_regression_scoring,
    predicted_codes as predicted_codes,
    score_block as score_block,
)
from skensemble.scoring._predictions import (
    MemberPredictions as MemberPredictions,
    read_predictions as read_predictions,
)
from skensemble.scoring._score_domain import (
    check_scoring_of_classes as check_scoring_of_classes,
    check_scoring_of_target as check_scoring_of_target,
    inner_predictions as inner_predictions,
    undefined_reason as undefined_reason,
    warn_of_predictions as warn_of_predictions,
    warn_of_undefined_scores as warn_of_undefined_scores,
)
