"""The score that chooses members if the given one is not defined for any of them."""

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from skensemble.core import warn
from skensemble.scoring import (
    MemberPredictions,
    PredictionScorer,
    as_prediction_scorer,
    check_scoring_of_target,
    undefined_reason,
)


def scorer_of_members(
    scorer: PredictionScorer, members: MemberPredictions
) -> PredictionScorer:
    """Return the scorer, or that of squared errors if no member has a score.

    Parameters
    ----------
    scorer : PredictionScorer
        The score.
    members : MemberPredictions
        Predictions of the members.

    Returns
    -------
    scorer : PredictionScorer
        Another one, with a warning, if the predictions of every member leave the range
        for which the score is defined.

    Raises
    ------
    ValueError
        If the score is not defined for the target.
    """
    if members.kind != "continuous":
        return scorer
    check_scoring_of_target(scorer, members.y)
    reasons = [undefined_reason(scorer, block, members.y) for block in members.values]
    if not np.all([reason is not None for reason in reasons]):
        return scorer
    warn(
        f"scoring={scorer.name} is NaN for every member, because {reasons[0]} Members "
        "are chosen by the squared error instead.",
        UndefinedMetricWarning,
    )
    return as_prediction_scorer("neg_root_mean_squared_error", "continuous")
