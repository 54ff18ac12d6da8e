"""Out-of-bag predictions: each row is predicted by the members not fitted on it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.bagging._out_of_bag_score import (
    OutOfBagScore,
    check_oob_score,
    read_oob_score,
    score_or_nan,
    score_out_of_bag,
)
from skensemble.bagging.bags._aggregation import MemberBlock, votes
from skensemble.bagging.bags._fitted_bag import FittedBag, PredictionOptions
from skensemble.bagging.bags._training_data import BagTrainingData
from skensemble.core import (
    check_number,
    check_whole,
    named_seed,
    read_weights,
    root_seed,
    warn,
)
from skensemble.fitting import FoldFit, OutOfFold, take_rows
from skensemble.scoring import importance_table

Array = NDArray[Any]

# Name of the ensemble's block in `oof_`.
BLOCK = "bag"


def out_of_bag_blocks(
    bag: FittedBag, X: Any, method: str, rows: Array | None = None
) -> list[MemberBlock]:
    """Predict with each member the training rows that are not in its sample.

    Parameters
    ----------
    bag : FittedBag
        The fitted ensemble.
    X : array-like of shape (n_samples, n_features)
        The training rows.
    method : str
        Response method of the members.
    rows : ndarray of int or None, default=None
        The rows to predict; None for all rows.

    Returns
    -------
    blocks : list of MemberBlock
    """
    blocks = []
    for member in bag.members:
        left_out = bag.plan.left_out(member.index)
        if rows is not None:
            left_out = left_out[np.isin(left_out, rows)]
        if len(left_out):
            block = member.predict_block(
                take_rows(X, left_out), method, bag.target.n_classes
            )
            blocks.append(MemberBlock(block, left_out))
    return blocks


def held_out_blocks(fold_fits: list[FoldFit], n_classes: int) -> list[MemberBlock]:
    """Collect the out-of-bag predictions that members made right after their fit."""
    blocks = [
        MemberBlock(fold_fit.block, fold_fit.test)
        for fold_fit in fold_fits
        if fold_fit.block is not None
    ]
    if not n_classes or not blocks or fold_fits[0].method != "predict":
        return blocks
    return [replace(one, block=votes(one.block, n_classes)) for one in blocks]


def out_of_bag_predictions(
    bag: FittedBag,
    data: BagTrainingData,
    options: PredictionOptions,
    blocks: list[MemberBlock] | None = None,
) -> OutOfFold:
    """Combine out-of-bag predictions.

    Parameters
    ----------
    bag : FittedBag
        The fitted ensemble.
    data : BagTrainingData
        The training data.
    options : PredictionOptions
        How predictions are combined.
    blocks : list of MemberBlock or None, default=None
        Predictions of the members; None computes them.

    Returns
    -------
    oof : OutOfFold
    """
    if blocks is None:
        blocks = out_of_bag_blocks(bag, data.X, options.method)
    block = bag.combine(blocks, options, len(data.target.values))
    return OutOfFold(
        {BLOCK: block},
        {BLOCK: "predict_proba" if bag.target.n_classes else "predict"},
        data.target.classes,
        np.asarray(~np.isnan(block.reshape(len(block), -1)).any(axis=1)),
        getattr(data.X, "index", None),
    )


def out_of_bag_score(scoring: Any, oof: OutOfFold, data: BagTrainingData) -> float:
    """Score out-of-bag predictions; warn about rows that have none."""
    if not oof.covered.all():
        warn(
            "Some inputs do not have OOB scores. This probably means too few "
            "estimators were used to compute any reliable oob estimates.",
            UserWarning,
        )
    target = data.target
    score = read_oob_score("oob_score", scoring, target.kind, target.n_classes)
    return score_or_nan(score, oof[BLOCK], target, data.weight)


def out_of_bag_importance(
    bag: FittedBag,
    data: BagTrainingData,
    oof: OutOfFold,
    options: PredictionOptions,
    *,
    scoring: Any,
    n_repeats: int,
    random_state: Any,
    max_samples: int | float,
    names: Any,
) -> pd.DataFrame:
    """Compute the permutation importance of the features on out-of-bag rows.

    Parameters
    ----------
    bag : FittedBag
        The fitted ensemble.
    data : BagTrainingData
        The training data, with the sample weights of the score.
    oof : OutOfFold
        The out-of-bag predictions.
    options : PredictionOptions
        How predictions are combined.
    scoring : str, scorer, callable, Loss or None
        The score.
    n_repeats : int
        Number of shuffles per feature.
    random_state : int, RandomState instance or None
        Seed of the shuffles; None for the seed of the fit.
    max_samples : int or float
        Number or share of rows to draw for each shuffle.
    names : array-like of str or None
        Names of the features.

    Returns
    -------
    table : pandas.DataFrame
        See `importance_table`.
    """
    target = data.target
    check_whole("n_repeats", n_repeats, 1)
    n_drawn = _n_drawn(max_samples, len(target.values))
    weight = read_weights("sample_weight", data.weight, len(target.values))
    data = replace(data, weight=weight)
    check_oob_score("scoring", scoring, target, data.weight)
    score = read_oob_score("scoring", scoring, target.kind, target.n_classes)
    seed = root_seed(random_state)
    root = bag.plan.seed if seed is None else seed
    shuffles = _ShuffledScores(bag, data, options, score, root, n_drawn)
    base = score_out_of_bag(score, oof[BLOCK], target, data.weight)
    decreases = [
        [base - shuffles.score_shuffled(column, repeat) for repeat in range(n_repeats)]
        for column in range(bag.plan.n_columns)
    ]
    return importance_table(np.array(decreases), names)


def _n_drawn(max_samples: int | float, n_rows: int) -> int:
    """Turn `max_samples` into a number of rows."""
    if isinstance(max_samples, float):
        check_number("max_samples", max_samples, 0.0, 1.0)
        return max(1, int(max_samples * n_rows))
    check_whole("max_samples", max_samples, 1)
    return min(int(max_samples), n_rows)


@dataclass(frozen=True)
class _ShuffledScores:
    """Scores of the out-of-bag predictions after shuffling one column."""

    bag: FittedBag
    data: BagTrainingData
    options: PredictionOptions
    score: OutOfBagScore
    root: int
    n_drawn: int

    def score_shuffled(self, column: int, repeat: int) -> float:
        """Score predictions of rows in which one column is shuffled."""
        seed = named_seed(self.root, "importance", column, repeat)
        rng = np.random.default_rng(seed)
        n_rows = len(self.data.target.values)
        rows, order = None, np.arange(n_rows)
        if self.n_drawn < n_rows:
            rows = rng.choice(n_rows, self.n_drawn, replace=False)
            order[rows] = rng.permutation(rows)
        else:
            order = rng.permutation(n_rows)
        X = shuffle_column(self.data.X, column, order)
        blocks = out_of_bag_blocks(self.bag, X, self.options.method, rows)
        if not blocks:
            return float("nan")
        block = self.bag.combine(blocks, self.options, n_rows)
        return score_out_of_bag(self.score, block, self.data.target, self.data.weight)


def shuffle_column(X: Any, column: int, order: Array) -> Any:
    """Copy an array, a sparse matrix or a frame with one column in another order."""
    if hasattr(X, "iloc"):
        values = X.iloc[:, column].iloc[order].set_axis(X.index)
        before, after = X.iloc[:, :column], X.iloc[:, column + 1 :]
        return pd.concat([before, values, after], axis=1)
    if hasattr(X, "with_columns"):  # polars
        return X.with_columns(X[:, column][order.tolist()].alias(X.columns[column]))
    if hasattr(X, "tolil"):
        shuffled = X.tocsc(copy=True).tolil()
        shuffled[:, [column]] = X.tocsc()[:, [column]].tocsr()[order]
        return shuffled.asformat(X.format)
    shuffled = X.copy()
    shuffled[:, column] = X[order, column]
    return shuffled
