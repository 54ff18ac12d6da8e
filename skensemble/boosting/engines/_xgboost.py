"""XGBoost as an engine of gradient boosting."""

import json
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
from skensemble.boosting.engines._slim import slim_ubj
from skensemble.boosting.engines._tree import BoostedTree
from skensemble.losses import (
    AbsoluteError,
    Gamma,
    LogLoss,
    Loss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

Array = NDArray[Any]

RESERVED = {
    "n_estimators": "n_estimators",
    "num_boost_round": "n_estimators",
    "learning_rate": "learning_rate",
    "eta": "learning_rate",
    "objective": "loss",
    "base_score": "init",
    "early_stopping_rounds": "early_stopping",
    "random_state": "random_state",
    "seed": "random_state",
    "n_jobs": "n_jobs",
    "nthread": "n_jobs",
    "monotone_constraints": "monotonic_cst",
    "interaction_constraints": "interaction_cst",
}
_SIZES = ("max_depth", "max_leaves", "grow_policy")
# Parameters that are neither in the wrapper nor in the configuration.
_RARE_PARAMS = {
    "alpha",
    "lambda",
    "max_cached_hist_node",
    "normalize_type",
    "one_drop",
    "process_type",
    "rate_drop",
    "refresh_leaf",
    "sample_type",
    "sketch_ratio",
    "skip_drop",
    "updater",
}


class XGBoost(LibraryEngine):
    """Histogram trees of XGBoost, for any loss.

    Parameters are XGBoost's own, such as ``max_leaves``, ``min_child_weight``,
    ``reg_lambda``, ``booster="dart"``. They take precedence over the parameters of the
    estimator. Limits that have their default in the estimator, such as ``max_depth=3``,
    are XGBoost's own: a depth of 6.

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
    >>> from skensemble import GradientBoostingRegressor, XGBoost
    >>> model = GradientBoostingRegressor(engine=XGBoost(reg_lambda=0.0))
    >>> model.get_params()["engine__reg_lambda"]
    0.0
    """

    _in_units_of_target = frozenset(
        {"alpha", "reg_alpha", "gamma", "min_split_loss", "max_delta_step"}
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
        check_unsupported(self, problem, ("ccp_alpha", "min_samples_split"))
        if self.library_params.get("booster", "gbtree") not in ("gbtree", "dart"):
            raise ValueError(
                f"booster={self.library_params['booster']!r} grows no trees; use "
                "'gbtree' or 'dart', or a linear model."
            )
        return XGBoostGrower(self, problem)

    @property
    def drops_trees(self) -> bool:
        """Whether earlier trees change later (DART)."""
        return self.library_params.get("booster") == "dart"

    def params_of(self, problem: BoostingProblem) -> dict[str, Any]:
        """Translate the limits of tree growth into XGBoost's parameters.

        Parameters
        ----------
        problem : BoostingProblem
            Data, loss and limits of tree growth.

        Returns
        -------
        params : dict
            The parameters of XGBoost by name.
        """
        params = _shape_params(problem) | {
            "tree_method": "hist",
            "verbosity": 0,
            "seed": problem.seed,
            "nthread": problem.threads,
        }
        given = self.library_params
        if any(name in given for name in _SIZES):
            params = {k: v for k, v in params.items() if k not in _SIZES}
        return params | given


@lru_cache
def _known() -> frozenset[str]:
    """Names of XGBoost's parameters, from its wrapper and its configuration."""
    import xgboost

    names = set(xgboost.XGBRegressor().get_params()) | _RARE_PARAMS
    data = xgboost.DMatrix(np.zeros((2, 1)), label=np.zeros(2))
    params = {"booster": "dart", "tree_method": "hist", "verbosity": 0}
    booster = xgboost.train(params, data, num_boost_round=1)
    config = json.loads(booster.save_config())
    return frozenset(names | set(_keys(config)))


def _keys(config: Any) -> list[str]:
    if not isinstance(config, dict):
        return []
    return [*config, *(key for part in config.values() for key in _keys(part))]


def native_objective(loss: Loss, task: str, width: int) -> dict[str, Any] | None:
    """Return XGBoost's objective that is exactly the loss, if there is one."""
    # Exact classes only: a subclass may compute something else.
    if type(loss) is LogLoss:
        if loss.label_smoothing or loss.class_weight is not None:
            return None
        if task == "multiclass":
            return {"objective": "multi:softprob", "num_class": width}
        return {"objective": "binary:logistic", "base_score": 0.5}
    if type(loss) is SquaredError:
        return {"objective": "reg:squarederror", "base_score": 0.0}
    return _continuous_objective(loss) if task == "regression" else None


def _continuous_objective(loss: Loss) -> dict[str, Any] | None:
    if type(loss) is AbsoluteError:
        return {"objective": "reg:absoluteerror", "base_score": 0.0}
    if type(loss) is Quantile:
        name = {"objective": "reg:quantileerror", "base_score": 0.0}
        return name | {"quantile_alpha": loss.quantile}
    if type(loss) is Poisson:
        # By default XGBoost multiplies this hessian by exp(0.7), which the loss does
        # not.
        return {"objective": "count:poisson", "base_score": 1.0, "max_delta_step": 0.0}
    if type(loss) is Gamma:
        return {"objective": "reg:gamma", "base_score": 1.0}
    if type(loss) is Tweedie and 1 < loss.power < 2:
        name = {"objective": "reg:tweedie", "base_score": 1.0}
        return name | {"tweedie_variance_power": loss.power}
    return None


class XGBoostGrower(Grower):
    """One run of XGBoost."""

    def __init__(self, engine: XGBoost, problem: BoostingProblem) -> None:
        self._problem = problem
        native = (
            native_objective(problem.loss, problem.task, problem.width)
            if engine.native
            else None
        )
        self._native = native is not None and not problem.sampled
        self._renews = problem.loss.renews_leaves and not self._native
        if self._renews and engine.drops_trees:
            raise ValueError(
                f"loss={problem.loss!r} renews the values of leaves, which trees of "
                "booster='dart' change later; use 'gbtree'."
            )
        own = {"objective": "reg:squarederror", "base_score": 0.0}
        objective = native if self._native and native is not None else own
        self._rate = problem.rate
        self._params = objective | engine.params_of(problem)
        self._params["learning_rate"] = self._rate
        parallel = self._params.get("num_parallel_tree", 1) != 1
        # Derivatives of the loss need all margins in any case.
        self.replays = (problem.can_defer_losses and self._native) and not (
            engine.drops_trees or parallel or problem.width > 1
        )
        self._replayed = problem.scored.raw
        # XGBoost's factor for the diagonal of the softmax hessian.
        self._derivatives = Derivatives(problem, 2.0, np.float32)
        self._start()
        self._rounds = 0
        self._values: list[list[dict[int, float]]] = []

    def _start(self) -> None:
        import xgboost

        problem = self._problem
        # Derivatives of the loss need the margins of all training rows in any case;
        # those of the scored rows are a part of them.
        self._scored_at = None if self._native else problem.scored_at
        same = problem.scored_at is None or not self._native
        train = self._matrix(problem.train, None)
        self._sets = {"train": train, "scored": train}
        if not same:
            self._sets["scored"] = self._matrix(problem.scored, train)
        if problem.validation is not None:
            self._sets["validation"] = self._matrix(problem.validation, train)
        self._raw_outputs = {
            name: getattr(problem, name).raw.astype(float)
            for name in self._sets
            if name != "scored" or self._scored_at is None
        }
        self._train_margin: Array | None = None
        cache = list({id(m): m for m in self._sets.values()}.values())
        self._booster = xgboost.Booster(self._params, cache)

    def _matrix(self, rows: BoostingRows, reference: Any) -> Any:
        import xgboost

        label = rows.y
        if not self._native:  # only the number of columns is used then
            label = np.zeros(rows.raw.shape, dtype=np.float32)
        options = feature_types(self._problem.n_features, self._problem.categorical)
        if self._params["tree_method"] == "hist":
            options["ref"] = reference
            options["max_bin"] = self._params.get("max_bin", 256)
        kind = (
            xgboost.QuantileDMatrix
            if self._params["tree_method"] == "hist"
            else xgboost.DMatrix
        )
        return kind(
            rows.X,
            label=label,
            weight=rows.weight if self._native else None,
            base_margin=rows.raw.astype(np.float32),
            nthread=self._problem.threads or None,
            **options,
        )

    def grow(self, rate, mask):
        """Add the trees of one round."""
        if rate != self._rate:  # setting it makes XGBoost configure itself again
            self._booster.set_param({"learning_rate": rate})
            self._rate = rate
        train = self._sets["train"]
        if self._native:
            self._booster.update(train, self._rounds)
            self._train_margin = None
        else:
            raw = self._raw_outputs["train"] if self._renews else self._margin("train")
            self._train_margin = None
            g, h = self._derivatives(raw, mask)
            self._booster.boost(train, self._rounds, grad=g, hess=h)
        self._rounds += 1
        if self._renews:
            self._renew(rate, mask)

    def _renew(self, rate: float, mask: Array | None) -> None:
        problem, raw = self._problem, self._raw_outputs["train"]
        loss = problem.loss.adapted(problem.train.y, raw, problem.train.weight)
        leaves = self._leaves("train")
        steps = [
            leaf_values(loss, problem.train, raw, leaves[:, j], mask, j)
            for j in range(problem.width)
        ]
        values = [{leaf: rate * v for leaf, v in step.items()} for step in steps]
        self._values.append(values)
        for name in dict.fromkeys(self._raw_outputs):
            where = leaves if name == "train" else self._leaves(name)
            added = np.column_stack(
                [_look_up(values[j], where[:, j]) for j in range(problem.width)]
            )
            self._raw_outputs[name] += added.reshape(self._raw_outputs[name].shape)

    def _leaves(self, name: str) -> Array:
        last = self._booster[self._rounds - 1 : self._rounds]
        found = last.predict(self._sets[name], pred_leaf=True)
        return found.reshape(-1, self._problem.width).astype(np.intp)

    def raw(self, rows):
        """Current raw output of the "train", "scored" or "validation" rows."""
        if rows == "scored" and self._scored_at is not None:
            raw = self._raw_outputs["train"] if self._renews else self._margin("train")
            return raw[self._scored_at].astype(float)
        if self._renews:
            return self._raw_outputs[rows]
        return self._margin(rows).astype(float)

    def _margin(self, rows: str) -> Array:
        if rows == "train" and self._train_margin is not None:
            return self._train_margin
        found = self._booster.predict(
            self._sets[rows], output_margin=True, validate_features=False
        )
        found = found.reshape(-1, *self._problem.train.raw.shape[1:])
        if rows == "train":
            self._train_margin = found
        return found

    def replay(self, first, last):
        """Raw output of the scored rows after each of the rounds `first` to `last`."""
        stretch = self._booster[first:last]
        leaves = stretch.predict(self._sets["scored"], pred_leaf=True)
        leaves = leaves.reshape(-1, last - first).astype(np.intp)
        content = json.loads(bytes(stretch.save_raw("json")))
        found = []
        for k, tree in enumerate(trees_of(content)):
            values = np.asarray(tree["split_conditions"])  # of a leaf: its value
            self._replayed = self._replayed + values[leaves[:, k]]
            found.append(self._replayed)
        return found

    def forest(self, n_iterations):
        """Return the trees of the first rounds."""
        kept = self._booster[:n_iterations] if n_iterations else self._booster[:1]
        raw = kept.save_raw("ubj")
        if self._renews:
            raw = _with_values(kept.save_raw("json"), self._values[:n_iterations])
        sparse = sp.issparse(self._problem.train.X)
        problem = self._problem
        return XGBoostForest(
            raw, n_iterations, problem.width, problem.shape, sparse, problem.categorical
        )


class XGBoostForest(Forest):
    """Trees grown by XGBoost."""

    def __init__(
        self,
        raw: Any,
        n_iterations: int,
        width: int,
        shape: Any,
        sparse: bool,
        categorical: tuple[int, ...],
    ) -> None:
        import xgboost

        self.n_iterations = n_iterations
        self.width = width
        self.shape = shape
        self.sparse = sparse
        self.categorical = categorical
        self.booster = xgboost.Booster(model_file=bytearray(raw))

    def raw(self, X, first, last, threads=0):
        """Sum of the trees of rounds `first` to `last` (excluded)."""
        shape = (X.shape[0],) if self.width == 1 else (X.shape[0], self.width)
        if last <= first:
            return np.zeros(shape)
        found = self.booster.predict(
            self._matrix(X, threads), output_margin=True, iteration_range=(first, last)
        )
        return found.reshape(shape).astype(float)

    def leaves(self, X, threads=0):
        """Leaf of each row in each tree."""
        found = self.booster.predict(self._matrix(X, threads), pred_leaf=True)
        found = found.reshape(X.shape[0], -1)[:, : self.n_iterations * self.width]
        return found.reshape(X.shape[0], self.n_iterations, self.width).astype(int)

    def _matrix(self, X: Any, threads: int) -> Any:
        import xgboost

        # For XGBoost an entry that a sparse matrix does not store is missing, and in a
        # dense one it is zero: use the format of the training data.
        if self.sparse and not sp.issparse(X):
            X = sp.csr_matrix(X)
        elif sp.issparse(X) and not self.sparse:
            X = X.toarray()
        shape = (X.shape[0],) if self.width == 1 else (X.shape[0], self.width)
        options = feature_types(X.shape[1], self.categorical)
        return xgboost.DMatrix(
            X,
            base_margin=np.zeros(shape, dtype=np.float32),
            nthread=threads or None,
            **options,
        )

    def importance(self, kind):
        """Sum of gains, or number of splits, per feature."""
        name = {"gain": "total_gain", "split": "weight"}[kind]
        found = np.zeros(self.booster.num_features())
        for feature, score in self.booster.get_score(importance_type=name).items():
            found[int(feature[1:])] = score
        return found

    def tree(self, iteration, column):
        """Return one tree."""
        return BoostedTree(self, iteration, column)

    def slim(self):
        """Drop gains, and the last digits of leaves."""
        import xgboost

        raw = bytes(self.booster.save_raw("ubj"))
        self.booster = xgboost.Booster(model_file=slim_ubj(raw))


def _shape_params(problem: BoostingProblem) -> dict[str, Any]:
    shape = problem.shape
    params = _size_params(problem)
    params["gamma"] = shape.min_impurity_decrease * problem.train.X.shape[0]
    if shape.min_weight_fraction_leaf:
        params["min_child_weight"] = min_hessian(problem)
    if shape.max_features not in (None, problem.n_features):
        params["colsample_bynode"] = shape.max_features / problem.n_features
    if shape.monotonic_cst is not None:
        params["monotone_constraints"] = tuple(shape.monotonic_cst)
    if shape.interaction_cst is not None:
        groups = [list(group) for group in shape.interaction_cst]
        params["interaction_constraints"] = str(groups)
    return params


def _size_params(problem: BoostingProblem) -> dict[str, Any]:
    """Depth, number of leaves, and minimum number of rows of a leaf."""
    shape, params = problem.shape, dict[str, Any]()
    own_depth = "max_depth" in shape.left
    if not own_depth:
        params["max_depth"] = 0 if shape.max_depth is None else shape.max_depth
    if shape.max_leaf_nodes is not None:
        params |= {"max_leaves": shape.max_leaf_nodes, "grow_policy": "lossguide"}
    elif shape.max_depth is None and not own_depth:
        params |= {"max_leaves": 31, "grow_policy": "lossguide"}
    # With a constant hessian the sum of hessians is a number of rows.
    if problem.loss.constant_hessian and "min_samples_leaf" not in shape.left:
        leaf = as_count(shape.min_samples_leaf, problem.train.X.shape[0])
        # With weights it is a sum of weights: a leaf of one row may have any.
        single = leaf == 1 and problem.train.weight is not None
        params["min_child_weight"] = 0 if single else leaf
    return params


def feature_types(n_features: int, categorical: tuple[int, ...]) -> dict[str, Any]:
    """Return the options of XGBoost's matrices that mark categorical columns."""
    if not categorical:
        return {}
    types = ["c" if j in categorical else "q" for j in range(n_features)]
    return {"feature_types": types, "enable_categorical": True}


def _look_up(values: dict[int, float], leaves: Array) -> Array:
    table = np.zeros(1 + max(int(leaves.max()), max(values, default=0)))
    table[list(values)] = list(values.values())
    return table[leaves]


def trees_of(content: Any) -> list[dict[str, Any]]:
    """Return the trees of a model in XGBoost's public JSON format."""
    return list(content["learner"]["gradient_booster"]["model"]["trees"])


def _with_values(model: Any, rounds: list[list[dict[int, float]]]) -> bytes:
    """Write leaf values into a model.

    In XGBoost's public JSON format the value of a leaf is its split condition, and its
    base weight.
    """
    content = json.loads(bytes(model))
    trees = trees_of(content)
    flat = [values for columns in rounds for values in columns]
    for tree, values in zip(trees, flat, strict=True):
        for node, child in enumerate(tree["left_children"]):
            if child == -1:
                value = values.get(node, 0.0)
                tree["split_conditions"][node] = tree["base_weights"][node] = value
    return json.dumps(content).encode()
