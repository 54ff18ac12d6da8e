"""Importance of features: the fall of a score when the values of one are shuffled."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import inspection
from sklearn.utils.validation import check_is_fitted

from skensemble.core import as_pandas, is_frame
from skensemble.scoring._prediction_scorer import as_scorer


# Estimators have this function as a method: it takes the estimator as `self`.
def permutation_importance(
    self,
    X=None,
    y=None,
    *,
    scoring=None,
    n_repeats=5,
    random_state=None,
    max_samples=1.0,
    sample_weight=None,
):
    """Compute the fall of a score when the values of one feature are shuffled.

    Parameters
    ----------
    X : {array-like, frame} of shape (n_samples, n_features)
        Rows to score on, preferably rows that were not used in ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Target of `X`.
    scoring : str, scorer, Loss or None, default=None
        The score: the name of a scorer or of a loss, a short name ("rmse", "auc"), a
        scorer or a loss (its negative mean); None is that of ``score``.
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
        One row per feature, the most important first, with the columns ``importance``
        (mean fall of the score) and ``std`` (standard deviation over the shuffles).
    """
    check_is_fitted(self)
    if X is None or y is None:
        raise ValueError(
            "permutation_importance needs X and y to score on: pass both, preferably "
            "rows that the estimator was not fitted on."
        )
    X = as_pandas(X) if is_frame(X) else X
    result = inspection.permutation_importance(
        self,
        X,
        y,
        scoring=as_scorer(self, scoring),
        n_repeats=n_repeats,
        random_state=random_state,
        max_samples=max_samples,
        sample_weight=sample_weight,
    )
    names = getattr(X, "columns", getattr(self, "feature_names_in_", None))
    return importance_table(result.importances, names)


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
