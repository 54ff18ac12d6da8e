"""Importance of features: the fall of a score when the values of one are shuffled."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import inspection
from sklearn.base import is_classifier

from skensemble.losses import Loss
from skensemble.scoring._prediction_scorer import as_scoring


def permutation_importance(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    scoring: Any = None,
    n_repeats: int = 5,
    random_state: Any = None,
    max_samples: int | float = 1.0,
    sample_weight: Any = None,
) -> pd.DataFrame:
    """Shuffle one feature after another and score the estimator again.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.
    X : {array-like, frame} of shape (n_samples, n_features)
        The rows to score on.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target of these rows.
    scoring : str, scorer, Loss or None, default=None
        The score: the name of a scorer or of a loss, a short name ("rmse", "auc"), a
        scorer or a loss (its negative mean); None is that of ``estimator.score``.
    n_repeats : int, default=5
        Number of shuffles per feature.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffles.
    max_samples : int or float, default=1.0
        Number or share of rows to draw for each shuffle.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights of the score.

    Returns
    -------
    table : pandas.DataFrame
        See `importance_table`.
    """
    if X is None or y is None:
        raise ValueError(
            "permutation_importance needs X and y to score on: give both, preferably "
            "rows that the estimator was not fitted on."
        )
    result = inspection.permutation_importance(
        estimator,
        X,
        y,
        scoring=_as_scorer(estimator, scoring),
        n_repeats=n_repeats,
        random_state=random_state,
        max_samples=max_samples,
        sample_weight=sample_weight,
    )
    names = getattr(X, "columns", getattr(estimator, "feature_names_in_", None))
    return importance_table(result.importances, names)


def _as_scorer(estimator: Any, scoring: Any) -> Any:
    """Turn names and losses into scorers of scikit-learn."""
    if not isinstance(scoring, str | Loss):
        return scoring
    kind, n_classes = "continuous", 0
    if is_classifier(estimator):
        several = isinstance(estimator.classes_, list)
        kind = "labels" if several else "classes"
        n_classes = 0 if several else len(estimator.classes_)
    rule = as_scoring(scoring, kind, n_classes).rule
    return rule.scorer() if isinstance(rule, Loss) else rule


def importance_table(falls: np.ndarray, names: Any = None) -> pd.DataFrame:
    """Lay out the falls of the score per feature.

    Parameters
    ----------
    falls : ndarray of shape (n_features, n_repeats)
        Fall of the score per feature and shuffle.
    names : array-like of str or None, default=None
        Names of the features; None gives ``x0``, ``x1``, ...

    Returns
    -------
    table : pandas.DataFrame
        One row per feature, the most important first, with the columns ``importance``
        (mean fall of the score) and ``std`` (standard deviation over the shuffles).
    """
    names = [f"x{j}" for j in range(len(falls))] if names is None else list(names)
    table = pd.DataFrame(
        {"importance": falls.mean(axis=1), "std": falls.std(axis=1)},
        index=pd.Index(names, name="feature"),
    )
    return table.sort_values("importance", ascending=False, kind="stable")
