"""Scores of predictions rather than of an estimator, by scorers and losses."""

import warnings
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.metrics import (
    accuracy_score,
    check_scoring,
    get_scorer,
    get_scorer_names,
    log_loss,
    r2_score,
)

from skensemble.losses import Loss, LossScorer, as_loss, loss_names
from skensemble.scoring._missing_classes import (
    ROC_AUC,
    missing_classes,
    roc_auc_of_present,
    with_missing_classes,
)
from skensemble.scoring._precomputed import PrecomputedClassifier, precomputed_estimator

Array = NDArray[Any]

# Beginnings of the names of regression scorers. All other scorers are for classes,
# except those of clusterings, which are for neither.
_REGRESSION_PREFIXES = (
    "d2_absolute",
    "explained_variance",
    "neg_max_error",
    "neg_mean_",
    "neg_median_",
    "neg_root_mean_",
    "r2",
)


# Short names: the scorer of scikit-learn for two classes or regression, and the one for
# more classes if it differs.
SHORT_NAMES = {
    "rmse": ["neg_root_mean_squared_error"],
    "mse": ["neg_mean_squared_error"],
    "mae": ["neg_mean_absolute_error"],
    "auc": ["roc_auc", "roc_auc_ovr"],
    "logloss": ["neg_log_loss"],
    "f1_score": ["f1", "f1_macro"],
}


# Scores for two classes, and their counterparts for several.
_BINARY_SCORES = {
    "roc_auc": "roc_auc_ovr",
    "f1": "f1_macro",
    "precision": "precision_macro",
    "recall": "recall_macro",
    "jaccard": "jaccard_macro",
}


class UnsuitableScoreError(ValueError):
    """A score lacks what it needs, such as probabilities or support of weights."""


@dataclass(frozen=True)
class PredictionScorer:
    """A rule that scores predictions; higher is better.

    Parameters
    ----------
    rule : Loss or scorer
        A loss (the score is minus its mean) or a scikit-learn scorer.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    name : str
        The scoring as given, for messages.
    known_as : str, default=""
        The name of a scorer of scikit-learn, the repr of a loss of this package, or ""
        for other scorers.
    classes : ndarray or None, default=None
        The labels of the classes, which scorers see; None for codes 0, 1, ...
    """

    rule: Any
    kind: str
    n_classes: int
    name: str
    known_as: str = ""
    classes: Any = field(default=None, compare=False)

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
            Continuous predictions, probabilities with one column per class (or label),
            decision values, or codes of classes.
        y : array-like of shape (n,) or (n, k)
            The target; codes 0, 1, ... for classes.
        sample_weight : array-like of shape (n,) or None
            Weights of the rows.
        method : {"predict", "predict_proba", "decision_function"} or None
            The response method that gave the block. None: two columns or more are
            probabilities; one column for classes holds codes if all values are
            integers, decision values otherwise.

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
        missing = self._missing(y, sample_weight, method)
        if not len(missing):
            return self._by_scorer(block, y, sample_weight, method)
        if self.known_as in ROC_AUC:
            return roc_auc_of_present(self.known_as, block, y, sample_weight)
        try:
            return self._by_scorer(block, y, sample_weight, method)
        except ValueError:
            known = with_missing_classes(block, y, sample_weight, missing)
            return self._by_scorer(*known, method)

    def _missing(self, y: Array, weight: Any, method: str) -> Array:
        """Return the classes without rows, if probabilities of several are scored."""
        if self.kind != "classes" or self.n_classes < 3 or method != "predict_proba":
            return np.empty(0, dtype=int)
        return missing_classes(y, self.n_classes, weight)

    def _by_scorer(
        self, block: Array, y: Array, sample_weight: Any, method: str
    ) -> float:
        """Score with a scorer of scikit-learn."""
        estimator = precomputed_estimator(
            block,
            method=method,
            kind=self.kind,
            classes=self.classes,
            n_classes=self.n_classes,
        )
        if self.classes is not None:
            y = self.classes[y]
        weight = {} if sample_weight is None else {"sample_weight": sample_weight}
        try:
            return float(self.rule(estimator, np.empty((len(y), 0)), y, **weight))
        except AttributeError as error:
            raise UnsuitableScoreError(self._method_message(method)) from error
        except TypeError as error:
            if "sample_weight" not in str(error):
                raise
            raise UnsuitableScoreError(
                f"scoring={self.name} does not support sample weights; leave them out "
                "(sample_weight=None), or use a scoring that does."
            ) from error

    def score_or_nan(
        self,
        block: Any,
        y: Any,
        sample_weight: Any = None,
        method: str | None = None,
    ) -> float:
        """Score predictions; NaN if they leave the range of the score.

        Squared logarithmic errors and deviances are defined for a range of predictions
        only. Unsuitable targets are refused by `check_scoring_of_target`.

        Parameters
        ----------
        block, y, sample_weight, method : array-like and str
            See `score`.

        Returns
        -------
        score : float
        """
        try:
            return self.score(block, y, sample_weight, method)
        except UnsuitableScoreError:
            raise
        except ValueError:
            if self.kind != "continuous":
                raise
            return float("nan")

    def _method(self, block: Array) -> str:
        if self.kind == "continuous":
            return "predict"
        if block.ndim == 2:
            return "predict_proba"
        integers = block.dtype.kind in "iub" or bool((block == np.rint(block)).all())
        return "predict" if integers else "decision_function"

    def _log_loss(self, block: Array, y: Array, weight: Any) -> float:
        """Compute the log loss with all classes, even if a class has no row."""
        labels = np.arange(self.n_classes) if self.kind == "classes" else None
        return -float(log_loss(y, block, labels=labels, sample_weight=weight))

    def _loss(self, block: Array, y: Array, weight: Any, method: str) -> float:
        loss = self.rule
        if self.kind != "continuous":
            if method != (
                "predict_proba" if loss.probabilistic else "decision_function"
            ):
                raise UnsuitableScoreError(self._method_message(method))
            labels = range(self.n_classes) if self.classes is None else self.classes
            loss = loss.for_classes(labels, y, weight)
        loss.check(y)
        return float(loss.score(y, block, weight))

    def _method_message(self, method: str) -> str:
        if self.kind == "continuous":
            return (
                f"scoring={self.name} is for classes, but the target is continuous; use "
                "'r2', 'neg_root_mean_squared_error' or another regression score."
            )
        return (
            f"scoring={self.name} cannot be computed from {method}; use 'accuracy' or "
            "another score of labels, or members with the response method that it "
            "needs (usually predict_proba)."
        )


def as_prediction_scorer(
    scoring: Any, kind: str, n_classes: int = 0, classes: Any = None
) -> PredictionScorer:
    """Make the scorer of predictions.

    Parameters
    ----------
    scoring : str, scorer, Loss or None
        A scikit-learn scorer or its name ("neg_log_loss", "roc_auc", "r2"), a loss or
        its short name ("huber": the score is minus the mean loss), a short name of a
        scorer ("rmse", "auc"), or None: accuracy for classes, R2 for a continuous
        target.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int, default=0
        Number of classes; 0 for a target that is not one class per row.
    classes : ndarray or None, default=None
        The labels of the classes. Predictions and targets are codes; scorers see the
        labels, so that a score of the class "yes" or 1 is the one that the user means.
        None for codes 0, 1, ...

    Returns
    -------
    scorer : PredictionScorer

    Raises
    ------
    ValueError
        If the scoring is not known or cannot score such a target.
    """
    if scoring is None:
        scoring = "r2" if kind == "continuous" else "accuracy"
    if isinstance(scoring, PredictionScorer):
        return scoring
    scoring = full_scoring_name(scoring, n_classes)
    if kind == "classes" and n_classes > 2 and str(scoring) in _BINARY_SCORES:
        raise ValueError(
            f"scoring={scoring!r} is for two classes, but y has {n_classes}; use "
            f"{_BINARY_SCORES[scoring]!r}."
        )
    rule, name = _as_rule(scoring), repr(scoring)
    known_as = scoring if isinstance(scoring, str) else ""
    if isinstance(rule, Loss):
        _check_loss(rule, name, kind, n_classes)
        ours = type(rule).__module__.startswith("skensemble.losses.")
        known_as = repr(rule) if ours else ""
    if kind != "classes" or classes is None:
        return PredictionScorer(rule, kind, n_classes, name, known_as)
    scorer = PredictionScorer(
        rule, kind, n_classes, name, known_as, np.asarray(classes)
    )
    _check_positive_class(scorer)
    return scorer


def _check_positive_class(scorer: PredictionScorer) -> None:
    """Refuse a score of one class, such as "f1", if no class has its label."""
    codes = np.arange(scorer.n_classes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scorer.score(np.eye(len(codes)), codes, method="predict_proba")
    except ValueError as error:
        if "pos_label" not in str(error):
            return
        labels = scorer.classes.tolist()
        raise ValueError(
            f"scoring={scorer.name} cannot score the classes {labels}: "
            f"{str(error).rstrip('.')}. Name the positive class: "
            f"scoring=make_scorer(metric, pos_label={labels[-1]!r})."
        ) from error
    except Exception:
        # A scorer of the user need not work on these rows.
        return


def as_scorer(estimator: Any, scoring: Any) -> Any:
    """Make a scorer of scikit-learn for a fitted estimator; None stays None.

    `scoring` may be the name of a scorer or of a loss, a short name, a scorer or a
    loss.
    """
    if not isinstance(scoring, str | Loss):
        return scoring
    kind, n_classes = "continuous", 0
    if is_classifier(estimator):
        several = isinstance(estimator.classes_, list)
        kind = "labels" if several else "classes"
        n_classes = 0 if several else len(estimator.classes_)
    rule = as_prediction_scorer(scoring, kind, n_classes).rule
    return rule.scorer() if isinstance(rule, Loss) else rule


def full_scoring_name(scoring: Any, n_classes: int = 0) -> Any:
    """Replace a short name ("rmse", "auc") by the name of the scorer of scikit-learn.

    "auc" is ``"roc_auc_ovr"`` for more than two classes. Other values are returned as
    they are.
    """
    if not isinstance(scoring, str) or scoring not in SHORT_NAMES:
        return scoring
    names = SHORT_NAMES[scoring]
    return names[-1] if n_classes > 2 else names[0]


def check_scoring_kind(scoring: Any, kind: str) -> None:
    """Refuse the name of a regression score for classes, and the reverse."""
    full = full_scoring_name(scoring)
    if not isinstance(full, str) or full not in get_scorer_names():
        return
    if is_regression_scoring(scoring) == (kind == "continuous"):
        return
    if kind == "continuous":
        raise ValueError(
            f"scoring={scoring!r} is for classes, but the target y is continuous; use "
            "'r2', 'neg_root_mean_squared_error' or another regression score."
        )
    raise ValueError(
        f"scoring={scoring!r} is for regression, but the target y has classes; use "
        "'accuracy', 'neg_log_loss' or 'roc_auc'."
    )


def check_scoring_of_labels(scoring: Any, method: str) -> None:
    """Refuse a score that needs probabilities if all members predict labels."""
    if scoring is None or scoring.kind != "classes" or method != "predict":
        return
    labels = np.arange(max(scoring.n_classes, 2))
    scoring.score(labels, labels, method=method)


def is_regression_scoring(scoring: Any) -> bool:
    """Whether a scoring is for a continuous target rather than for classes."""
    scoring = full_scoring_name(scoring)
    if isinstance(scoring, LossScorer):
        scoring = scoring.loss
    if isinstance(scoring, str) and scoring in loss_names():
        scoring = as_loss(scoring)
    if isinstance(scoring, Loss):
        return not {"binary", "multiclass", "multilabel"} & set(scoring.links)
    return isinstance(scoring, str) and scoring.startswith(_REGRESSION_PREFIXES)


def _as_rule(scoring: Any) -> Any:
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
    # It refuses metrics that were not made scorers by make_scorer.
    return check_scoring(PrecomputedClassifier(), scoring=scoring)


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
            f"scoring={name} is a loss for {sorted(loss.links)} targets, but the target "
            f"is {tasks[0]}; use another loss or a scikit-learn scorer."
        )


def score_block(
    block: Any, method: str, y: Any, *, kind: str, weight=None, scoring: Any = None
) -> float:
    """Score predictions by `scoring`, or by accuracy or R2; NaN if undefined.

    The score is also NaN if `scoring` needs predictions of another response method.
    """
    if scoring is not None:
        return _score_by(np.asarray(block), method, y, weight, scoring)
    if kind == "continuous":
        # The shapes differ for several quantiles, for example.
        if len(y) < 2 or np.shape(block) != np.shape(y):
            return float("nan")
        return float(r2_score(y, block, sample_weight=weight))
    labels = predicted_codes(np.asarray(block), method, y)
    return float(accuracy_score(y, labels, sample_weight=weight))


def predicted_codes(block: Array, method: str, y: Any) -> Array:
    """Return the codes of the predicted classes or labels."""
    if method == "predict":
        return np.rint(block).astype(int)
    if block.ndim == 1 or y.ndim == 2:
        return (block > (0.5 if method == "predict_proba" else 0.0)).astype(int)
    return block.argmax(axis=1)


def _score_by(block: Array, method: str, y: Any, weight: Any, scoring: Any) -> float:
    if scoring.kind == "classes" and len(np.unique(y)) < 2:
        return float("nan")  # most metrics are undefined for one class
    if method == "predict" and scoring.kind == "classes":
        block = np.rint(block).astype(int)
    if scoring.kind == "continuous":
        return float(scoring.score_or_nan(block, y, weight, method))
    try:
        return float(scoring.score(block, y, sample_weight=weight, method=method))
    except ValueError:
        # The metric needs probabilities and the member has none, or it is undefined
        # because a class is missing.
        lacking = scoring.kind == "classes" and len(np.unique(y)) < scoring.n_classes
        if not lacking and method == "predict_proba":
            raise
        return float("nan")
