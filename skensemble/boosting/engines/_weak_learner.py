"""Any regressor as an engine of gradient boosting: functional gradient descent."""

import copy
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.tree import BaseDecisionTree, DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from skensemble.boosting.engines._base import (
    BoostingProblem,
    Engine,
    Forest,
    Grower,
)
from skensemble.boosting.engines._leaf_values import leaf_values
from skensemble.core import clone_member, named_seed, seed_estimator
from skensemble.losses import SOFTMAX, Loss, best_step

Array = NDArray[Any]


class WeakLearner(Engine):
    """Boost any scikit-learn regressor by functional gradient descent.

    In each round the regressor is fitted to the negative gradient of the loss. A tree
    then takes the values of its leaves from the loss: a Newton step, or the best
    constant of each leaf where the loss is not smooth (Friedman, "Greedy function
    approximation: a gradient boosting machine", Annals of Statistics 29, 2001). Any
    other regressor is multiplied by the step that minimizes the loss (line search).

    Read more in the :ref:`User Guide <guide_engines>`.

    Parameters
    ----------
    estimator : regressor or None, default=None
        The regressor to fit in each round. None is a decision tree with the parameters
        `max_depth`, `min_samples_split`, ... of the gradient boosting estimator.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skensemble import GradientBoostingRegressor, WeakLearner
    >>> model = GradientBoostingRegressor(engine=WeakLearner(Ridge()))
    >>> model.set_params(engine__estimator__alpha=3.0).engine
    WeakLearner(estimator=Ridge(alpha=3.0))
    """

    drops_trees = False

    def __init__(self, estimator=None):
        self.estimator = estimator

    @property
    def is_free_of_units(self) -> bool:
        """Whether the weak learner is a tree without limits in units of the target."""
        tree = self.estimator
        if not isinstance(tree, BaseDecisionTree):
            return tree is None
        return tree.min_impurity_decrease == 0 and tree.ccp_alpha == 0

    def grower(self, problem):
        """Start a run of boosting.

        Parameters
        ----------
        problem : BoostingProblem
            Data, loss and limits of tree growth.

        Returns
        -------
        grower : Grower
            The grower, which adds the trees of one round per call.
        """
        if problem.shape.interaction_cst is not None:
            raise ValueError(
                "interaction_cst means nothing to engine=WeakLearner(); use "
                "engine='lightgbm' or 'xgboost'."
            )
        if self.estimator is not None and is_classifier(self.estimator):
            raise ValueError(
                f"engine={self!r} boosts regressors (they are fitted to gradients), also "
                "for classification; give a regressor."
            )
        learner = _default_tree(problem) if self.estimator is None else self.estimator
        if problem.train.weight is not None and not _takes_weights(learner):
            raise ValueError(
                f"engine={self!r} cannot use sample_weight: {type(learner).__name__}.fit "
                "does not take it. Fit without weights, or use another estimator."
            )
        return WeakGrower(learner, problem)


def _default_tree(problem: BoostingProblem) -> DecisionTreeRegressor:
    shape = problem.shape
    return DecisionTreeRegressor(
        max_depth=shape.max_depth,
        min_samples_split=shape.min_samples_split,
        min_samples_leaf=shape.min_samples_leaf,
        min_weight_fraction_leaf=shape.min_weight_fraction_leaf,
        max_features=shape.max_features,
        max_leaf_nodes=shape.max_leaf_nodes,
        min_impurity_decrease=shape.min_impurity_decrease,
        ccp_alpha=shape.ccp_alpha,
        monotonic_cst=shape.monotonic_cst,
    )


def _takes_weights(learner: Any) -> bool:
    return has_fit_parameter(learner, "sample_weight")


class WeakGrower(Grower):
    """One run of functional gradient descent."""

    def __init__(self, learner: Any, problem: BoostingProblem) -> None:
        self._learner = learner
        self._problem = problem
        self._models: list[list[Any]] = []
        self._factors: list[list[float]] = []
        names = ["train", "scored"]
        names += ["validation"] if problem.validation is not None else []
        self._raw_outputs = {
            name: getattr(problem, name).raw.astype(float) for name in names
        }
        k = problem.width
        softmax = problem.loss.link_for(problem.task) == SOFTMAX
        # Factor (k - 1) / k for steps in all columns at once (Friedman, 2001).
        self._shrink = (k - 1) / k if softmax else 1.0

    def grow(self, rate, mask):
        """Fit the weak learners of one round."""
        rows, raw = self._problem.train, self._raw_outputs["train"]
        loss = self._problem.loss.adapted(rows.y, raw, rows.weight)
        g, h = loss.gradient_hessian(rows.y, raw)
        columns = range(self._problem.width)
        grown = [self._fit(j, -_column(g, j), mask) for j in columns]
        if all(isinstance(model, BaseDecisionTree) for model in grown):
            factors = [1.0] * len(grown)
            for j in columns:
                self._set_leaves(loss, grown[j], j, (g, h), mask, rate)
        else:
            step = self._line_search(loss, grown, mask)
            factors = [rate * step] * len(grown)
        self._models.append(grown)
        self._factors.append(factors)
        for name, own in self._raw_outputs.items():
            X = getattr(self._problem, name).X
            own += _scaled_predictions(grown, factors, X).reshape(own.shape)

    def _fit(self, column: int, target: Array, mask: Array | None) -> Any:
        rows, seen = self._problem.train, slice(None) if mask is None else mask
        seed = named_seed(self._problem.seed, len(self._models), column)
        model = seed_estimator(
            clone_member("weak_learner", self._learner), seed, "weak", column
        )
        X = rows.X if mask is None else rows.X[mask]
        if rows.weight is None:
            return model.fit(X, target[seen])
        return model.fit(X, target[seen], sample_weight=rows.weight[seen])

    def _set_leaves(
        self,
        loss: Loss,
        tree: Any,
        column: int,
        slopes: tuple[Array, Array],
        mask: Array | None,
        rate: float,
    ) -> None:
        rows, raw = self._problem.train, self._raw_outputs["train"]
        leaves = tree.apply(rows.X)
        values = tree.tree_.value  # a view: changes to it change the predictions
        if loss.renews_leaves:
            values[:] = 0.0
            for leaf, step in leaf_values(
                loss, rows, raw, leaves, mask, column
            ).items():
                values[leaf, 0, 0] = rate * step
            return
        g, h = (_column(part, column) for part in slopes)
        weight = self._row_weights(mask)
        up = np.bincount(leaves, weight * g, len(values))
        down = np.bincount(leaves, weight * h, len(values))
        # Without curvature there is nothing left to gain.
        steps = np.divide(-up, down, out=np.zeros_like(up), where=down > 1e-150)
        values[:, 0, 0] = rate * self._shrink * steps

    def _row_weights(self, mask: Array | None) -> Array:
        """Weights of the training rows, zero for rows that are masked out."""
        rows = self._problem.train
        weight = np.ones(len(rows.y)) if rows.weight is None else rows.weight
        return weight if mask is None else weight * mask

    def _line_search(self, loss: Loss, grown: list[Any], mask: Array | None) -> float:
        rows, raw = self._problem.train, self._raw_outputs["train"]
        towards = _scaled_predictions(grown, [1.0] * len(grown), rows.X).reshape(
            raw.shape
        )
        weight = self._row_weights(mask)
        if not np.any(towards):
            return 0.0

        def slope_at(step: float) -> float:
            g = loss.gradient(rows.y, raw + step * towards)
            return float((weight * (g * towards).T).sum())

        def value_at(step: float) -> float:
            return loss.value(rows.y, raw + step * towards, weight)

        g = loss.gradient(rows.y, raw)
        return best_step(
            slope_at, value_at, float((weight * np.abs(g * towards).T).sum())
        )

    def raw(self, rows):
        """Current raw output of the "train", "scored" or "validation" rows."""
        return self._raw_outputs[rows]

    def forest(self, n_iterations):
        """Return the weak learners of the first rounds."""
        kept = self._models[:n_iterations], self._factors[:n_iterations]
        return WeakForest(*kept, self._problem.width, self._problem.n_features)


class WeakForest(Forest):
    """Weak learners fitted one after another."""

    def __init__(
        self,
        models: list[list[Any]],
        factors: list[list[float]],
        width: int,
        n_features: int,
    ) -> None:
        self.models = copy.copy(models)
        self.factors = copy.copy(factors)
        self.n_iterations = len(models)
        self.width = width
        self.n_features = n_features

    def raw(self, X, first, last, threads=0):
        """Sum of the weak learners of rounds `first` to `last` (excluded)."""
        X = X.tocsr() if sp.issparse(X) else X
        total = np.zeros((X.shape[0], self.width))
        pairs = zip(self.models[first:last], self.factors[first:last], strict=True)
        for models, factors in pairs:
            total += _scaled_predictions(models, factors, X)
        return total[:, 0] if self.width == 1 else total

    def leaves(self, X, threads=0):
        """Leaf of each row in each tree."""
        X = X.tocsr() if sp.issparse(X) else X
        if not hasattr(self.models[0][0], "apply"):
            raise ValueError(
                f"{type(self.models[0][0]).__name__} has no leaves to apply; boost trees."
            )
        found = [[model.apply(X) for model in models] for models in self.models]
        return np.array(found).transpose(2, 0, 1)

    def importance(self, kind):
        """Sum of gains, or number of splits, per feature."""
        total = np.zeros(self.n_features)
        for models in self.models:
            for model in models:
                total += _importance(model, kind, self.n_features)
        return total

    def tree(self, iteration, column):
        """Return one weak learner."""
        return self.models[iteration][column]


def _importance(model: Any, kind: str, n_features: int) -> Array:
    if kind == "gain" and hasattr(model, "feature_importances_"):
        root = getattr(getattr(model, "tree_", None), "impurity", [1.0])[0]
        return np.asarray(model.feature_importances_) * root
    if kind == "split" and hasattr(model, "tree_"):
        used = model.tree_.feature
        return np.bincount(used[used >= 0], minlength=n_features).astype(float)
    raise ValueError(
        f"{type(model).__name__} has no importance by {kind!r}; use "
        "permutation_importance(X, y)."
    )


def _column(values: Array, column: int) -> Array:
    return values if values.ndim == 1 else values[:, column]


def _scaled_predictions(models: list[Any], factors: list[float], X: Any) -> Array:
    """Predictions of each model times its factor, one column per model."""
    found = [
        factor * np.ravel(model.predict(X))
        for model, factor in zip(models, factors, strict=True)
    ]
    return np.column_stack(found)
