"""Risk of members and ensemble, with standard errors."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from skensemble.core import Target, named_seed
from skensemble.fitting import cut_params, plan_splits, take_rows

Array = NDArray[Any]

# The log loss of a probability of zero is infinite; that of this probability is 36.
_MIN_PROBABILITY = np.finfo(float).eps
WINNER = "discrete winner"
_NORMAL_95 = 1.959964


def pointwise_risk(block: Array, y: Array, kind: str) -> Array:
    """Squared error of a continuous target, log loss of probabilities, per row.

    Parameters
    ----------
    block : ndarray of shape (n,) or (n, k)
        Continuous predictions, or probabilities.
    y : ndarray of shape (n,) or (n, k)
        Continuous target, codes of classes, or an indicator matrix.
    kind : {"continuous", "classes", "labels"}
        Type of the target.

    Returns
    -------
    losses : ndarray of shape (n,)
        The mean over outputs or labels if there are several.
    """
    if kind == "continuous":
        squared = (np.asarray(block, dtype=float) - y) ** 2
        return squared if squared.ndim == 1 else squared.mean(axis=1)
    p = np.clip(np.asarray(block, dtype=float), _MIN_PROBABILITY, 1.0)
    if kind == "classes":
        return np.asarray(-np.log(p[np.arange(len(y)), y]))
    off = np.clip(1.0 - np.asarray(block, dtype=float), _MIN_PROBABILITY, 1.0)
    return np.asarray(-np.where(y == 1, np.log(p), np.log(off)).mean(axis=1))


def risk_row(losses: Array, weight: Array | None) -> dict[str, float]:
    """Mean of losses and its standard error; weights are repetitions."""
    weight = np.ones(len(losses)) if weight is None else weight
    total = weight.sum()
    mean = float(weight @ losses / total)
    if total <= 1:
        return {"risk": mean, "se": float("nan")}
    variance = float(weight @ (losses - mean) ** 2 / (total - 1))
    return {"risk": mean, "se": float(np.sqrt(variance / total))}


def outer_risk(
    learner: Any, X: Any, target: Target, params: dict[str, Any], row_name: str
) -> pd.DataFrame:
    """Fit the ensemble again on every outer split, and score it on the rows held out.

    Parameters
    ----------
    learner : SuperLearnerClassifier or SuperLearnerRegressor
        The ensemble; clones of it are fitted.
    X : array-like
        The features.
    target : Target
        The target.
    params : dict
        Fit parameters.
    row_name : str
        Name of the ensemble's own row.

    Returns
    -------
    table : pandas.DataFrame
        Risks with confidence intervals, and differences to the Super Learner.
    """
    y, n_rows = target.values, len(target.values)
    groups, seed = params.get("groups"), learner._fitted.seed
    splits = plan_splits(
        learner.outer_cv,
        X,
        y,
        n_rows=n_rows,
        classifier=is_classifier(learner),
        params={} if groups is None else {"groups": groups},
        seed=named_seed(0 if seed is None else seed, "outer"),
    )
    parts = [
        _losses_of_split(learner, X, target, params, split, row_name)
        for split in splits
    ]
    shared = [name for name in parts[0] if all(name in part for part in parts)]
    losses = {name: np.concatenate([part[name] for part in parts]) for name in shared}
    weight = params.get("sample_weight")
    if weight is not None:
        weight = np.concatenate([np.asarray(weight)[split.test] for split in splits])
    return _table(losses, weight, row_name)


def _losses_of_split(
    learner: Any,
    X: Any,
    target: Target,
    params: dict[str, Any],
    split: Any,
    row_name: str,
) -> dict[str, Array]:
    """Losses in the rows held out: ensemble, discrete winner, and members."""
    n_rows = len(target.values)
    train, test = split.train, split.test
    probe = clone(learner).set_params(outer_cv=None)
    probe.fit(
        take_rows(X, train), target.values[train], **cut_params(params, train, n_rows)
    )
    X_test, y_test = take_rows(X, test), target.values[test]
    blocks = probe._fitted.predict_members(X_test, probe.n_jobs)
    own = probe._fitted.predict(X_test, probe.n_jobs)
    risks = probe.cv_risk_.loc[list(blocks), "risk"]
    named = {row_name: own, WINNER: blocks[risks.idxmin()]}
    # A member may have one of these names.
    named |= {_unique(name, named): block for name, block in blocks.items()}
    return {
        name: pointwise_risk(_in_all_classes(block, probe, target), y_test, target.kind)
        for name, block in named.items()
    }


def _unique(name: str, taken: Any) -> str:
    return f"{name} (member)" if name in taken else name


def _in_all_classes(block: Array, probe: Any, target: Target) -> Array:
    """Add columns of zeros for classes that are not in the outer training rows."""
    if target.kind != "classes" or block.shape[1] == target.n_classes:
        return block
    wide = np.zeros((len(block), target.n_classes))
    wide[:, probe.classes_] = block
    return wide


def _table(losses: dict[str, Array], weight: Array | None, own: str) -> pd.DataFrame:
    rows = {}
    for name, values in losses.items():
        row = risk_row(values, weight)
        difference = risk_row(values - losses[own], weight)
        rows[name] = row | {
            "ci_low": row["risk"] - _NORMAL_95 * row["se"],
            "ci_high": row["risk"] + _NORMAL_95 * row["se"],
            "difference": difference["risk"],
            "difference_se": difference["se"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("learner")
