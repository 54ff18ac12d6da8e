"""Any estimator as the weak learner, with weights or on rows drawn by weight."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.learners._base import StageFitter, Stages
from skensemble.core import (
    clone_member,
    draw_seed,
    flat_column,
    predict_block,
    seed_parameters,
)
from skensemble.fitting import take_rows, weight_name

Array = NDArray[Any]


def predict_labels(model: Any, X: Any, classes: Array) -> Array:
    """Predict codes of classes."""
    return np.searchsorted(classes, flat_column(model.predict(X)))


def predict_probabilities(model: Any, X: Any, classes: Array) -> Array:
    """Predict probabilities, one column per class."""
    present = np.searchsorted(classes, model.classes_)
    return predict_block(model, "predict_proba", X, present, len(classes))


def predict_values(model: Any, X: Any) -> Array:
    """Predict continuous values; a list of models gives one column per model."""
    if isinstance(model, list):
        return np.column_stack([predict_values(one, X) for one in model])
    return flat_column(model.predict(X)).astype(float, copy=False)


def clone_with_seed(estimator: Any, rng: np.random.RandomState) -> Any:
    """Clone an estimator and draw all its seeds, in the order of their names."""
    model = clone_member("estimator", estimator)
    seeds = {name: draw_seed(rng) for name in sorted(seed_parameters(model))}
    return model.set_params(**seeds) if seeds else model


class GeneralStages(Stages):
    """Fitted estimators.

    Parameters
    ----------
    models : list of estimators
        The estimators, in the order of the rounds.
    weights : list of float
        Weights of the estimators.
    predict : callable
        ``predict(model, X)`` gives codes, probabilities or continuous values.
    part : callable
        ``part(prediction, weight)`` gives the part of a model.
    """

    def __init__(
        self,
        models: list[Any],
        weights: list[float],
        predict: Callable[[Any, Any], Array],
        part: Callable[[Array, float], Array],
    ) -> None:
        self.models, self.weights = models, weights
        self._predict, self._part = predict, part

    def __len__(self) -> int:
        """Return the number of weak learners."""
        return len(self.models)

    def parts(self, X: Any) -> Iterator[Array]:
        """Part of each estimator."""
        for model, weight in zip(self.models, self.weights, strict=True):
            yield self._part(self._predict(model, X), weight)

    def estimators(self) -> list[Any]:
        """Return the estimators."""
        return list(self.models)


class GeneralFitter(StageFitter):
    """Fits clones of an estimator.

    Parameters
    ----------
    estimator : estimator
        The estimator. Without support for sample weights it is fitted on rows that are
        drawn by weight.
    X, y : array-like
        Training data, as given to ``fit``.
    X_val : array-like or None
        Validation data.
    rng : RandomState
        Source of seeds and drawn rows.
    predict, part : callable
        See `GeneralStages`.
    drawn : bool
        Whether rows are always drawn by weight, as in AdaBoost.R2.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Array,
        X_val: Any,
        *,
        rng: np.random.RandomState,
        predict: Callable[[Any, Any], Array],
        part: Callable[[Array, float], Array],
        drawn: bool,
    ) -> None:
        self._estimator, self._rng = estimator, rng
        self._X, self._y, self._X_val = X, y, X_val
        self._predict, self._part = predict, part
        self._name = None if drawn else _weight_name(estimator)
        self._models: list[Any] = []

    def fit_next(self, weight: Array, response: Array | None = None) -> Array:
        """Fit the next weak learner."""
        y = self._y if response is None else response
        if y.ndim == 2 and weight.ndim == 2:
            models = [self._fitted(w, r) for w, r in zip(weight.T, y.T, strict=True)]
            self._models.append(models)
        else:
            self._models.append(self._fitted(weight, y))
        return self._predict(self._models[-1], self._X)

    def _fitted(self, weight: Array, y: Array) -> Any:
        model = clone_with_seed(self._estimator, self._rng)
        if self._name is None:
            # A second division would change the last bit of weights with sum one.
            total = weight.sum()
            share = (
                weight if np.isclose(total, 1.0, rtol=0, atol=1e-12) else weight / total
            )
            rows = self._rng.choice(
                len(weight), size=len(weight), replace=True, p=share
            )
            model.fit(take_rows(self._X, rows), y[rows])
            return model
        # The mean weight is 1: regularized estimators would be nearly constant with the
        # weights of sum one that scikit-learn uses.
        weight = weight * (len(weight) / weight.sum())
        if (weight > 0).all():
            model.fit(self._X, y, **{self._name: weight})
        else:
            rows = np.flatnonzero(weight)
            cut = {self._name: weight[rows]}
            model.fit(take_rows(self._X, rows), y[rows], **cut)
        return model

    def predict_validation(self) -> Array:
        """Predictions of the last weak learner for the validation rows."""
        return self._predict(self._models[-1], self._X_val)

    def drop_last(self) -> None:
        """Drop the last weak learner."""
        self._models.pop()

    def stages(self, weights: list[float]) -> GeneralStages:
        """Return the first weak learners, one per weight."""
        models = self._models[: len(weights)]
        return GeneralStages(models, weights, self._predict, self._part)


def _weight_name(estimator: Any) -> str | None:
    try:
        return weight_name(estimator)
    except TypeError:
        return None
