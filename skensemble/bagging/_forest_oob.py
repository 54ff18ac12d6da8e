"""What a forest says of its training rows by the trees that had not seen them."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    is_classifier,
)
from sklearn.metrics import accuracy_score, get_scorer, get_scorer_names, r2_score
from sklearn.utils import check_array
from sklearn.utils.parallel import Parallel, delayed

from skensemble.fitting import OutOfFold
from skensemble.losses import Loss, LossScorer

Array = NDArray[Any]

MEMBER = "forest"
# The public functions of scikit-learn give scorers, but do not name their class.
_SCORER = type(get_scorer("r2")).__bases__[0]


def drawn_rows(forest: Any, tree: Any) -> Array:
    """Rows that one tree of a forest was grown on, as often as they were drawn."""
    # `estimators_samples_` draws them for all trees at once: n_trees times the memory.
    one = copy.copy(forest)
    one.estimators_ = [tree]
    return one.estimators_samples_[0]


def as_trees_see(X: Any) -> Any:
    """Read rows as scikit-learn's trees do."""
    return check_array(
        X, accept_sparse="csr", dtype=np.float32, ensure_all_finite="allow-nan"
    )


def out_of_bag(forest: Any, X: Any) -> OutOfFold:
    """Average, row by row, the trees that were grown without the row."""
    rows = as_trees_see(X)
    check_unchanged(forest, rows)
    parts = Parallel(n_jobs=forest.n_jobs, prefer="threads", return_as="generator")(
        delayed(_left_out)(forest, tree, rows) for tree in forest.estimators_
    )
    total: Any = 0.0
    hits = np.zeros(rows.shape[0], dtype=np.intp)
    for where, block in parts:
        if np.ndim(total) == 0:
            total = np.zeros((len(hits), *block.shape[1:]))
        total[where] += block
        hits[where] += 1
    total[hits == 0] = np.nan
    total /= np.maximum(hits, 1).reshape(-1, *[1] * (total.ndim - 1))
    classes = forest.classes_ if is_classifier(forest) else None
    method = "predict" if classes is None else "predict_proba"
    index = getattr(X, "index", None)
    return OutOfFold({MEMBER: total}, {MEMBER: method}, classes, hits > 0, index)


def check_unchanged(forest: Any, X: Any) -> None:
    """Refuse training rows that were changed after the fit, or cannot be averaged."""
    if X.shape != (forest._n_rows, forest.n_features_in_):
        raise ValueError(
            f"the training rows were changed after the fit: they have the shape {X.shape}"
            f" now, and had {(forest._n_rows, forest.n_features_in_)}; fit again."
        )
    counts = np.atleast_1d(getattr(forest, "n_classes_", 2))
    if len(counts) > 1 and counts.max() > 2:
        raise ValueError(
            f"several outputs of {counts.tolist()} classes cannot be put side by side; fit "
            "a forest an output."
        )


def _left_out(forest: Any, tree: Any, X: Any) -> tuple[Array, Array]:
    inside = np.zeros(X.shape[0], dtype=bool)
    inside[drawn_rows(forest, tree)] = True
    where = np.flatnonzero(~inside)
    if len(where) == 0:  # a tree takes no empty table
        return where, _said(forest, tree, X[:1])[:0]
    return where, _said(forest, tree, X[where])


def _said(forest: Any, tree: Any, X: Any) -> Array:
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


def as_scorer(oob_score: Any) -> Any:
    """Read the parameter ``oob_score`` where it is more than scikit-learn takes.

    Returns
    -------
    scorer : scorer or None
        What is called with an estimator, X and y; None for True, False and a metric.
    """
    if isinstance(oob_score, Loss):
        return oob_score.scorer()
    if isinstance(oob_score, _SCORER | LossScorer):
        return oob_score
    if not isinstance(oob_score, str):
        return None
    if oob_score not in get_scorer_names():
        raise ValueError(
            f"oob_score={oob_score!r} is not known; use True, a metric(y, prediction), a "
            "scorer, or the name of one, as in sklearn.metrics.get_scorer_names()."
        )
    return get_scorer(oob_score)


def score_out_of_bag(forest: Any, oof: OutOfFold, y: Any) -> float:
    """Score the rows that some tree had not seen."""
    if not oof.covered.any():
        raise ValueError(
            f"oob_score={forest.oob_score!r}: no row is out of bag (n_samples="
            f"{len(oof)}, n_estimators={forest.n_estimators}); grow more trees, or draw "
            "less for each by max_samples=0.6."
        )
    block, y = oof[MEMBER][oof.covered], np.asarray(y)[oof.covered]
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    kind = _SaidOfClasses if is_classifier(forest) else _SaidOfNumbers
    said = kind(block, oof.classes)
    nothing = np.empty((len(y), 0))
    scorer = as_scorer(forest.oob_score)
    if scorer is not None:
        return float(scorer(said, nothing, y))
    metric = accuracy_score if is_classifier(forest) else r2_score
    if callable(forest.oob_score):
        metric = forest.oob_score
    return metric(y, said.predict(nothing))


class _SaidOfNumbers(RegressorMixin, BaseEstimator):
    """A regressor that says what was said already."""

    def __init__(self, block: Any, classes: Any = None) -> None:
        self.block = block
        self.classes = classes

    def predict(self, X: Any) -> Any:
        return self.block

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _SaidOfClasses(ClassifierMixin, BaseEstimator):
    """A classifier that says what was said already."""

    def __init__(self, block: Any, classes: Any) -> None:
        self.block = block
        self.classes = classes
        self.classes_ = classes

    def predict_proba(self, X: Any) -> Any:
        return self.block

    def predict(self, X: Any) -> Any:
        if not isinstance(self.classes, list):
            return self.classes[self.block.argmax(axis=1)]
        columns = [
            labels[(on > 0.5).astype(int) if len(labels) == 2 else on.astype(int) * 0]
            for on, labels in zip(self.block.T, self.classes, strict=True)
        ]
        return np.column_stack(columns)

    def __sklearn_is_fitted__(self) -> bool:
        return True
