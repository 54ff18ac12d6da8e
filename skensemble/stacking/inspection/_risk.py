"""Risk of members and of the whole, with standard errors."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from skensemble.core import Target, named_seed
from skensemble.fitting import cut_params, plan_splits, take_rows

Array = NDArray[Any]

# A probability of zero has an infinite log loss; this one, 36.
_LEAST = np.finfo(float).eps
WINNER = "discrete winner"
_NORMAL_95 = 1.959964


def pointwise_risk(block: Array, y: Array, kind: str) -> Array:
    """Squared error of numbers, log loss of probabilities, row by row.

    Parameters
    ----------
    block : ndarray of shape (n,) or (n, k)
        Numbers, or probabilities.
    y : ndarray of shape (n,) or (n, k)
        Numbers, codes of classes, or an indicator matrix.
    kind : {"continuous", "classes", "labels"}
        Which of them.

    Returns
    -------
    losses : ndarray of shape (n,)
        The mean over outputs or labels where there are several.
    """
    if kind == "continuous":
        squared = (np.asarray(block, dtype=float) - y) ** 2
        return squared if squared.ndim == 1 else squared.mean(axis=1)
    p = np.clip(np.asarray(block, dtype=float), _LEAST, 1.0)
    if kind == "classes":
        return np.asarray(-np.log(p[np.arange(len(y)), y]))
    off = np.clip(1.0 - np.asarray(block, dtype=float), _LEAST, 1.0)
    return np.asarray(-np.where(y == 1, np.log(p), np.log(off)).mean(axis=1))


def risk_row(losses: Array, weight: Array | None) -> dict[str, float]:
    """Mean of losses and its standard error; weights count as repetitions."""
    weight = np.ones(len(losses)) if weight is None else weight
    total = weight.sum()
    mean = float(weight @ losses / total)
    if total <= 1:
        return {"risk": mean, "se": float("nan")}
    variance = float(weight @ (losses - mean) ** 2 / (total - 1))
    return {"risk": mean, "se": float(np.sqrt(variance / total))}


def outer_risk(
    learner: Any, X: Any, target: Target, params: dict[str, Any]
) -> pd.DataFrame:
    """Fit the whole again on every outer split, and score it on the rows held out.

    Parameters
    ----------
    learner : BaseSuperLearner
        It is cloned.
    X : array-like
        All rows.
    target : Target
        Their target.
    params : dict
        Fit parameters.

    Returns
    -------
    table : pandas.DataFrame
        Risks with confidence intervals, and differences to the Super Learner.
    """
    y, n_rows = target.values, len(target.values)
    groups = params.get("groups")
    splits = plan_splits(
        learner.outer_cv,
        X,
        y,
        n_rows=n_rows,
        classifier=is_classifier(learner),
        params={} if groups is None else {"groups": groups},
        seed=named_seed(0 if learner._seed is None else learner._seed, "outer"),
    )
    parts = [_one_split(learner, X, target, params, split) for split in splits]
    shared = [name for name in parts[0] if all(name in part for part in parts)]
    losses = {name: np.concatenate([part[name] for part in parts]) for name in shared}
    weight = params.get("sample_weight")
    if weight is not None:
        weight = np.concatenate([np.asarray(weight)[split.test] for split in splits])
    return _table(losses, weight, learner._own_row)


def _one_split(
    learner: Any, X: Any, target: Target, params: dict[str, Any], split: Any
) -> dict[str, Array]:
    """Losses of the rows held out: of the whole, the discrete winner, the members."""
    n_rows = len(target.values)
    train, test = split.train, split.test
    probe = clone(learner).set_params(outer_cv=None)
    probe.fit(
        take_rows(X, train), target.values[train], **cut_params(params, train, n_rows)
    )
    asked, y = take_rows(X, test), target.values[test]
    blocks = probe._answers(asked)
    whole = probe._combined_block(asked)
    members = probe.cv_risk_.loc[list(blocks), "risk"]
    found = {learner._own_row: whole, WINNER: blocks[members.idxmin()]}
    # A member may have one of these names.
    named = {_apart(name, found): block for name, block in blocks.items()}
    return {
        name: pointwise_risk(_spread(block, probe, target), y, target.kind)
        for name, block in {**found, **named}.items()
    }


def _apart(name: str, taken: Any) -> str:
    return f"{name} (member)" if name in taken else name


def _spread(block: Array, probe: Any, target: Target) -> Array:
    """Give classes that an outer training part lacks the probability zero."""
    if target.kind != "classes" or block.shape[1] == target.n_classes:
        return block
    wide = np.zeros((len(block), target.n_classes))
    wide[:, probe.classes_] = block
    return wide


def _table(losses: dict[str, Array], weight: Array | None, own: str) -> pd.DataFrame:
    rows = {}
    for name, values in losses.items():
        row = risk_row(values, weight)
        apart = risk_row(values - losses[own], weight)
        rows[name] = row | {
            "ci_low": row["risk"] - _NORMAL_95 * row["se"],
            "ci_high": row["risk"] + _NORMAL_95 * row["se"],
            "difference": apart["risk"],
            "difference_se": apart["se"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("learner")
