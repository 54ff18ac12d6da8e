"""Out-of-bag predictions: each row is predicted by the trees not grown on it."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils import check_array
from sklearn.utils.parallel import Parallel, delayed

from skensemble.bagging._out_of_bag_score import OutOfBagScore
from skensemble.fitting import OutOfFold
from skensemble.scoring import precomputed_estimator

Array = NDArray[Any]

# Name of the forest's block in `oof_`.
BLOCK = "forest"


def drawn_rows(forest: Any, tree: Any) -> Array:
    """Find the rows that one tree of a forest was grown on, with repeats."""
    # `estimators_samples_` draws them for all trees at once: n_trees times the memory.
    one = copy.copy(forest)
    one.estimators_ = [tree]
    return one.estimators_samples_[0]


def as_tree_input(X: Any) -> Any:
    """Convert rows to the form that scikit-learn's trees use."""
    return check_array(
        X, accept_sparse="csr", dtype=np.float32, ensure_all_finite="allow-nan"
    )


def out_of_bag_predictions(forest: Any, X: Any) -> OutOfFold:
    """Average for each row the predictions of the trees that were not grown on it."""
    rows = as_tree_input(X)
    check_unchanged(forest, rows)
    parts = Parallel(n_jobs=forest.n_jobs, prefer="threads", return_as="generator")(
        delayed(_left_out_predictions)(forest, tree, rows)
        for tree in forest.estimators_
    )
    total: Any = 0.0
    n_trees = np.zeros(rows.shape[0], dtype=np.intp)
    for rows_left_out, block in parts:
        if np.ndim(total) == 0:
            total = np.zeros((len(n_trees), *block.shape[1:]))
        total[rows_left_out] += block
        n_trees[rows_left_out] += 1
    total[n_trees == 0] = np.nan
    total /= np.maximum(n_trees, 1).reshape(-1, *[1] * (total.ndim - 1))
    classes = forest.classes_ if is_classifier(forest) else None
    method = "predict" if classes is None else "predict_proba"
    index = getattr(X, "index", None)
    return OutOfFold({BLOCK: total}, {BLOCK: method}, classes, n_trees > 0, index)


def check_unchanged(forest: Any, X: Any) -> None:
    """Refuse training rows that were changed after the fit, and several outputs."""
    if X.shape != (forest._n_rows, forest.n_features_in_):
        raise ValueError(
            f"the training rows were changed after the fit: they have shape {X.shape} "
            f"now and had {(forest._n_rows, forest.n_features_in_)}; fit again."
        )
    counts = np.atleast_1d(getattr(forest, "n_classes_", 2))
    if len(counts) > 1 and counts.max() > 2:
        raise ValueError(
            f"several outputs of {counts.tolist()} classes are not supported; fit one "
            "forest per output."
        )


def _left_out_predictions(forest: Any, tree: Any, X: Any) -> tuple[Array, Array]:
    inside = np.zeros(X.shape[0], dtype=bool)
    inside[drawn_rows(forest, tree)] = True
    rows_left_out = np.flatnonzero(~inside)
    if len(rows_left_out) == 0:  # trees refuse empty arrays
        return rows_left_out, _tree_block(forest, tree, X[:1])[:0]
    return rows_left_out, _tree_block(forest, tree, X[rows_left_out])


def _tree_block(forest: Any, tree: Any, X: Any) -> Array:
    if not is_classifier(forest):
        return tree.predict(X)
    block = tree.predict_proba(X)
    if not isinstance(block, list):
        return block
    columns = [
        part[:, -1] if len(labels) == 2 else np.full(len(part), float(labels[0] == 1))
        for part, labels in zip(block, forest.classes_, strict=True)
    ]
    return np.column_stack(columns)


def score_out_of_bag_rows(
    forest: Any, score: OutOfBagScore, oof: OutOfFold, y: Any, weight: Any
) -> float:
    """Score the rows that have out-of-bag predictions."""
    if not oof.covered.any():
        raise ValueError(
            f"oob_score={forest.oob_score!r}: no row is out of bag (n_samples="
            f"{len(oof)}, n_estimators={forest.n_estimators}); use more trees, or draw "
            "fewer rows per tree, such as max_samples=0.6."
        )
    block, y = oof[BLOCK][oof.covered], np.asarray(y)[oof.covered]
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    kind = "continuous"
    if is_classifier(forest):
        kind = "labels" if isinstance(oof.classes, list) else "classes"
    estimator = precomputed_estimator(block, kind=kind, classes=oof.classes)
    if weight is not None:
        weight = np.asarray(weight)[oof.covered]
    return score.score(estimator, y, weight)
