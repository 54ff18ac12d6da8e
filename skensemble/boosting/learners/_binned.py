"""XGBoost's trees on binned features as weak learners: one booster grows all of them.

With gradients of minus weight times response, and the weights as hessians, XGBoost
minimizes the weighted squared error of a response; the value of a leaf is the weighted
mean. For a response of -1 and 1 this is the weighted Gini impurity: the gain differs by
a factor of two.

The features are binned here, so that thresholds lie halfway between values, as in
scikit-learn. The booster is fitted on the indices of the bins; after the fit the
thresholds and the parts of the leaves are written into it. (LightGBM is as fast, but it
estimates numbers of rows from weights, and leaves out splits where the estimate is
low.)
"""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._xgboost import feature_types, trees_of
from skensemble.boosting.learners._base import StageFitter, Stages
from skensemble.boosting.learners._bins import MOST_BINS, dense, find_bins
from skensemble.boosting.learners._tree_view import TreeView
from skensemble.core import draw_seed
from skensemble.losses import two_columns

Array = NDArray[Any]

# Mean weight of a row, so that no gain is too small for single precision.
_WEIGHT_OF_A_ROW = 1000.0
_MIN_WEIGHT_OF_A_LEAF = 1e-3
# Differences of sums below this share of the largest sum are rounding errors.
_RELATIVE_ERROR = 1e-6
# Largest number of steps up in `drawn_counts` before a binary search.
_FEW_STEPS = 8


def labels_from_mean(mean: Array) -> Array:
    """Codes of the class with more weight, from a mean of -1 and 1."""
    return (mean > 0).astype(np.intp)


def probabilities_from_mean(mean: Array) -> Array:
    """Probabilities from a mean of -1 and 1."""
    p = np.clip(0.5 * (1.0 + mean), 0.0, 1.0)
    return two_columns(p)


def unscaled(values: Array, center: float, scale: float) -> Array:
    """Undo centering and scaling."""
    return values * scale + center


class BinnedStages(Stages):
    """Trees in one booster; the value of a leaf is its part.

    Parameters
    ----------
    raw : bytes
        The booster in XGBoost's format.
    n_rounds : int
        Number of rounds.
    width : int
        Number of trees per round.
    threads : int
        Number of threads; 0 leaves the choice to OpenMP.
    categorical : tuple of int
        Columns that hold codes of categories.
    view : callable
        ``view(stages, round)`` gives the tree of a round as an estimator.
    """

    def __init__(
        self,
        raw: bytes,
        n_rounds: int,
        width: int,
        threads: int,
        categorical: tuple[int, ...],
        view: Callable[..., TreeView],
    ) -> None:
        import xgboost

        self.booster = xgboost.Booster(model_file=bytearray(raw))
        self.n_features = self.booster.num_features()
        self.n_rounds, self.width = n_rounds, width
        self.threads, self.categorical, self._view = threads, categorical, view

    def __len__(self) -> int:
        """Return the number of weak learners."""
        return self.n_rounds

    def parts(self, X: Any) -> Iterator[Array]:
        """Part of each tree."""
        data = self._matrix(X)
        for k in range(len(self)):
            yield self._predicted_sum(data, k, k + 1)

    def total(self, X: Any) -> Array:
        """Sum of the parts."""
        return self._predicted_sum(self._matrix(X), 0, len(self))

    def sum_of_rounds(self, X: Any, first: int, last: int) -> Array:
        """Sum of the parts of rounds `first` to `last` (excluded)."""
        return self._predicted_sum(self._matrix(X), first, last)

    def _predicted_sum(self, data: Any, first: int, last: int) -> Array:
        found = self.booster.predict(
            data, output_margin=True, iteration_range=(first, last)
        )
        return np.asarray(found, dtype=float)

    def _matrix(self, X: Any) -> Any:
        return matrix(dense(X), self.categorical, self.threads)

    def stacked_parts(self, X: Any) -> Array:
        """Parts of all trees, of shape (n_samples, n_rounds)."""
        leaves = self.booster.predict(self._matrix(X), pred_leaf=True)
        leaves = leaves.reshape(X.shape[0], -1).astype(np.intp)
        sizes = [len(tree["split_conditions"]) for tree in self._trees()]
        table = np.zeros((len(sizes), max(sizes)))
        for k, tree in enumerate(self._trees()):
            table[k, : sizes[k]] = tree["split_conditions"]
        return np.asarray(table[np.arange(len(sizes)), leaves])

    def estimators(self) -> list[Any]:
        """Return one estimator per round."""
        return [self._view(self, k) for k in range(len(self))]

    def splits(self, k: int) -> list[tuple[int, Any, float]]:
        """Feature, threshold and gain of each split of a round, level by level."""
        found = []
        for tree in self._trees()[k * self.width : (k + 1) * self.width]:
            parts = (tree["split_indices"], _cuts(tree), tree["loss_changes"])
            nodes = zip(*parts, strict=True)
            inner = np.array(tree["left_children"]) != -1
            found += [node for node, kept in zip(nodes, inner, strict=True) if kept]
        return found

    def shape(self, k: int) -> tuple[int, int]:
        """Number of leaves and depth of the (first) tree of a round."""
        tree = self._trees()[k * self.width]
        left, right = tree["left_children"], tree["right_children"]
        depth = np.zeros(len(left), dtype=int)
        for node, child in enumerate(left):
            if child != -1:
                depth[[child, right[node]]] = depth[node] + 1
        return left.count(-1), int(depth.max())

    def _trees(self) -> list[dict[str, Any]]:
        if not hasattr(self, "_content"):
            self._content = trees_of(json.loads(bytes(self.booster.save_raw("json"))))
        return self._content

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the cache."""
        return {key: self.__dict__[key] for key in self.__dict__ if key != "_content"}


def _cuts(tree: dict[str, Any]) -> list[Any]:
    """Threshold of each node, or the codes of the categories that go right."""
    cuts = list(tree["split_conditions"])
    parts = ("categories_nodes", "categories_segments", "categories_sizes")
    for node, first, size in zip(*(tree[name] for name in parts), strict=True):
        cuts[node] = tuple(tree["categories"][first : first + size])
    return cuts


def matrix(X: Array, categorical: tuple[int, ...], threads: int) -> Any:
    """Data in XGBoost's format, for predictions."""
    import xgboost

    types = feature_types(X.shape[1], categorical)
    return xgboost.DMatrix(X, nthread=threads or None, **types)


class BinnedFitter(StageFitter):
    """Grows trees of XGBoost.

    Parameters
    ----------
    X, X_val : ndarray, sparse matrix or None
        Training data and validation data.
    target : ndarray of shape (n_samples,)
        The target, which is fitted where no working response is given.
    params : dict
        Limits of tree growth, as parameters of XGBoost.
    categorical : tuple of int
        Columns that hold codes of categories.
    width : int
        Number of trees per round.
    threads : int
        Number of threads; 0 leaves the choice to OpenMP.
    rng : RandomState
        Source of the seed of each tree and of drawn rows.
    drawn : bool
        Whether rows are drawn by weight, as in AdaBoost.R2; a row that is drawn several
        times has a larger weight.
    read : callable
        ``read(values)`` gives predictions from the means of the target in leaves.
    part : callable
        ``part(prediction, weight)`` gives the part of a tree.
    view : callable
        See `BinnedStages`.
    n_bins : int, default=255
        Number of bins of a feature with more than 255 values.
    """

    def __init__(
        self,
        X: Any,
        X_val: Any,
        target: Array,
        *,
        params: dict[str, Any],
        categorical: tuple[int, ...],
        width: int,
        threads: int,
        rng: np.random.RandomState,
        drawn: bool,
        read: Callable[[Array], Array],
        part: Callable[[Array, float], Array],
        view: Callable[..., TreeView],
        n_bins: int = MOST_BINS,
    ) -> None:
        X = dense(X)
        self._target: Array = target.astype(np.float32)
        self._width, self._threads = width, threads
        self._rng, self._drawn = rng, drawn
        self._read, self._part, self._view = read, part, view
        self._categorical = categorical
        self._bins = find_bins(X, categorical, n_bins)
        self._complete = (~np.isnan(X).any(axis=0)).tolist()
        self._sets = self._matrices(X, X_val)
        self._booster = self._start(params)
        self._seeds: list[int] = []
        self._by_sign = read is labels_from_mean
        self._sums: Any = np.float32(0)

    def _matrices(self, X: Array, X_val: Any) -> dict[str, Any]:
        """Indices of bins of the training and validation rows, in XGBoost's format."""
        import xgboost

        options = {
            "max_bin": self._bins.most + 1,
            "nthread": self._threads or None,
            **feature_types(X.shape[1], self._categorical),
        }
        # With these rows as reference XGBoost uses our bins and searches for none.
        every = xgboost.QuantileDMatrix(self._bins.every_index(), **options)
        train = xgboost.QuantileDMatrix(
            self._bins.indices(X),
            label=np.zeros((len(X), self._width), dtype=np.float32),
            ref=every,
            **options,
        )
        if X_val is None:
            return {"train": train}
        held_out = self._bins.indices(dense(X_val))
        return {
            "train": train,
            "validation": matrix(held_out, self._categorical, self._threads),
        }

    def _start(self, params: dict[str, Any]) -> Any:
        import xgboost

        own = {"nthread": self._threads, "max_bin": self._bins.most + 1}
        return xgboost.Booster(_PARAMS | own | params, list(self._sets.values()))

    def fit_next(self, weight: Array, response: Array | None = None) -> Array:
        """Fit the next weak learner."""
        observed = self._target if response is None else response
        self._seeds.append(draw_seed(self._rng))
        scaled = self._scaled(weight)
        k = len(self._seeds) - 1
        gradient = (scaled * observed).astype(np.float32, copy=False)
        gradient *= -_sign(k)
        self._booster.boost(self._sets["train"], k, grad=gradient, hess=scaled)
        return self._read(self._training_values(k))

    def _scaled(self, weight: Array) -> Array:
        """Weights, or how often each row is drawn, times a constant."""
        if self._drawn:
            counts = drawn_counts(weight, self._rng)
            return counts.astype(np.float32) * np.float32(_WEIGHT_OF_A_ROW)
        scaled = weight * (_WEIGHT_OF_A_ROW * weight.size / weight.sum())
        return np.asarray(scaled, dtype=np.float32)

    def _training_values(self, k: int) -> Array:
        """Predictions of the last tree for the training rows.

        The booster caches the sum over all trees in single precision, so the sum is
        much faster than predictions of one tree. As signs alternate, sums stay small,
        and the difference of two sums is accurate to about 1e-6.
        """
        sums = self._booster.predict(
            self._sets["train"], output_margin=True, validate_features=False
        )
        last, self._sums = sums - self._sums, sums
        if self._by_sign and np.abs(last).min() < _rounding_error(sums):
            # From a copy: predictions of some rounds spoil the cached sum of the
            # booster (XGBoost 3.2).
            alone = self._booster[k : k + 1]
            last = alone.predict(self._sets["train"], output_margin=True)
        last *= _sign(k)
        return np.asarray(last)

    def predict_validation(self) -> Array:
        """Predictions of the last weak learner for the validation rows."""
        k = len(self._seeds) - 1
        found = self._booster.predict(
            self._sets["validation"],
            output_margin=True,
            iteration_range=(k, k + 1),
            validate_features=False,
        )
        return self._read(_sign(k) * np.asarray(found, dtype=float))

    def drop_last(self) -> None:
        """Drop the last weak learner."""
        # Its tree stays in the booster; `stages` takes the first trees.
        self._seeds.pop()

    def stages(self, weights: list[float]) -> BinnedStages:
        """Return the first weak learners; their weights are written into the leaves."""
        kept = self._booster[: len(weights)]
        content = json.loads(bytes(kept.save_raw("json")))
        for at, tree in enumerate(trees_of(content)):
            k = at // self._width
            self._write_leaves(tree, _sign(k), weights[k])
        return BinnedStages(
            json.dumps(content).encode(),
            len(weights),
            self._width,
            self._threads,
            self._categorical,
            functools.partial(self._view, seeds=self._seeds[: len(weights)]),
        )

    def _write_leaves(self, tree: dict[str, Any], sign: float, weight: float) -> None:
        """Write thresholds in units of the features, and parts of the leaves."""
        values = np.array(tree["split_conditions"], dtype=float)
        leaf = np.array(tree["left_children"]) == -1
        values[leaf] = self._part(self._read(sign * values[leaf]), weight)
        for node in np.flatnonzero(~leaf).tolist():
            j = tree["split_indices"][node]
            if j not in self._categorical:
                values[node] = self._bins.threshold(j, values[node])
            if self._complete[j]:
                tree["default_left"][node] = _goes_left(tree, node)
        tree["split_conditions"] = values.tolist()
        tree["base_weights"] = np.where(leaf, values, tree["base_weights"]).tolist()


def _goes_left(tree: dict[str, Any], node: int) -> int:
    """Send missing values to the larger side if there were none in training."""
    left, right = tree["left_children"][node], tree["right_children"][node]
    return int(tree["sum_hessian"][left] >= tree["sum_hessian"][right])


def _rounding_error(sums: Array) -> float:
    """Bound of the rounding error of a difference of such sums."""
    return _RELATIVE_ERROR * max(1.0, float(np.abs(sums).max()))


def _sign(k: int) -> float:
    """Sign of the response of a tree: every other tree is fitted to the negative."""
    return -1.0 if k % 2 else 1.0


def drawn_counts(weight: Array, rng: np.random.RandomState) -> Array:
    """Count how often each row is drawn; the same draws as ``rng.choice(p=weight)``.

    A table gives the first row that a draw may belong to; a few steps up from there
    find the row, in a fifth of the time of a binary search.
    """
    n_rows = len(weight)
    sums = weight.cumsum()
    sums /= sums[-1]
    draws = rng.random_sample(n_rows)
    ends = np.bincount((sums * n_rows).astype(np.intp), minlength=n_rows + 1)
    first = ends.cumsum()
    first -= ends
    at = first.take((draws * n_rows).astype(np.intp))
    # More than half of the draws need one step up, so that one is taken for all.
    at += sums.take(at) <= draws
    below = np.flatnonzero(sums.take(at) <= draws)
    for _ in range(_FEW_STEPS):
        up = at.take(below) + 1
        at[below] = up
        below = below[sums.take(up) <= draws.take(below)]
    # There may be long runs of rows with hardly any weight.
    at[below] = sums.searchsorted(draws.take(below), side="right")
    return np.bincount(at, minlength=n_rows)


_PARAMS = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "base_score": 0.0,
    "learning_rate": 1.0,
    "reg_lambda": 0.0,
    "min_child_weight": _MIN_WEIGHT_OF_A_LEAF,
    "verbosity": 0,
    "seed": 0,
}


def size_params(tree: Any) -> dict[str, Any] | None:
    """Translate the limits of a scikit-learn tree into parameters of XGBoost.

    Parameters
    ----------
    tree : DecisionTreeClassifier or DecisionTreeRegressor
        The unfitted tree.

    Returns
    -------
    params : dict or None
        None if the tree has limits that XGBoost does not have.
    """
    plain = type(tree)()
    supported = {"max_depth", "max_leaf_nodes", "random_state"}
    for name, value in tree.get_params().items():
        same = value == getattr(plain, name) or (name, value) == ("max_features", 1.0)
        if name not in supported and not same:
            return None
    params: dict[str, Any] = {"max_depth": tree.max_depth or 0}
    if tree.max_leaf_nodes is not None:
        params |= {"max_leaves": tree.max_leaf_nodes, "grow_policy": "lossguide"}
    return params
