"""Scores of what a bag says of rows that its members did not see."""

import inspect
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, get_scorer, r2_score

from skensemble.core import Target

Array = NDArray[Any]


class _Said(BaseEstimator):
    """Predictions that are there already, as scorers ask for them."""

    def __init__(self, block: Array) -> None:
        self.block = block

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _SaidClasses(ClassifierMixin, _Said):
    def predict_proba(self, X: Any) -> Array:
        return self.block

    def predict(self, X: Any) -> Array:
        return self.classes_[self.block.argmax(axis=1)]


class _SaidNumbers(RegressorMixin, _Said):
    def predict(self, X: Any) -> Array:
        return self.block


def check_scoring(name: str, scoring: Any) -> None:
    """Refuse a name of a score that nobody knows.

    Parameters
    ----------
    name : str
        What the user calls it.
    scoring : bool, str, callable or None
        The score.
    """
    if isinstance(scoring, str):
        try:
            get_scorer(scoring)
        except ValueError as error:
            raise ValueError(
                f"{name}={scoring!r} is no score; use one of "
                "sklearn.metrics.get_scorer_names(), such as 'roc_auc' or 'r2'."
            ) from error


def check_suits(name: str, scoring: Any, target: Target) -> None:
    """Refuse a named score that cannot serve these classes, before anything is fitted.

    Parameters
    ----------
    name : str
        What the user calls it.
    scoring : bool, str, callable or None
        The score.
    target : Target
        The truth.
    """
    if not isinstance(scoring, str) or not target.n_classes:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score_said(scoring, np.eye(target.n_classes)[target.values], target, None)
    except ValueError as error:
        wants = "pos_label" in str(error)
        last = target.classes.tolist()[-1]
        raise ValueError(
            f"{name}={scoring!r} cannot score the classes {target.classes.tolist()}: "
            f"{str(error).rstrip('.')}. "
            + (
                f"Say which class counts: {name}=make_scorer(metric, "
                f"pos_label={last!r})."
                if wants
                else f"Use another, such as {name}='accuracy', or a scorer of your own."
            )
        ) from error


def score_said(scoring: Any, block: Array, target: Target, weight: Any) -> float:
    """Score predictions, of the rows for which there are any.

    Parameters
    ----------
    scoring : bool, str, callable or None
        Accuracy or R2, the name of a scorer, a scorer, or a function of
        ``(y_true, y_pred)``.
    block : ndarray of shape (n,) or (n, k)
        The predictions; NaN where there is none.
    target : Target
        The truth.
    weight : ndarray of shape (n,) or None
        Sample weights.

    Returns
    -------
    score : float
        NaN where no row has a prediction.
    """
    known = ~np.isnan(block.reshape(len(block), -1)).any(axis=1)
    if not known.any():
        return float("nan")
    y, said = target.values[known], _said(block[known], target)
    if target.n_classes:
        y = target.classes[y]
    weights = {} if weight is None else {"sample_weight": np.asarray(weight)[known]}
    if scoring is None or isinstance(scoring, bool | np.bool_):
        rule = accuracy_score if target.n_classes else r2_score
        return float(rule(y, said.predict(None), **weights))
    if isinstance(scoring, str) or _is_scorer(scoring):
        scorer = get_scorer(scoring)
        return float(scorer(said, np.empty((len(y), 0)), y))
    return float(scoring(y, said.predict(None)))


def _said(block: Array, target: Target) -> Any:
    if not target.n_classes:
        return _SaidNumbers(block)
    said = _SaidClasses(block)
    said.classes_ = target.classes
    return said


def _is_scorer(scoring: Any) -> bool:
    """Whether a callable takes an estimator, X and y, and not two kinds of y."""
    needed = [
        argument
        for argument in inspect.signature(scoring).parameters.values()
        if argument.default is argument.empty
        and argument.kind in (argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) > 2
