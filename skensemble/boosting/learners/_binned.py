"""XGBoost's trees on binned columns as weak learners: one booster grows all of them.

Weighted squared error on a response is what XGBoost grows trees by when the gradients are
minus weight times response and the hessians the weights; a leaf then holds the weighted
mean. For a response of -1 and 1 that is the weighted Gini impurity: the gain differs by a
factor of two.

Columns are cut by our own bins, so that thresholds lie halfway between values, as
scikit-learn's do; the booster learns from the numbers of the bins, and after the fit the
thresholds and what leaves add to the whole are written into it. (LightGBM is as fast, but
estimates counts of rows from weights, and gives up splits where the estimate runs out.)
"""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.learners._asking import mean_as_labels
from skensemble.boosting.learners._bins import MOST_BINS, dense, find_bins
from skensemble.boosting.learners._contract import LARGEST_SEED, Learner, Stages
from skensemble.boosting.learners._views import TreeView

Array = NDArray[Any]

# Weights sum to so much a row, so that no gain is too small for single precision.
_WEIGHT_OF_A_ROW = 1000.0
_LEAST_OF_A_LEAF = 1e-3
_IN_DOUBT = 1e-6
_FEW_STEPS = 8


class BinnedStages(Stages):
    """Trees in one booster, whose leaves hold what they add to the whole.

    Parameters
    ----------
    raw : bytes
        The booster, as XGBoost writes it.
    n_rounds : int
        How many rounds it has.
    width : int
        Trees a round.
    threads : int
        How many to use; 0 leaves it to OpenMP.
    categorical : tuple of int
        Columns of codes.
    view : callable
        ``view(stages, round)``: an estimator.
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
        """How many there are."""
        return self.n_rounds

    def parts(self, X: Any) -> Iterator[Array]:
        """What each adds to the whole."""
        data = self._matrix(X)
        for k in range(len(self)):
            yield self._some(data, k, k + 1)

    def total(self, X: Any) -> Array:
        """Sum of the parts."""
        return self._some(self._matrix(X), 0, len(self))

    def some(self, X: Any, first: int, last: int) -> Array:
        """Sum of the parts of rounds `first` to `last` (excluded)."""
        return self._some(self._matrix(X), first, last)

    def _some(self, data: Any, first: int, last: int) -> Array:
        found = self.booster.predict(
            data, output_margin=True, iteration_range=(first, last)
        )
        return np.asarray(found, dtype=float)

    def _matrix(self, X: Any) -> Any:
        return matrix(dense(X), self.categorical, self.threads)

    def answers(self, X: Any) -> Array:
        """What each tree says, side by side, shape (n, n_rounds)."""
        leaves = self.booster.predict(self._matrix(X), pred_leaf=True)
        leaves = leaves.reshape(X.shape[0], -1).astype(np.intp)
        sizes = [len(tree["split_conditions"]) for tree in self._trees()]
        table = np.zeros((len(sizes), max(sizes)))
        for k, tree in enumerate(self._trees()):
            table[k, : sizes[k]] = tree["split_conditions"]
        return np.asarray(table[np.arange(len(sizes)), leaves])

    def estimators(self) -> list[Any]:
        """Give one estimator a stage."""
        return [self._view(self, k) for k in range(len(self))]

    def splits(self, k: int) -> list[tuple[int, Any, float]]:
        """Feature, threshold and gain of each split of a stage, level by level."""
        found = []
        for tree in self._trees()[k * self.width : (k + 1) * self.width]:
            parts = (tree["split_indices"], _cuts(tree), tree["loss_changes"])
            nodes = zip(*parts, strict=True)
            inner = np.array(tree["left_children"]) != -1
            found += [node for node, kept in zip(nodes, inner, strict=True) if kept]
        return found

    def shape(self, k: int) -> tuple[int, int]:
        """Leaves and depth of a stage."""
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
        """Leave out what can be read again."""
        return {key: self.__dict__[key] for key in self.__dict__ if key != "_content"}


def _cuts(tree: dict[str, Any]) -> list[Any]:
    """Where each node cuts: a number, or the codes of the categories that go right."""
    cuts = list(tree["split_conditions"])
    parts = ("categories_nodes", "categories_segments", "categories_sizes")
    for node, first, size in zip(*(tree[name] for name in parts), strict=True):
        cuts[node] = tuple(tree["categories"][first : first + size])
    return cuts


def trees_of(content: Any) -> list[dict[str, Any]]:
    """Find the trees in XGBoost's JSON format, which is public."""
    return list(content["learner"]["gradient_booster"]["model"]["trees"])


def matrix(X: Array, categorical: tuple[int, ...], threads: int) -> Any:
    """Give rows to predict."""
    import xgboost

    return xgboost.DMatrix(X, nthread=threads or None, **_kinds(X, categorical))


def _kinds(X: Array, categorical: tuple[int, ...]) -> dict[str, Any]:
    if not categorical:
        return {}
    kinds = ["c" if j in categorical else "q" for j in range(X.shape[1])]
    return {"feature_types": kinds, "enable_categorical": True}


class BinnedLearner(Learner):
    """Grows XGBoost's trees.

    Parameters
    ----------
    X, X_val : ndarray, sparse matrix or None
        Numbers; rows to watch.
    target : ndarray of shape (n,)
        What is fitted where no response is given.
    params : dict
        Size of trees, in XGBoost's words.
    categorical : tuple of int
        Columns of codes.
    width : int
        Trees a round.
    threads : int
        How many to use; 0 leaves it to OpenMP.
    rng : RandomState
        For the seed of each tree, and for draws.
    drawn : bool
        Whether rows are drawn by weight, as AdaBoost.R2 does; the draws are weights.
    read : callable
        ``read(values)``: the answer, from means of the target in leaves.
    part : callable
        ``part(answer, weight)``: what is added to the whole.
    view : callable
        See `BinnedStages`.
    fine : int, default=255
        Bins of a column of more than 255 values.
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
        fine: int = MOST_BINS,
    ) -> None:
        import xgboost

        X = dense(X)
        self._target: Array = target.astype(np.float32)
        self._width, self._threads = width, threads
        self._rng, self._drawn = rng, drawn
        self._read, self._part, self._view = read, part, view
        self._categorical = categorical
        self._bins = find_bins(X, categorical, fine)
        self._complete = (~np.isnan(X).any(axis=0)).tolist()
        options = {
            "max_bin": self._bins.most + 1,
            "nthread": threads or None,
            **_kinds(X, categorical),
        }
        # From rows with every number XGBoost knows all cuts, and looks for none.
        every = xgboost.QuantileDMatrix(self._bins.every_number(), **options)
        train = xgboost.QuantileDMatrix(
            self._bins.numbers(X),
            label=np.zeros((len(X), width), dtype=np.float32),
            ref=every,
            **options,
        )
        self._sets = {"train": train}
        if X_val is not None:
            held = self._bins.numbers(dense(X_val))
            self._sets["validation"] = matrix(held, categorical, threads)
        self._booster = xgboost.Booster(
            _PARAMS | {"nthread": threads, "max_bin": self._bins.most + 1} | params,
            list(self._sets.values()),
        )
        self._seeds: list[int] = []
        self._by_sign = read is mean_as_labels
        self._sums: Any = np.float32(0)

    def learn(self, weight: Array, response: Array | None = None) -> Array:
        """Fit one more."""
        goal = self._target if response is None else response
        self._seeds.append(self._rng.randint(LARGEST_SEED))
        scaled = self._scaled(weight)
        k = len(self._seeds) - 1
        gradient = (scaled * goal).astype(np.float32, copy=False)
        gradient *= -_sign(k)
        self._booster.boost(self._sets["train"], k, grad=gradient, hess=scaled)
        return self._read(self._training_values(k))

    def _scaled(self, weight: Array) -> Array:
        """Weights, or how often each row is drawn, with the sum that trees want."""
        if self._drawn:
            counts = drawn_counts(weight, self._rng)
            return counts.astype(np.float32) * np.float32(_WEIGHT_OF_A_ROW)
        scaled = weight * (_WEIGHT_OF_A_ROW * weight.size / weight.sum())
        return np.asarray(scaled, dtype=np.float32)

    def _training_values(self, k: int) -> Array:
        """What the last tree says of the training rows.

        The booster keeps the sum over all trees at hand, in single precision, which is
        found far sooner than what one tree says. As signs alternate, sums stay small, and
        the difference of two is good to some 1e-6.
        """
        sums = self._booster.predict(
            self._sets["train"], output_margin=True, validate_features=False
        )
        last, self._sums = sums - self._sums, sums
        if self._by_sign and np.abs(last).min() < _doubt(sums):
            # Of a booster of its own: to ask this one for some rounds spoils the sum
            # that it keeps (XGBoost 3.2).
            alone = self._booster[k : k + 1]
            last = alone.predict(self._sets["train"], output_margin=True)
        last *= _sign(k)
        return np.asarray(last)

    def answer(self) -> Array:
        """What the last one says of the validation rows."""
        k = len(self._seeds) - 1
        found = self._booster.predict(
            self._sets["validation"],
            output_margin=True,
            iteration_range=(k, k + 1),
            validate_features=False,
        )
        return self._read(_sign(k) * np.asarray(found, dtype=float))

    def drop_last(self) -> None:
        """Forget the last one."""
        # It stays in the booster; stages() takes the first ones.
        self._seeds.pop()

    def stages(self, weights: list[float]) -> BinnedStages:
        """Give the first of them, each with its weight written into the leaves."""
        kept = self._booster[: len(weights)]
        content = json.loads(bytes(kept.save_raw("json")))
        for at, tree in enumerate(trees_of(content)):
            k = at // self._width
            self._write(tree, _sign(k), weights[k])
        return BinnedStages(
            json.dumps(content).encode(),
            len(weights),
            self._width,
            self._threads,
            self._categorical,
            functools.partial(self._view, seeds=self._seeds[: len(weights)]),
        )

    def _write(self, tree: dict[str, Any], sign: float, weight: float) -> None:
        """Write thresholds in the user's units, and what leaves add."""
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
    """Send values that miss where none was missing to the larger side."""
    left, right = tree["left_children"][node], tree["right_children"][node]
    return int(tree["sum_hessian"][left] >= tree["sum_hessian"][right])


def _doubt(sums: Array) -> float:
    """Differences of such sums that are smaller say nothing."""
    return _IN_DOUBT * max(1.0, float(np.abs(sums).max()))


def _sign(k: int) -> float:
    """Every other tree is grown for the negative of the response."""
    return -1.0 if k % 2 else 1.0


def drawn_counts(weight: Array, rng: np.random.RandomState) -> Array:
    """Count how often each row is drawn; the same draws as ``rng.choice(p=weight)``.

    Each draw is looked up from the first row that its share of [0, 1) may fall on, a few
    steps up, which takes a fifth of the time of a search among all rows.
    """
    n_rows = len(weight)
    sums = weight.cumsum()
    sums /= sums[-1]
    draws = rng.random_sample(n_rows)
    ends = np.bincount((sums * n_rows).astype(np.intp), minlength=n_rows + 1)
    first = ends.cumsum()
    first -= ends
    at = first.take((draws * n_rows).astype(np.intp))
    # More than half of the draws belong one step up: that one is taken by all together.
    at += sums.take(at) <= draws
    below = np.flatnonzero(sums.take(at) <= draws)
    for _ in range(_FEW_STEPS):
        up = at.take(below) + 1
        at[below] = up
        below = below[sums.take(up) <= draws.take(below)]
    # Many rows of next to no weight may lie side by side.
    at[below] = sums.searchsorted(draws.take(below), side="right")
    return np.bincount(at, minlength=n_rows)


_PARAMS = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "base_score": 0.0,
    "learning_rate": 1.0,
    "reg_lambda": 0.0,
    "min_child_weight": _LEAST_OF_A_LEAF,
    "verbosity": 0,
    "seed": 0,
}


def size_params(tree: Any) -> dict[str, Any] | None:
    """Say the size of a scikit-learn tree in XGBoost's words; None where it has none.

    Parameters
    ----------
    tree : DecisionTreeClassifier or DecisionTreeRegressor
        Unfitted.
    """
    plain = type(tree)()
    honoured = {"max_depth", "max_leaf_nodes", "random_state"}
    for name, value in tree.get_params().items():
        same = value == getattr(plain, name) or (name, value) == ("max_features", 1.0)
        if name not in honoured and not same:
            return None
    params: dict[str, Any] = {"max_depth": tree.max_depth or 0}
    if tree.max_leaf_nodes is not None:
        params |= {"max_leaves": tree.max_leaf_nodes, "grow_policy": "lossguide"}
    return params
