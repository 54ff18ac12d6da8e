"""Scores of out-of-bag predictions: the values that `oob_score` accepts."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, r2_score

from skensemble.core import Target, warn
from skensemble.losses import Loss, LossScorer
from skensemble.scoring import (
    UnsuitableScoreError,
    as_prediction_scorer,
    check_scoring_kind,
    check_scoring_of_target,
    inner_predictions,
    precomputed_estimator,
)

Array = NDArray[Any]


@dataclass(frozen=True)
class OutOfBagScore:
    """A score of out-of-bag predictions.

    Parameters
    ----------
    text : str
        The parameter and its value, such as "oob_score='r2'", for messages.
    metric : callable or None
        A function of ``(y_true, y_pred)``.
    scorer : callable or None
        A function of ``(estimator, X, y)``, called if there is no `metric`.
    is_default : bool
        Whether the score is the default: accuracy or R2.
    """

    text: str
    metric: Any = None
    scorer: Any = None
    is_default: bool = False

    def score(self, estimator: Any, y: Array, weight: Array | None) -> float:
        """Score the predictions that a precomputed estimator returns.

        Parameters
        ----------
        estimator : PrecomputedClassifier or PrecomputedRegressor
            The predictions.
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The target, as labels for classes.
        weight : ndarray of shape (n_samples,) or None
            Sample weights. A `metric` other than the default does not use them.

        Returns
        -------
        score : float
        """
        nothing = np.empty((len(y), 0))
        weights = {} if weight is None else {"sample_weight": weight}
        if self.is_default:
            return float(self.metric(y, estimator.predict(nothing), **weights))
        if self.metric is not None:
            return float(self.metric(y, estimator.predict(nothing)))
        try:
            return float(self.scorer(estimator, nothing, y, **weights))
        except AttributeError as error:
            raise UnsuitableScoreError(
                f"{self.text} needs a response method that these predictions do not "
                f"come from: {error}; use another score."
            ) from error
        except TypeError as error:
            if "sample_weight" not in str(error):
                raise
            raise UnsuitableScoreError(
                f"{self.text} does not support sample weights; use sample_weight=None, "
                "or a score that supports them."
            ) from error


def read_oob_score(
    name: str, scoring: Any, kind: str, n_classes: int = 0
) -> OutOfBagScore:
    """Find the score that a parameter describes.

    Parameters
    ----------
    name : str
        Name of the parameter, for messages.
    scoring : True, str, scorer, callable, Loss or None
        True or None is accuracy for classes and R2 for continuous targets; the name of
        a scorer or of a loss; a scorer; a function of ``(y_true, y_pred)``; a loss.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int, default=0
        Number of classes for ``kind="classes"``.

    Returns
    -------
    score : OutOfBagScore
    """
    text = f"{name}={scoring!r}"
    if scoring is None or isinstance(scoring, bool | np.bool_):
        metric = r2_score if kind == "continuous" else accuracy_score
        return OutOfBagScore(text, metric, is_default=True)
    known = isinstance(scoring, str | Loss | LossScorer)
    if not known and not (callable(scoring) and not isinstance(scoring, type)):
        raise ValueError(
            f"{text} must be True, False, the name of a scorer, a scorer, a loss, or a "
            "function of (y_true, y_pred)."
        )
    if not known and not _is_scorer(scoring):
        return OutOfBagScore(text, metric=scoring)
    with _named(name):
        check_scoring_kind(scoring, kind)
        rule = as_prediction_scorer(scoring, kind, n_classes).rule
    return OutOfBagScore(text, scorer=rule.scorer() if isinstance(rule, Loss) else rule)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Name the parameter in messages that call it `scoring`."""
    try:
        yield
    except ValueError as error:
        raise ValueError(str(error).replace("scoring=", f"{name}=", 1)) from error


def check_oob_score(name: str, scoring: Any, target: Target, weight: Any) -> None:
    """Refuse a score that cannot score this target, before any member is fitted.

    Parameters
    ----------
    name : str
        Name of the parameter, for messages.
    scoring : bool, str, scorer, callable, Loss or None
        The score; see `read_oob_score`.
    target : Target
        The target.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    """
    score = read_oob_score(name, scoring, target.kind, target.n_classes)
    if not isinstance(scoring, str | Loss):
        return
    perfect = target.values
    if target.n_classes:
        perfect = np.eye(target.n_classes)[target.values]
    elif target.kind == "continuous":
        scorer = as_prediction_scorer(scoring, target.kind)
        with _named(name):
            check_scoring_of_target(scorer, target.values)
        perfect = inner_predictions(target.values)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score_out_of_bag(score, perfect, target, weight)
    except ValueError as error:
        if not target.n_classes:
            raise
        raise ValueError(_unsuitable_score(name, score, target, error)) from error


def score_out_of_bag(
    score: OutOfBagScore, block: Array, target: Target, weight: Any
) -> float:
    """Score the rows that have out-of-bag predictions.

    Parameters
    ----------
    score : OutOfBagScore
        The score.
    block : ndarray of shape (n_samples,) or (n_samples, k)
        Predictions or probabilities; NaN for rows without a prediction.
    target : Target
        The target.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.

    Returns
    -------
    score : float
        NaN if no row has a prediction.
    """
    known = ~np.isnan(block.reshape(len(block), -1)).any(axis=1)
    if not known.any():
        return float("nan")
    y = target.values[known]
    estimator = precomputed_estimator(
        block[known], kind=target.kind, classes=target.classes
    )
    if target.n_classes:
        y = target.classes[y]
    return score.score(
        estimator, y, None if weight is None else np.asarray(weight)[known]
    )


def score_or_nan(
    score: OutOfBagScore, block: Array, target: Target, weight: Any
) -> float:
    """Score out-of-bag rows; NaN, with a warning, outside of the range of the score.

    Parameters
    ----------
    score, block, target, weight : OutOfBagScore, ndarray, Target and ndarray
        See `score_out_of_bag`; `check_oob_score` has checked the target.

    Returns
    -------
    score : float
    """
    try:
        return score_out_of_bag(score, block, target, weight)
    except UnsuitableScoreError:
        raise
    except ValueError as error:
        if target.kind != "continuous":
            raise
        warn(
            f"{score.text}: oob_score_ is NaN, because out-of-bag predictions (not the "
            "target) leave the range for which the score is defined: "
            f"{str(error).rstrip('.')}. Use an estimator that predicts within the range, "
            "or another score.",
            UndefinedMetricWarning,
        )
        return float("nan")


def _unsuitable_score(
    name: str, score: OutOfBagScore, target: Target, error: ValueError
) -> str:
    labels = target.classes.tolist()
    fix = f"Use another score, such as {name}='accuracy', or a scorer of your own."
    if "pos_label" in str(error):
        fix = (
            f"Name the positive class: {name}=make_scorer(metric, "
            f"pos_label={labels[-1]!r})."
        )
    elif "sample_weight" in str(error):
        return str(error)
    return (
        f"{score.text} cannot score the classes {labels}: {str(error).rstrip('.')}. "
        f"{fix}"
    )


def _is_scorer(scoring: Any) -> bool:
    """Whether a callable takes (estimator, X, y) rather than (y_true, y_pred)."""
    try:
        arguments = inspect.signature(scoring).parameters.values()
    except ValueError:  # some functions in C have no signature
        return False
    needed = [
        argument
        for argument in arguments
        if argument.default is argument.empty
        and argument.kind in (argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) > 2
