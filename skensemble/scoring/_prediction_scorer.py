"""Scores of predictions rather than of an estimator, by any rule scikit-learn knows."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names, log_loss

from skensemble.losses import Loss, LossScorer, as_loss, loss_names
from skensemble.scoring._precomputed import PrecomputedClassifier, precomputed_estimator

Array = NDArray[Any]

# Scorers of numbers by the beginning of their names; all others speak of classes, but
# for those of clusterings, which are for neither.
_OF_NUMBERS = (
    "d2_absolute",
    "explained_variance",
    "neg_max_error",
    "neg_mean_",
    "neg_median_",
    "neg_root_mean_",
    "r2",
)


# What people say, and what scikit-learn calls it.
SHORT_NAMES = {
    "rmse": ["neg_root_mean_squared_error"],
    "mse": ["neg_mean_squared_error"],
    "mae": ["neg_mean_absolute_error"],
    "auc": ["roc_auc", "roc_auc_ovr"],
    "logloss": ["neg_log_loss"],
    "f1_score": ["f1", "f1_macro"],
}


# Scores of two classes, and what does for more of them.
_OF_TWO = {
    "roc_auc": "roc_auc_ovr",
    "f1": "f1_macro",
    "precision": "precision_macro",
    "recall": "recall_macro",
    "jaccard": "jaccard_macro",
}


@dataclass(frozen=True)
class PredictionScorer:
    """A rule that scores predictions; higher is better.

    Parameters
    ----------
    rule : Loss or scorer
        A loss (the score is minus its mean) or a scikit-learn scorer.
    kind : {"continuous", "classes", "labels"}
        What the target is.
    n_classes : int
        How many classes a row chooses from; 0 where it does not choose one.
    name : str
        What the user called it.
    known_as : str, default=""
        What it certainly is: the name of a scorer of scikit-learn, the repr of a loss of
        this package, or nothing.
    """

    rule: Any
    kind: str
    n_classes: int
    name: str
    known_as: str = ""

    def score(
        self,
        block: Any,
        y: Any,
        sample_weight: Any = None,
        method: str | None = None,
    ) -> float:
        """Score the predictions of one member.

        Parameters
        ----------
        block : array-like of shape (n,) or (n, k)
            Numbers, probabilities with one column a class (or label), decision values,
            or codes of classes.
        y : array-like of shape (n,) or (n, k)
            The target; codes 0, 1, ... for classes.
        sample_weight : array-like of shape (n,) or None
            Weights of the rows.
        method : {"predict", "predict_proba", "decision_function"} or None
            Where the block comes from. None: two columns or more are probabilities;
            one column of classes is codes where all are whole, decisions otherwise.

        Returns
        -------
        score : float
        """
        block, y = np.asarray(block), np.asarray(y)
        method = method or self._method(block)
        if isinstance(self.rule, Loss):
            return self._loss(block, y, sample_weight, method)
        if self.known_as == "neg_log_loss" and method == "predict_proba":
            return self._log_loss(block, y, sample_weight)
        estimator = precomputed_estimator(
            block, method=method, kind=self.kind, n_classes=self.n_classes
        )
        weight = {} if sample_weight is None else {"sample_weight": sample_weight}
        try:
            return float(self.rule(estimator, np.empty((len(y), 0)), y, **weight))
        except AttributeError as error:
            raise ValueError(self._wants_more(method)) from error
        except TypeError as error:
            if "sample_weight" not in str(error):
                raise
            raise ValueError(
                f"scoring={self.name} takes no sample weights; leave them out "
                "(sample_weight=None), or use a scoring that does."
            ) from error

    def _method(self, block: Array) -> str:
        if self.kind == "continuous":
            return "predict"
        if block.ndim == 2:
            return "predict_proba"
        whole = block.dtype.kind in "iub" or bool((block == np.rint(block)).all())
        return "predict" if whole else "decision_function"

    def _log_loss(self, block: Array, y: Array, weight: Any) -> float:
        """As scikit-learn's scorer, which refuses rows that lack a class."""
        labels = np.arange(self.n_classes) if self.kind == "classes" else None
        return -float(log_loss(y, block, labels=labels, sample_weight=weight))

    def _loss(self, block: Array, y: Array, weight: Any, method: str) -> float:
        loss = self.rule
        if self.kind != "continuous":
            if method != (
                "predict_proba" if loss.probabilistic else "decision_function"
            ):
                raise ValueError(self._wants_more(method))
            loss = loss.for_classes(range(self.n_classes), y, weight)
        loss.check(y)
        return float(loss.score(y, block, weight))

    def _wants_more(self, method: str) -> str:
        if self.kind == "continuous":
            return (
                f"scoring={self.name} is for classes, and the target is numbers; use "
                "'r2', 'neg_root_mean_squared_error' or another score of numbers."
            )
        return (
            f"scoring={self.name} cannot be told from what {method} gives; use "
            "'accuracy' or another score of labels, or members that have the method "
            "it needs (predict_proba, mostly)."
        )


def as_scoring(scoring: Any, kind: str, n_classes: int = 0) -> PredictionScorer:
    """Find the rule that scores predictions.

    Parameters
    ----------
    scoring : str, scorer, Loss or None
        A scikit-learn scorer or its name ("neg_log_loss", "roc_auc", "r2"), a loss or
        its short name ("huber": the score is minus the mean loss), or None: accuracy
        for classes, R2 for numbers.
    kind : {"continuous", "classes", "labels"}
        What the target is.
    n_classes : int, default=0
        How many classes a row chooses from.

    Returns
    -------
    scorer : PredictionScorer
    """
    if scoring is None:
        scoring = "r2" if kind == "continuous" else "accuracy"
    if isinstance(scoring, PredictionScorer):
        return scoring
    if kind == "classes" and n_classes > 2 and str(scoring) in _OF_TWO:
        raise ValueError(
            f"scoring={scoring!r} is for two classes, and y has {n_classes}; use "
            f"{_OF_TWO[scoring]!r}."
        )
    rule, name = _rule(scoring), repr(scoring)
    known_as = scoring if isinstance(scoring, str) else ""
    if isinstance(rule, Loss):
        _check_loss(rule, name, kind, n_classes)
        ours = type(rule).__module__.startswith("skensemble.losses.")
        known_as = repr(rule) if ours else ""
    return PredictionScorer(rule, kind, n_classes, name, known_as)


def check_scoring_kind(scoring: Any, kind: str) -> None:
    """Refuse the name of a score of numbers for classes, and the other way round."""
    if not isinstance(scoring, str) or scoring not in get_scorer_names():
        return
    if is_regression_scoring(scoring) == (kind == "continuous"):
        return
    own, other, known = "classes", "numbers", "'accuracy', 'neg_log_loss' or 'roc_auc'"
    if kind == "continuous":
        own, other = other, own
        known = "'r2', 'neg_root_mean_squared_error' or another score of numbers"
    raise ValueError(
        f"scoring={scoring!r} is for {other}, and the target y is {own}; use {known}."
    )


def check_scored(scoring: Any, method: str) -> None:
    """Refuse a score that needs probabilities where all members are asked for labels."""
    if scoring is None or scoring.kind != "classes" or method != "predict":
        return
    labels = np.arange(max(scoring.n_classes, 2))
    scoring.score(labels, labels, method=method)


def is_regression_scoring(scoring: Any) -> bool:
    """Say whether a scoring speaks of numbers rather than of classes."""
    if isinstance(scoring, LossScorer):
        scoring = scoring.loss
    if isinstance(scoring, str) and scoring in loss_names():
        scoring = as_loss(scoring)
    if isinstance(scoring, Loss):
        return not {"binary", "multiclass", "multilabel"} & set(scoring.links)
    return isinstance(scoring, str) and scoring.startswith(_OF_NUMBERS)


def _rule(scoring: Any) -> Any:
    if isinstance(scoring, Loss):
        return scoring
    if isinstance(scoring, LossScorer):
        return as_loss(scoring.loss)
    if isinstance(scoring, str):
        return _by_name(scoring)
    if isinstance(scoring, type) or not callable(scoring):
        raise ValueError(
            f"scoring={scoring!r} must be the name of a scorer ('neg_log_loss', "
            "'roc_auc', 'r2'), a scorer made by make_scorer, a loss or None."
        )
    return check_scoring(
        PrecomputedClassifier(), scoring=scoring
    )  # refuses bare metrics


def _by_name(name: str) -> Any:
    scorers, losses = get_scorer_names(), loss_names()
    if name in scorers:
        return get_scorer(name)
    if name in losses:
        return as_loss(name)
    near = get_close_matches(name, [*scorers, *losses], n=4)
    near = [*SHORT_NAMES.get(name.lower(), ()), *near]
    hint = f"did you mean one of {near}? " if near else ""
    raise ValueError(
        f"scoring={name!r} is not known; {hint}all names are those of "
        "sklearn.metrics.get_scorer_names() and skensemble.losses.loss_names()."
    )


def _check_loss(loss: Loss, name: str, kind: str, n_classes: int) -> None:
    tasks = {
        "continuous": ("regression", "multioutput"),
        "classes": ("binary" if n_classes == 2 else "multiclass",),
        "labels": ("multilabel",),
    }[kind]
    if not set(tasks) & set(loss.links):
        raise ValueError(
            f"scoring={name} is a loss for {sorted(loss.links)} targets, and the target "
            f"is {tasks[0]}; use another loss or a scikit-learn scorer."
        )
