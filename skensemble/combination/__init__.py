"""Combine the predictions of members: combiners, their data, and their evaluation."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.combination._combiners import (
    MetaModel as MetaModel,
    WeightedMean as WeightedMean,
    as_double as as_double,
    fit_meta_model as fit_meta_model,
    member_shares as member_shares,
)
from skensemble.combination._evaluation import (
    CALIBRATIONS as CALIBRATIONS,
    Evaluation as Evaluation,
    EvaluationInputs as EvaluationInputs,
    EvaluationOptions as EvaluationOptions,
    LazyEvaluation as LazyEvaluation,
    calibrated as calibrated,
    ensemble_score as ensemble_score,
    evaluate as evaluate,
    fit_final_calibrator as fit_final_calibrator,
    start_evaluation as start_evaluation,
)
from skensemble.combination._fitted_members import (
    PREFIT as PREFIT,
    FittedMembers as FittedMembers,
    gather_members as gather_members,
    predict_prefit as predict_prefit,
)
from skensemble.combination._meta_features import (
    meta_columns as meta_columns,
    meta_feature_names as meta_feature_names,
    meta_features as meta_features,
)
from skensemble.combination._out_of_fold_data import (
    Combiner as Combiner,
    FitCombiner as FitCombiner,
    HeldOut as HeldOut,
    OutOfFoldData as OutOfFoldData,
    held_out_predictions as held_out_predictions,
)
