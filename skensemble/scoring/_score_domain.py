"""Scores that are defined for a range of predictions only, such as log errors.

The target is checked before a fit. Predictions outside of the range have the score NaN.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

from skensemble.core import warn
from skensemble.fitting import FoldFit
from skensemble.scoring._missing_classes import missing_classes

Array = NDArray[Any]


def inner_predictions(y: Any) -> Array:
    """Return predictions inside of any interval that holds the target.

    The target itself may lie on the bound of the range for which a score is defined,
    such as counts of zero for the Poisson deviance.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        A continuous target.

    Returns
    -------
    predictions : ndarray of shape (n,) or (n, k)
        Halfway between the target and its mean.
    """
    y = np.asarray(y, dtype=float)
    return (y + y.mean(axis=0)) / 2


def check_scoring_of_target(scoring: Any, y: Any) -> None:
    """Refuse a score that is not defined for a continuous target.

    Parameters
    ----------
    scoring : PredictionScorer or None
        The score.
    y : array-like of shape (n,) or (n, k)
        The target.

    Raises
    ------
    ValueError
        If predictions inside of the range of the target have no score.
    """
    if scoring is None or scoring.kind != "continuous":
        return
    try:
        scoring.score(inner_predictions(y), y, method="predict")
    except ValueError as error:
        raise ValueError(
            f"scoring={scoring.name} is not defined for the target y, with values from "
            f"{np.min(y):.6g} to {np.max(y):.6g}: {_sentence(error)} Use another "
            "scoring, or change the target."
        ) from error
    except Exception:
        # A scorer of the user may need more than predictions.
        return


def check_scoring_of_classes(scoring: Any, y: Any) -> None:
    """Refuse a score that is not defined for rows that lack some classes.

    Parameters
    ----------
    scoring : PredictionScorer
        The score.
    y : ndarray of int of shape (n,)
        Codes of the classes of the rows that are scored.

    Raises
    ------
    ValueError
        If probabilities of these rows have no score.
    """
    if scoring.kind != "classes":
        return
    missing = missing_classes(y, scoring.n_classes)
    if not len(missing):
        return
    k = scoring.n_classes
    p = 0.5 * np.eye(k)[y] + 0.5 / k
    try:
        scoring.score(p, y, method="predict_proba")
    except ValueError as error:
        labels = missing if scoring.classes is None else scoring.classes[missing]
        raise ValueError(
            f"scoring={scoring.name} is not defined for the held-out rows, which have no "
            f"row of the classes {labels.tolist()}: {_sentence(error)} Use another "
            "scoring or cv, or merge rare classes."
        ) from error
    except Exception:
        # A scorer of the user may need more than predictions.
        return


def undefined_reason(scoring: Any, block: Any, y: Any) -> str | None:
    """Return why a score is NaN, or None if predictions are not the reason.

    Parameters
    ----------
    scoring : PredictionScorer or None
        The score.
    block : ndarray of shape (n,) or (n, k) or None
        Predictions of a continuous target.
    y : ndarray of shape (n,) or (n, k)
        The target of the same rows.

    Returns
    -------
    reason : str or None
    """
    if scoring is None or scoring.kind != "continuous" or block is None:
        return None
    try:
        scoring.score(block, y, method="predict")
    except ValueError as error:
        low, high = np.min(block), np.max(block)
        return (
            f"predictions (not the target) from {low:.6g} to {high:.6g} leave the range "
            f"for which it is defined ({str(error).rstrip('.')})."
        )
    return None


def warn_of_undefined_scores(
    scoring: Any, fold_fits: Iterable[FoldFit], y: Array
) -> None:
    """Warn once per member whose predictions have no score on some splits.

    Parameters
    ----------
    scoring : PredictionScorer or None
        The score.
    fold_fits : iterable of FoldFit
        The fits, with predictions.
    y : ndarray of shape (n,) or (n, k)
        The target of all rows.
    """
    reasons: dict[str, list[str | None]] = {}
    for fit in fold_fits:
        if fit.score is None:
            continue
        known = not np.isnan(fit.score)
        why = None if known else undefined_reason(scoring, fit.block, y[fit.test])
        reasons.setdefault(fit.member, []).append(why)
    for member, each in reasons.items():
        if found := [why for why in each if why is not None]:
            where = f"on {len(found)} of {len(each)} splits"
            warn_of_predictions(scoring, f"member {member!r} {where}", found[0])


def warn_of_predictions(scoring: Any, what: str, reason: str) -> None:
    """Warn that predictions left the range for which a score is defined.

    Parameters
    ----------
    scoring : PredictionScorer
        The score.
    what : str
        What has no score, such as ``member 'a' on 1 of 5 splits``.
    reason : str
        The reason, as a clause that ends with a full stop.
    """
    warn(
        f"scoring={scoring.name} is NaN for {what}, because {reason} No member is left "
        "out, but one without a score is not preferred. Use another scoring, or keep "
        "predictions in the range, for example with TransformedTargetRegressor("
        "regressor, func=np.log1p, inverse_func=np.expm1).",
        UndefinedMetricWarning,
    )


def _sentence(error: BaseException) -> str:
    return str(error).rstrip(".") + "."
