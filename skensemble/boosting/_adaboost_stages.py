"""The stage fitters of the AdaBoost estimators, one per engine and kind of target."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from skensemble.boosting._training_data import TrainingSplit
from skensemble.boosting.engines._base import library_threads
from skensemble.boosting.learners._base import StageFitter, identity
from skensemble.boosting.learners._binned import (
    BinnedFitter,
    labels_from_mean,
    probabilities_from_mean,
    size_params,
    unscaled,
)
from skensemble.boosting.learners._bins import MOST_BINS
from skensemble.boosting.learners._general import (
    GeneralFitter,
    predict_labels,
    predict_probabilities,
    predict_values,
)
from skensemble.boosting.learners._histograms import HistogramFitter
from skensemble.boosting.learners._tree_view import TreeView, tree_input
from skensemble.boosting.learners._variants import Variant

Array = NDArray[Any]

# Trees of few splits lose nothing with fewer bins, and grow in 80 % of the time.
_SHALLOW, _FEWER_BINS = 3, 63


def classification_fitter(
    model: Any, split: TrainingSplit, variant: Variant, rng: np.random.RandomState
) -> StageFitter:
    """Return the stage fitter of an `AdaBoostClassifier` for its engine."""
    if model.engine_ == "general":
        return _general_classifiers(model, split, variant, rng)
    if model.n_classes_ > 2 and variant.predicts != "working response":
        return _classification_trees(model, split, variant, rng)
    return _trees_on_codes(model, split, variant, rng)


def regression_fitter(
    model: Any, split: TrainingSplit, rng: np.random.RandomState
) -> StageFitter:
    """Return the stage fitter of an `AdaBoostRegressor` for its engine."""
    X, y, X_val = split.train.X, split.train.y, _validation_input(split)
    if model.engine_ == "general":
        return GeneralFitter(
            model.estimator_,
            X,
            y,
            X_val,
            rng=rng,
            predict=predict_values,
            part=identity,
            drawn=True,
        )
    # XGBoost's gradients are in single precision, which is finer near zero.
    center, scale = float(np.mean(y)), float(np.std(y)) or 1.0
    depth = model.estimator_.max_depth
    return BinnedFitter(
        X,
        X_val,
        (y - center) / scale,
        params=size_params(model.estimator_) or {},
        categorical=model._columns.categorical,
        width=1,
        threads=library_threads(model.n_jobs) or 1,
        rng=rng,
        drawn=True,
        read=functools.partial(unscaled, center=center, scale=scale),
        part=identity,
        view=_tree_views(model, None),
        n_bins=_FEWER_BINS if depth is not None and depth <= _SHALLOW else MOST_BINS,
    )


def _general_classifiers(
    model: Any, split: TrainingSplit, variant: Variant, rng: np.random.RandomState
) -> StageFitter:
    """Clones of the estimator."""
    classes = model.classes_
    predict: dict[str, Callable[[Any, Any], Array]] = {
        "labels": functools.partial(predict_labels, classes=classes),
        "probabilities": functools.partial(predict_probabilities, classes=classes),
        "working response": predict_values,
    }
    one_class = model.n_classes_ == 1
    return GeneralFitter(
        DecisionTreeClassifier(max_depth=1) if one_class else model.estimator_,
        split.train.X,
        classes[split.train.y],
        _validation_input(split),
        rng=rng,
        predict=predict[variant.predicts],
        part=variant.part,
        drawn=False,
    )


def _classification_trees(
    model: Any, split: TrainingSplit, variant: Variant, rng: np.random.RandomState
) -> StageFitter:
    """Trees on histograms of the classes, for more than two classes."""
    return HistogramFitter(
        split.train.X,
        _validation_input(split),
        split.train.y,
        n_classes=model.n_classes_,
        depth=model.estimator_.max_depth,
        categorical=model._columns.categorical,
        labels=variant.predicts == "labels",
        part=variant.part,
        rng=rng,
        view=_tree_views(model, model.classes_),
    )


def _trees_on_codes(
    model: Any, split: TrainingSplit, variant: Variant, rng: np.random.RandomState
) -> StageFitter:
    """Regression trees on codes -1 and 1, or on a working response per class."""
    reads: dict[str, Callable[[Array], Array]] = {
        "labels": labels_from_mean,
        "probabilities": probabilities_from_mean,
        "working response": identity,
    }
    return BinnedFitter(
        split.train.X,
        _validation_input(split),
        2.0 * split.train.y - 1.0,
        params=size_params(model.estimator_) or {},
        categorical=model._columns.categorical,
        width=model.n_classes_ if model.n_classes_ > 2 else 1,
        threads=library_threads(model.n_jobs) or 1,
        rng=rng,
        drawn=False,
        read=reads[variant.predicts],
        part=variant.part,
        view=_tree_views(model, model.classes_),
    )


def _validation_input(split: TrainingSplit) -> Any:
    return None if split.validation is None else split.validation.X


def _tree_views(model: Any, classes: Array | None) -> functools.partial[TreeView]:
    read = functools.partial(tree_input, model._columns, model.n_features_in_)
    return functools.partial(TreeView, read=read, classes=classes)
