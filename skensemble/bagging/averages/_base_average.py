"""Base class of ensembles of one estimator that is fitted several times."""

import functools
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    is_classifier,
    is_regressor,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.core import (
    Features,
    Target,
    check_features,
    check_jobs,
    class_target,
    decode,
    features_of,
    find_response_method,
    numeric_target,
    plain_table,
)
from skensemble.fitting import (
    FitParams,
    FoldAverage,
    FoldFit,
    PlannedFit,
    TrainingData,
    as_store,
    check_routed,
    read_row_params,
    route_to_estimator,
    run_fits,
    take_rows,
    task_tree,
)
from skensemble.scoring import (
    permutation_importance,
    predicted_codes,
    score_block,
)

# Name of the single member, in `oof_` and `fits_`.
MEMBER = "estimator"


def _model_has(method):
    """Whether the estimator, fitted or not, has a method."""

    def check(self):
        models = getattr(self, "estimators_", None)
        getattr(models[0] if models else self.estimator, method)
        return True

    return check


class BaseAverage(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Predictions of several models of one estimator.

    Subclasses define ``fit``.
    """

    permutation_importance = permutation_importance

    method = "auto"

    def predict(self, X):
        """Predict the mean of the models, or their most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Regression: the mean of the predictions. Classes: the largest mean
            probability or decision value; the majority vote if the models have neither
            (or with ``method="predict"``).
        """
        check_is_fitted(self)
        X = check_features(self, X)
        block = self._average.predict_block(X)
        target = self._target
        if target.kind == "continuous":
            return block
        codes = predicted_codes(block, self._average.method, target.values)
        return decode(target.encoders, codes, target.kind)

    @available_if(_model_has("predict_proba"))
    def predict_proba(self, X):
        """Predict the mean of the models' probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            One column per class, in the order of `classes_`. For a multilabel target in
            the format of the estimator: one column per label with the probability of
            the label, or a list of arrays with two columns, one array per label.
        """
        block = self._mean_block("predict_proba", X)
        if self._target.kind == "labels" and _returns_lists(self.estimators_[0], X):
            return [np.column_stack([1 - on, on]) for on in block.T]
        return block

    @available_if(_model_has("decision_function"))
    def decision_function(self, X):
        """Compute the mean of the models' decision values.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One dimension for two classes; one column per class otherwise.
        """
        return self._mean_block("decision_function", X)

    def _mean_block(self, method: str, X):
        check_is_fitted(self)
        X = check_features(self, X)
        return replace(self._average, method=method).predict_block(X)

    def score(self, X, y, sample_weight=None):
        """Score predictions: accuracy of a classifier, R2 of a regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
            Higher is better.
        """
        metric = accuracy_score if is_classifier(self) else r2_score
        return metric(y, self.predict(X), sample_weight=sample_weight)

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        router : MetadataRouter
            The routing: metadata go to the estimator and to the splitter.
        """
        router = MetadataRouter(owner=self).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
        if hasattr(getattr(self, "cv", None), "get_metadata_routing"):
            router.add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    def __sklearn_is_fitted__(self):
        """Whether the models are fitted."""
        return hasattr(self, "_average")

    def __sklearn_tags__(self):
        """Return the tags of the estimator; a target is required."""
        tags = super().__sklearn_tags__()
        if not hasattr(self.estimator, "__sklearn_tags__"):
            return tags  # refused in fit
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        for name in ("classifier_tags", "regressor_tags", "target_tags", "input_tags"):
            setattr(tags, name, deepcopy(getattr(inner, name)))
        tags.target_tags.required = True
        tags.non_deterministic = inner.non_deterministic
        return tags


# Parts of a fit


@dataclass(frozen=True)
class AverageTrainingData:
    """Features, target and fit parameters of a fit."""

    X: Any
    target: Target
    fit_params: FitParams


def check_average(average: BaseAverage) -> None:
    """Refuse invalid values of the parameters that all averages have."""
    check_estimator_kind(average.estimator)
    check_jobs(average.n_jobs)
    as_store(average.memory)


def check_estimator_kind(estimator: Any) -> None:
    """Refuse estimators that are neither a classifier nor a regressor."""
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"estimator={estimator!r} must be an estimator instance with a fit method."
        )
    if not is_classifier(estimator) and not is_regressor(estimator):
        raise ValueError(
            f"estimator={estimator!r} is neither a classifier nor a regressor, so its "
            "predictions cannot be averaged; use a classifier or a regressor, or a "
            "Pipeline that ends with one."
        )


def read_average_data(
    average: BaseAverage, X: Any, y: Any, params: dict[str, Any]
) -> AverageTrainingData:
    """Read the target and the fit parameters, and check that they are consistent."""
    target = class_target(y) if is_classifier(average) else numeric_target(y)
    (X,) = indexable(plain_table(X))
    params = read_row_params(X, target, params)
    routed = route_to_estimator(average, MEMBER, params)
    check_routed(target, routed)
    return AverageTrainingData(X, target, routed)


def fit_models(
    average: BaseAverage, planned: list[PlannedFit], data: AverageTrainingData
) -> list[FoldFit]:
    """Run the planned fits and set the attributes that all averages have."""
    X, target = data.X, data.target
    context = average._init_callback_context(
        max_subtasks=len({one.member.name for one in planned})
    )
    context.call_on_fit_task_begin(estimator=average, X=X, y=target.values)
    score = functools.partial(score_block, kind=target.kind)
    fold_fits, _ = run_fits(
        planned,
        TrainingData(X, target.values, target.n_classes, score),
        n_jobs=average.n_jobs,
        on_error="raise",
        verbose=average.verbose,
        store=as_store(average.memory),
        **task_tree(average, context, planned),
    )
    _set_fitted_attributes(average, fold_fits, target, features_of(X))
    context.call_on_fit_task_end(estimator=average, X=X, y=target.values)
    return fold_fits


def _set_fitted_attributes(
    average: BaseAverage, fold_fits: list[FoldFit], target: Target, features: Features
) -> None:
    first = fold_fits[0].estimator
    average.estimators_ = [fold_fit.estimator for fold_fit in fold_fits]
    average.fits_ = tuple(
        replace(fold_fit, estimator=None, block=None) for fold_fit in fold_fits
    )
    # Without rows, but with the number of dimensions that `predicted_codes` needs.
    average._target = replace(target, values=target.values[:0])
    average._average = FoldAverage(
        tuple(average.estimators_),
        tuple(fold_fit.present for fold_fit in fold_fits),
        find_response_method(MEMBER, first, average.method),
        target.n_classes,
    )
    if target.kind != "continuous":
        average.classes_ = target.classes
    for name, value in (
        ("n_features_in_", features.count),
        ("feature_names_in_", features.names),
    ):
        average.__dict__.pop(name, None)
        if value is not None:
            setattr(average, name, value)


def _returns_lists(model: Any, X: Any) -> bool:
    """Whether a model returns one array of probabilities per label."""
    return isinstance(model.predict_proba(take_rows(X, [0])), list)
