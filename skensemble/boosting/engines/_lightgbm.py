"""LightGBM as an engine of gradient boosting."""

import re
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skensemble.boosting.engines._base import (
    BoostingProblem,
    BoostingRows,
    Forest,
    Grower,
    LibraryEngine,
    as_count,
    check_known_params,
    check_reserved_params,
    check_unsupported,
    min_hessian,
)
from skensemble.boosting.engines._derivatives import Derivatives
from skensemble.boosting.engines._leaf_values import leaf_values
from skensemble.boosting.engines._slim import slim_text
from skensemble.boosting.engines._tree import BoostedTree
from skensemble.losses import (
    AbsoluteError,
    Gamma,
    Huber,
    KLDivergence,
    LogLoss,
    Loss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

Array = NDArray[Any]

RESERVED = dict.fromkeys(
    ("n_estimators", "num_iterations", "n_iter", "num_boost_round"), "n_estimators"
) | {
    "learning_rate": "learning_rate",
    "eta": "learning_rate",
    "objective": "loss",
    "early_stopping_round": "early_stopping",
    "early_stopping_rounds": "early_stopping",
    "random_state": "random_state",
    "seed": "random_state",
    "n_jobs": "n_jobs",
    "num_threads": "n_jobs",
    "monotone_constraints": "monotonic_cst",
    "mc": "monotonic_cst",
    "monotone_constraint": "monotonic_cst",
    "monotonic_cst": "monotonic_cst",
    "interaction_constraints": "interaction_cst",
}
_SIZES = ("num_leaves", "max_leaves", "max_leaf_nodes", "max_depth")
_ALIASES = {
    "min_data_in_leaf": ("min_child_samples",),
    "min_gain_to_split": ("min_split_gain",),
    "feature_fraction_bynode": ("colsample_bynode",),
    "boosting": ("boosting_type",),
}
_FORCED = ("force_col_wise", "force_row_wise")
_MOST_ROW_WISE = 100
_QUIET = {"verbosity": -1}
# Aliases in wide use that are neither in the saved model nor in the wrapper.
_RARE_ALIASES = {
    "bagging",
    "boost",
    "cat_feature",
    "categorical_column",
    "colsample_bynode",
    "device",
    "lambda",
    "max_leaf",
    "max_leaves",
    "min_child_weight",
    "min_data",
    "monotone_constraint",
    "monotonic_cst",
    "num_leaf",
    "sub_feature",
    "sub_row",
}


class LightGBM(LibraryEngine):
    """Histogram trees of LightGBM, for any loss.

    Parameters are LightGBM's own, such as ``num_leaves``, ``min_child_samples``,
    ``reg_lambda``, ``boosting_type="dart"``. They take precedence over the parameters
    of the estimator (with ``num_leaves`` the estimator's `max_depth` has no effect).
    Limits that have their default in the estimator, such as ``min_samples_leaf=1``, are
    LightGBM's own: at most 31 leaves of at least 20 rows.

    Read more in the :ref:`User Guide <guide_engines>`.

    Parameters
    ----------
    native : bool, default=True
        Whether to use the library's own objective where it is exactly the loss. False
        always uses the derivatives of the loss.
    **params : dict
        Parameters of the library.

    Examples
    --------
    >>> from skensemble import GradientBoostingRegressor, LightGBM
    >>> model = GradientBoostingRegressor(engine=LightGBM(num_leaves=31))
    >>> model.get_params()["engine__num_leaves"]
    31
    """

    _in_units_of_target = frozenset(
        {
            "lambda_l1",
            "reg_alpha",
            "l1_regularization",
            "min_gain_to_split",
            "min_split_gain",
            "max_delta_step",
            "max_tree_output",
            "max_leaf_output",
        }
    )

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
        check_reserved_params(self, RESERVED)
        check_known_params(self, _known())
        check_unsupported(self, problem, ("ccp_alpha",))
        if self.params_of(problem).get("boosting") == "rf":
            raise ValueError(
                "boosting_type='rf' grows a forest, not boosted trees; use 'gbdt', "
                "'dart' or 'goss'."
            )
        _check_advanced_constraints(self, problem)
        return LightGBMGrower(self, problem)

    @property
    def drops_trees(self) -> bool:
        """Whether earlier trees change later (DART)."""
        given = self.library_params
        return "dart" in (given.get("boosting"), given.get("boosting_type"))

    def params_of(self, problem: BoostingProblem) -> dict[str, Any]:
        """Translate the limits of tree growth into LightGBM's parameters.

        Parameters
        ----------
        problem : BoostingProblem
            Data, loss and limits of tree growth.

        Returns
        -------
        params : dict
            The parameters of LightGBM by name.
        """
        params = _shape_params(problem) | {
            "verbosity": -1,
            "metric": "None",
            "seed": problem.seed,
            "num_threads": problem.threads,
            # The trees do not depend on the number of threads.
            "deterministic": True,
            "force_row_wise": problem.n_features <= _MOST_ROW_WISE,
            "force_col_wise": problem.n_features > _MOST_ROW_WISE,
        }
        given = dict(self.library_params)
        for name, others in _ALIASES.items():
            for other in others:
                if other in given:
                    given[name] = given.pop(other)
        if any(name in given for name in _SIZES):
            params = {k: v for k, v in params.items() if k not in _SIZES}
        forced = "force_col_wise" in given or "force_row_wise" in given
        if forced:
            params = {k: v for k, v in params.items() if k not in _FORCED}
        return params | given


def _check_advanced_constraints(engine: LightGBM, problem: BoostingProblem) -> None:
    """Refuse a method that ends the process if there are categorical columns."""
    for name in ("monotone_constraints_method", "mc_method"):
        method = engine.library_params.get(name)
        if problem.categorical and method not in (None, "basic", "intermediate"):
            raise ValueError(
                f"{name}={method!r} of engine={engine!r} cannot be used with "
                "categorical columns, for which LightGBM crashes; use 'intermediate', "
                "or convert the columns to numbers."
            )


@lru_cache
def _known() -> frozenset[str]:
    """Names of LightGBM's parameters, all of which a saved model lists."""
    import lightgbm

    data = lightgbm.Dataset(np.zeros((2, 1)), label=np.zeros(2), params=_QUIET)
    text = lightgbm.Booster(params=_QUIET, train_set=data).model_to_string()
    listed = re.findall(r"^\[(\w+): ", text, flags=re.MULTILINE)
    return (
        frozenset(listed) | set(lightgbm.LGBMRegressor().get_params()) | _RARE_ALIASES
    )


def native_objective(loss: Loss, task: str) -> dict[str, Any] | None:
    """Return LightGBM's objective that is exactly the loss, if there is one."""
    # Exact classes only: a subclass may compute something else.
    if type(loss) is LogLoss:
        plain = loss.label_smoothing == 0 and loss.class_weight is None
        names = {"binary": "binary", "multiclass": "multiclass"}
        return {"objective": names[task]} if plain and task in names else None
    if task != "regression":
        return None
    return _continuous_objective(loss)


def _continuous_objective(loss: Loss) -> dict[str, Any] | None:
    names: dict[type, dict[str, Any]] = {
        SquaredError: {"objective": "regression"},
        AbsoluteError: {"objective": "regression_l1"},
        # By default LightGBM multiplies this hessian by exp(0.7), which the loss does
        # not.
        Poisson: {"objective": "poisson", "poisson_max_delta_step": 1e-12},
        Gamma: {"objective": "gamma"},
        KLDivergence: {"objective": "cross_entropy"},
    }
    if type(loss) is Huber and loss.quantile is None:
        return {"objective": "huber", "alpha": loss.delta}
    if type(loss) is Quantile:
        return {"objective": "quantile", "alpha": loss.quantile}
    if type(loss) is Tweedie and 1 < loss.power < 2:
        return {"objective": "tweedie", "tweedie_variance_power": loss.power}
    return names.get(type(loss))


class LightGBMGrower(Grower):
    """One run of LightGBM."""

    def __init__(self, engine: LightGBM, problem: BoostingProblem) -> None:
        self._problem = problem
        native = native_objective(problem.loss, problem.task) if engine.native else None
        self._native = native is not None and not problem.sampled
        self._renews = problem.loss.renews_leaves and not self._native
        if self._renews and engine.drops_trees:
            raise ValueError(
                f"loss={problem.loss!r} renews the values of leaves, which trees of "
                "boosting_type='dart' change later; use 'gbdt'."
            )
        self._params = engine.params_of(problem)
        if self._native and native is not None:
            self._params = native | self._params
        self._rate = problem.rate
        linear = self._params.get("linear_tree", False)
        self.replays = problem.can_defer_losses and not (
            self._renews or engine.drops_trees or linear or problem.width > 1
        )
        self._replayed = problem.scored.raw
        self._booster, self._sets = self._start()
        # A round in which no tree can be split has no trees in the booster.
        self._grown: list[bool] = []
        k = problem.width
        # LightGBM's factor for the diagonal of the softmax hessian.
        self._derivatives = Derivatives(problem, k / max(k - 1, 1), np.float64)
        self._raw_outputs = {name: self._rows(name).raw.copy() for name in self._sets}
        self._mask: Array | None = None

    def _start(self) -> tuple[Any, dict[str, Any]]:
        import lightgbm

        problem, params = self._problem, dict(self._params)
        params["learning_rate"] = self._rate
        if problem.width > 1:
            params["num_class"] = problem.width
        params.setdefault("objective", "none")
        self._params = params
        train = self._dataset(problem.train, None)
        booster = lightgbm.Booster(params=params, train_set=train)
        sets = {"train": train}
        same = problem.scored is problem.train
        for name in ("scored", "validation"):
            rows = self._rows(name)
            if name == "scored" and (same or self.replays):
                sets[name] = train
            elif rows is not None:
                sets[name] = self._dataset(rows, train)
                booster.add_valid(sets[name], name)
        return booster, sets

    def _dataset(self, rows: BoostingRows, reference: Any) -> Any:
        import lightgbm

        return lightgbm.Dataset(
            _plain(rows.X),
            label=rows.y if rows.y.ndim == 1 else None,
            weight=rows.weight,
            init_score=rows.raw.ravel() if self._problem.width == 1 else rows.raw,
            reference=reference,
            categorical_feature=list(self._problem.categorical),
            params=self._params,
            free_raw_data=True,
        )

    def _rows(self, name: str) -> Any:
        return getattr(self._problem, name)

    def grow(self, rate, mask):
        """Add the trees of one round."""
        # LightGBM cannot reset the parameters of a booster whose features are constant.
        if rate != self._rate and _varies(self._problem.train.X):
            self._booster.reset_parameter({"learning_rate": rate})
            self._rate = rate
        before = self._booster.num_trees()
        if self._native:
            self._booster.update()
        else:
            self._mask = mask
            self._booster.update(fobj=self._objective)
        self._grown.append(self._booster.num_trees() > before)
        if self._renews and self._grown[-1]:
            self._renew(rate, mask)

    def _objective(self, raw: Array, _: Any) -> tuple[Array, Array]:
        g, h = self._derivatives(
            self._raw_outputs["train"] if self._renews else raw, self._mask
        )
        return (g.ravel(), h.ravel()) if self._problem.width == 1 else (g, h)

    def _renew(self, rate: float, mask: Array | None) -> None:
        problem, booster = self._problem, self._booster
        last = booster.current_iteration() - 1
        leaves = self._predict_round(problem.train.X, last, pred_leaf=True)
        raw = self._raw_outputs["train"]
        loss = problem.loss.adapted(problem.train.y, raw, problem.train.weight)
        leaves = leaves.reshape(len(raw), problem.width).astype(np.intp)
        for j in range(problem.width):
            tree = last * problem.width + j
            steps = leaf_values(loss, problem.train, raw, leaves[:, j], mask, j)
            for leaf in np.unique(leaves[:, j]):
                value = rate * steps.get(int(leaf), 0.0)
                booster.set_leaf_output(tree, int(leaf), value)
        for name in self._raw_outputs:
            added = self._predict_round(self._rows(name).X, last, raw_score=True)
            self._raw_outputs[name] += added.reshape(self._raw_outputs[name].shape)

    def _predict_round(self, X: Any, iteration: int, **options: Any) -> Array:
        return np.asarray(
            self._booster.predict(
                _plain(X),
                start_iteration=iteration,
                num_iteration=1,
                num_threads=self._problem.threads,
                **options,
            )
        )

    def raw(self, rows):
        """Current raw output of the "train", "scored" or "validation" rows."""
        if self._renews:
            return self._raw_outputs[rows]
        found: list[Array] = []

        def keep(scores: Array, _: Any) -> tuple[str, float, bool]:
            found.append(scores)
            return "kept", 0.0, True

        self._booster.eval(self._sets[rows], rows, feval=keep)
        if not self._native:
            return found[0]
        # For its own objectives LightGBM gives predictions, not raw output.
        return self._problem.loss.link_for(self._problem.task).link(found[0])

    def replay(self, first, last):
        """Raw output of the scored rows after each of the rounds `first` to `last`."""
        before = np.cumsum([0, *self._grown])
        start, count = int(before[first]), int(before[last] - before[first])
        if count:
            leaves = self._booster.predict(
                _plain(self._problem.scored.X),
                pred_leaf=True,
                start_iteration=start,
                num_iteration=count,
                num_threads=self._problem.threads,
            )
            leaves = np.asarray(leaves).reshape(-1, count)
        found = []
        for k in range(first, last):
            if self._grown[k]:
                tree = int(before[k])
                self._replayed = self._replayed + self._values(
                    tree, leaves[:, tree - start]
                )
            found.append(self._replayed)
        return found

    def _values(self, tree: int, leaves: Array) -> Array:
        values = np.zeros(int(leaves.max()) + 1)
        for leaf in np.flatnonzero(np.bincount(leaves)):
            values[leaf] = self._booster.get_leaf_output(tree, int(leaf))
        return values[leaves]

    def forest(self, n_iterations):
        """Return the trees of the first rounds."""
        grown = self._grown[:n_iterations]
        text = self._booster.model_to_string(num_iteration=max(sum(grown), 1))
        return LightGBMForest(text, grown, self._problem.width, self._problem.shape)


class LightGBMForest(Forest):
    """Trees grown by LightGBM."""

    def __init__(self, text: str, grown: list[bool], width: int, shape: Any) -> None:
        import lightgbm

        self.n_iterations = len(grown)
        self._before = np.cumsum([0, *grown])  # trees grown before each round
        self.width = width
        self.shape = shape
        self.booster = lightgbm.Booster(model_str=text)

    def raw(self, X, first, last, threads=0):
        """Sum of the trees of rounds `first` to `last` (excluded)."""
        first, last = int(self._before[first]), int(self._before[last])
        if last <= first:
            shape = (X.shape[0],) if self.width == 1 else (X.shape[0], self.width)
            return np.zeros(shape)
        return np.asarray(
            self.booster.predict(
                _plain(X),
                raw_score=True,
                start_iteration=first,
                num_iteration=last - first,
                num_threads=threads,
            )
        )

    def leaves(self, X, threads=0):
        """Leaf of each row in each tree."""
        found = self.booster.predict(_plain(X), pred_leaf=True, num_threads=threads)
        found = np.asarray(found).reshape(X.shape[0], -1, self.width)
        leaves = np.zeros((X.shape[0], self.n_iterations, self.width), dtype=int)
        rounds = np.flatnonzero(np.diff(self._before))
        leaves[:, rounds] = found[:, : len(rounds)]
        return leaves

    def importance(self, kind):
        """Sum of gains, or number of splits, per feature."""
        found = self.booster.feature_importance(importance_type=kind)
        return np.asarray(found, dtype=float)

    def tree(self, iteration, column):
        """Return one tree."""
        return BoostedTree(self, iteration, column)

    def slim(self):
        """Drop gains, and the last digits of leaves."""
        import lightgbm

        text = self.booster.model_to_string()
        self.booster = lightgbm.Booster(model_str=slim_text(text))


def _plain(X: Any) -> Any:
    """Turn a sparse array into a sparse matrix, which LightGBM accepts."""
    return sp.csr_matrix(X) if sp.issparse(X) else X


def _varies(X: Any) -> bool:
    """Whether any column has two different values."""
    if sp.issparse(X):
        return bool((X.max(axis=0) != X.min(axis=0)).sum())
    return any(np.any(X[:, j] != X[0, j]) for j in range(X.shape[1]))


def _shape_params(problem: BoostingProblem) -> dict[str, Any]:
    shape = problem.shape
    total = problem.train.X.shape[0]
    if problem.train.weight is not None:
        total = float(problem.train.weight.sum())
    params = _size_params(problem) | _leaf_params(problem)
    params["min_gain_to_split"] = shape.min_impurity_decrease * total
    if shape.max_features not in (None, problem.n_features):
        params["feature_fraction_bynode"] = shape.max_features / problem.n_features
    if shape.min_weight_fraction_leaf:
        params["min_sum_hessian_in_leaf"] = min_hessian(problem)
    if shape.monotonic_cst is not None:
        params["monotone_constraints"] = list(shape.monotonic_cst)
    if shape.interaction_cst is not None:
        params["interaction_constraints"] = [list(g) for g in shape.interaction_cst]
    return params


def _size_params(problem: BoostingProblem) -> dict[str, Any]:
    """Depth and number of leaves of a tree."""
    shape, leaves = problem.shape, problem.shape.max_leaf_nodes
    if "max_depth" in shape.left:
        return {} if leaves is None else {"num_leaves": leaves}
    depth = -1 if shape.max_depth is None else shape.max_depth
    if leaves is None:
        leaves = 2 ** min(depth, 16) if depth > 0 else 31
    return {"max_depth": depth, "num_leaves": leaves}


def _leaf_params(problem: BoostingProblem) -> dict[str, Any]:
    """Minimum numbers of rows of a leaf and of a bin."""
    shape, n_rows = problem.shape, problem.train.X.shape[0]
    if {"min_samples_leaf", "min_samples_split"} <= shape.left:
        return {}
    least = leaf = 1
    if "min_samples_leaf" not in shape.left:
        least = leaf = as_count(shape.min_samples_leaf, n_rows)
    if "min_samples_split" not in shape.left:
        # If both children are this large, then the parent has min_samples_split rows.
        least = max(leaf, (as_count(shape.min_samples_split, n_rows) + 1) // 2)
    if problem.train.weight is not None and least == 1:
        # LightGBM estimates the number of rows of a leaf from its share of the weights,
        # which is below one where other rows have large weights.
        least = 0
    # Bins of few rows are not merged where trees may split them.
    return {"min_data_in_leaf": least, "min_data_in_bin": max(1, min(3, leaf))}
