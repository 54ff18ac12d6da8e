"""Any estimator as the weak learner, by weights or by weighted draws."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skensemble.boosting.learners._contract import LARGEST_SEED, Learner, Stages
from skensemble.fitting import take_rows, weight_name

Array = NDArray[Any]


def seeded(estimator: Any, rng: np.random.RandomState) -> Any:
    """Clone an estimator and draw every ``random_state`` of it anew."""
    model = clone(estimator)
    names = sorted(model.get_params(deep=True))
    seeds = {
        name: rng.randint(LARGEST_SEED)
        for name in names
        if name == "random_state" or name.endswith("__random_state")
    }
    return model.set_params(**seeds) if seeds else model


class GeneralStages(Stages):
    """Fitted estimators.

    Parameters
    ----------
    models : list of estimators
        In the order of the rounds.
    weights : list of float
        Weight of each.
    ask : callable
        ``ask(model, X)``: codes, probabilities or numbers.
    part : callable
        ``part(answer, weight)``: what a model adds to the whole.
    """

    def __init__(
        self,
        models: list[Any],
        weights: list[float],
        ask: Callable[[Any, Any], Array],
        part: Callable[[Array, float], Array],
    ) -> None:
        self.models, self.weights = models, weights
        self._ask, self._part = ask, part

    def __len__(self) -> int:
        """How many there are."""
        return len(self.models)

    def parts(self, X: Any) -> Iterator[Array]:
        """What each adds to the whole."""
        for model, weight in zip(self.models, self.weights, strict=True):
            yield self._part(self._ask(model, X), weight)

    def estimators(self) -> list[Any]:
        """Give the estimators."""
        return list(self.models)


class GeneralLearner(Learner):
    """Fits clones of an estimator.

    Parameters
    ----------
    estimator : estimator
        Any; one that takes no sample weights is fitted on rows drawn by weight.
    X, y : array-like
        The training rows, as the user gave them.
    X_val : array-like or None
        Rows to watch.
    rng : RandomState
        For seeds and draws.
    ask, part : callable
        See `GeneralStages`.
    drawn : bool
        Whether to draw rows by weight in any case, as AdaBoost.R2 does.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Array,
        X_val: Any,
        *,
        rng: np.random.RandomState,
        ask: Callable[[Any, Any], Array],
        part: Callable[[Array, float], Array],
        drawn: bool,
    ) -> None:
        self._estimator, self._rng = estimator, rng
        self._X, self._y, self._X_val = X, y, X_val
        self._ask, self._part = ask, part
        self._name = None if drawn else _weight_name(estimator)
        self._models: list[Any] = []

    def learn(self, weight: Array, response: Array | None = None) -> Array:
        """Fit one more."""
        y = self._y if response is None else response
        if y.ndim == 2 and weight.ndim == 2:
            models = [self._fitted(w, r) for w, r in zip(weight.T, y.T, strict=True)]
            self._models.append(models)
        else:
            self._models.append(self._fitted(weight, y))
        return self._ask(self._models[-1], self._X)

    def _fitted(self, weight: Array, y: Array) -> Any:
        model = seeded(self._estimator, self._rng)
        if self._name is None:
            # Divided anew, weights that sum to one would lose their last bit.
            total = weight.sum()
            share = (
                weight if np.isclose(total, 1.0, rtol=0, atol=1e-12) else weight / total
            )
            rows = self._rng.choice(
                len(weight), size=len(weight), replace=True, p=share
            )
            model.fit(take_rows(self._X, rows), y[rows])
            return model
        # One for an average row: regularised learners would be nearly constant on the
        # weights with sum one that scikit-learn hands them.
        weight = weight * (len(weight) / weight.sum())
        if (weight > 0).all():
            model.fit(self._X, y, **{self._name: weight})
        else:
            rows = np.flatnonzero(weight)
            cut = {self._name: weight[rows]}
            model.fit(take_rows(self._X, rows), y[rows], **cut)
        return model

    def answer(self) -> Array:
        """What the last one says of the validation rows."""
        return self._ask(self._models[-1], self._X_val)

    def drop_last(self) -> None:
        """Forget the last one."""
        self._models.pop()

    def stages(self, weights: list[float]) -> GeneralStages:
        """Give the first of them, each with its weight."""
        models = self._models[: len(weights)]
        return GeneralStages(models, weights, self._ask, self._part)


def _weight_name(estimator: Any) -> str | None:
    try:
        return weight_name(estimator)
    except TypeError:
        return None
