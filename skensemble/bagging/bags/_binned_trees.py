"""Unpruned trees of all samples, grown by LightGBM on one binned copy of the rows.

A sample is one count per row. With gradients ``-count * y`` and hessians ``count`` a
tree of LightGBM splits by squared error (for two classes: by Gini impurity, which is
twice that), and the value of a leaf is the mean of its rows. Each feature has at most
127 bins, so that thresholds are coarser than those of an exact tree for features with
more values.
"""

from typing import Any

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array

from skensemble.bagging.bags._members import BagPlan
from skensemble.core import Target
from skensemble.fitting import Member, PlannedFit, Split

Array = NDArray[Any]

_MAX_LEAVES = 131_072  # the limit of LightGBM
# LightGBM builds histograms row by row up to this number of columns.
_MAX_ROW_WISE_COLUMNS = 100
# A booster is serialised once its trees have this number of leaves: while they are
# grown, and as text, they take several times the memory that they need afterwards.
_LEAVES_PER_BOOSTER = 6_000
# Megabytes of histograms; histograms that do not fit are computed again.
_HISTOGRAMS = 1
# LightGBM searches its next split among all leaves allowed, so that allowing one leaf
# per row costs more than the splits; most trees need at most one leaf for eight rows.
_ROWS_PER_LEAF = 8
# Twice as fast as 255 bins, with the same accuracy on held-out rows (see asv_bench).
_BINS = 127
# LightGBM copies this number of rows to find the bins.
_BINNING_ROWS = 10_000
_PARAMS = {
    "objective": "none",
    "metric": "None",
    "verbosity": -1,
    "learning_rate": 1.0,
    "boost_from_average": False,
    "lambda_l1": 0.0,
    "lambda_l2": 0.0,
    "min_gain_to_split": 0.0,
    "min_data_in_leaf": 0,
    "min_data_in_bin": 1,
    "max_bin": _BINS,
    "bin_construct_sample_cnt": _BINNING_ROWS,
    "feature_pre_filter": False,
    "enable_bundle": False,
    "deterministic": True,
    "histogram_pool_size": _HISTOGRAMS,
}


def plan_all_trees(plan: BagPlan, n_trees: int, target: Target) -> PlannedFit:
    """Plan one fit that grows all trees."""
    trees = BinnedTrees(plan, n_trees, bool(target.n_classes))
    nothing = np.empty(0, dtype=np.intp)
    return PlannedFit(
        Member("trees", trees, "mean", {}),
        Split("bag", None, nothing),
        keep=True,
        cost=1.0,
    )


class BinnedTrees(BaseEstimator):
    """Trees of LightGBM, one per sample, none of which depends on another.

    Parameters
    ----------
    plan : BagPlan
        The samples, and the tree that has the growth parameters.
    n_trees : int
        Number of trees.
    is_binary : bool
        Whether the target holds the codes of two classes.
    n_jobs : int or None, default=None
        Number of threads; None means 1.
    """

    def __init__(self, plan, n_trees, is_binary, n_jobs=None):
        self.plan = plan
        self.n_trees = n_trees
        self.is_binary = is_binary
        self.n_jobs = n_jobs

    def fit(self, X, y):
        """Grow all trees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numeric features; NaN where missing.
        y : ndarray of shape (n_samples,)
            A continuous target, or codes of two classes.

        Returns
        -------
        self : object
        """
        # Gradients have 24 bits: continuous targets are centred, codes are exact.
        self.offset_ = 0.0 if self.is_binary else float(np.mean(y))
        centred = np.asarray(y, dtype=float) - self.offset_
        # A sample that cannot be split has a constant instead of a tree.
        self.constants_ = np.zeros(self.n_trees)
        # Per tree: the number of its booster and its number in this booster.
        self.boosters_: list[Any] = []
        self.positions_ = np.full((self.n_trees, 2), -1)
        grower = _TreeGrower(
            as_float_array(X), self._params(len(y)), self._max_leaves(len(y))
        )
        for k in range(self.n_trees):
            counts = self.plan.counts(k).astype(float)
            n_before = grower.booster.num_trees()
            if not grower.grow(_objective(centred, counts)):
                self.constants_[k] = np.average(centred, weights=counts)
                continue
            self.positions_[k] = len(self.boosters_), n_before
            if grower.n_leaves >= _LEAVES_PER_BOOSTER:
                self.boosters_.append(grower.trees())
                grower.start_booster()
        if grower.booster.num_trees():
            self.boosters_.append(grower.trees())
        return self

    def _params(self, n_rows: int) -> dict[str, Any]:
        tree, wide = self.plan.estimator, self.plan.n_columns > _MAX_ROW_WISE_COLUMNS
        least = tree.min_samples_leaf
        least = np.ceil(least * n_rows) if isinstance(least, float) else least
        return _PARAMS | {
            "num_leaves": min(
                self._max_leaves(n_rows),
                tree.max_leaf_nodes or max(n_rows // _ROWS_PER_LEAF, 64),
            ),
            "max_depth": tree.max_depth or -1,
            # Hessians are counts; subtracting one half guards against rounding.
            "min_sum_hessian_in_leaf": least - 0.5,
            "num_threads": min(self.n_jobs or 1, cpu_count()),
            "force_row_wise": not wide,
            "force_col_wise": wide,
        }

    def _max_leaves(self, n_rows: int) -> int:
        requested = self.plan.estimator.max_leaf_nodes or n_rows
        return int(min(requested, max(n_rows, 2), _MAX_LEAVES))

    def mean(self, X: Any, n_jobs: int | None) -> Array:
        """Predict the mean of all trees.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        n_jobs : int or None
            Number of threads; None means 1.

        Returns
        -------
        predictions : ndarray of shape (n_samples,)
        """
        X = _checked(X)
        total = np.full(len(X), self.constants_.sum())
        for booster in self.boosters_:
            total += booster.predict(X, raw_score=True, num_threads=_threads(n_jobs))
        return self.offset_ + total / self.n_trees

    def mean_proba(self, X: Any, n_jobs: int | None) -> Array:
        """Predict the probabilities of the two classes; see `mean`."""
        return two_columns(self.mean(X, n_jobs))

    def predict_tree(self, index: int, X: Any) -> Array:
        """Predict with one tree.

        Parameters
        ----------
        index : int
            Number of the tree.
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        predictions : ndarray of shape (n_samples,)
        """
        if self.positions_[index, 0] < 0:
            return np.full(len(X), self.offset_ + self.constants_[index])
        return self.offset_ + self._predict_one(index, X, raw_score=True)

    def leaves(self, index: int, X: Any) -> Array:
        """Find the number of the leaf of each row in one tree.

        Parameters
        ----------
        index : int
            Number of the tree.
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        leaves : ndarray of int of shape (n_samples,)
        """
        if self.positions_[index, 0] < 0:
            return np.zeros(len(X), dtype=np.intp)
        return self._predict_one(index, X, pred_leaf=True).reshape(-1).astype(np.intp)

    def _predict_one(self, index: int, X: Any, **options: Any) -> Array:
        booster, tree = self.positions_[index].tolist()
        return np.asarray(
            self.boosters_[booster].predict(
                _checked(X),
                start_iteration=tree,
                num_iteration=1,
                num_threads=1,
                **options,
            )
        )

    def nodes(self, index: int) -> list[tuple[int, dict[str, Any]]]:
        """List the nodes of a tree with their depths.

        Parameters
        ----------
        index : int
            Number of the tree.

        Returns
        -------
        nodes : list of (int, dict)
            Depth of the node and its description by LightGBM.
        """
        if self.positions_[index, 0] < 0:
            return [(0, {})]
        booster, tree = self.positions_[index].tolist()
        model = self.boosters_[booster].dump_model(
            start_iteration=tree, num_iteration=1
        )
        nodes, waiting = [], [(0, model["tree_info"][0]["tree_structure"])]
        while waiting:
            depth, node = waiting.pop()
            nodes.append((depth, node))
            sides = [node[s] for s in ("left_child", "right_child") if s in node]
            waiting += [(depth + 1, side) for side in sides]
        return nodes


class _TreeGrower:
    """Grows trees, with more leaves whenever a tree reaches the limit of leaves.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The features.
    params : dict
        Parameters of LightGBM; its ``num_leaves`` is the first limit.
    max_leaves : int
        The highest limit.
    """

    def __init__(self, X: Array, params: dict[str, Any], max_leaves: int) -> None:
        import lightgbm

        label = np.zeros(len(X), dtype=np.float32)
        self._data = lightgbm.Dataset(X, label=label, params=params)
        self._params = params
        self._limit = params["num_leaves"]
        self._max_leaves = max_leaves
        self._is_calibrated = False
        self.start_booster()

    def start_booster(self) -> None:
        """Start a booster that has no trees."""
        import lightgbm

        # Number of leaves of all trees of the current booster.
        self.n_leaves = 0
        params = self._params | {"num_leaves": self._limit}
        self.booster = lightgbm.Booster(params, self._data)

    def grow(self, objective: Any) -> bool:
        """Grow one tree; return whether there was anything to split.

        Parameters
        ----------
        objective : callable
            Returns gradients and hessians.

        Returns
        -------
        grown : bool
        """
        while not self.booster.update(fobj=objective):
            n_leaves = _n_leaves_of_last_tree(self.booster)
            if n_leaves < self._limit or self._limit >= self._max_leaves:
                self._calibrate(n_leaves)
                self.n_leaves += n_leaves
                return True
            self.booster.rollback_one_iter()
            self._set_limit(min(2 * self._limit, self._max_leaves))
        return False

    def trees(self) -> Any:
        """Copy the current booster without rows and histograms."""
        import lightgbm

        return lightgbm.Booster(model_str=self.booster.model_to_string())

    def _calibrate(self, n_leaves: int) -> None:
        """Set the limit somewhat above the number of leaves of the first tree."""
        if not self._is_calibrated:
            self._is_calibrated = True
            # A tree occupies memory for all leaves allowed until its booster is freed.
            self._set_limit(min(self._limit, n_leaves + n_leaves // 8 + 16))

    def _set_limit(self, n_leaves: int) -> None:
        self._limit = n_leaves
        self.booster.reset_parameter({"num_leaves": n_leaves})


def _n_leaves_of_last_tree(booster: Any) -> int:
    last = booster.current_iteration() - 1
    text = booster.model_to_string(start_iteration=last, num_iteration=1)
    return int(text.partition("num_leaves=")[2].partition("\n")[0])


def _objective(centred: Array, counts: Array) -> Any:
    gradient = -counts * centred
    return lambda raw, data: (gradient, counts)


def _threads(n_jobs: int | None) -> int:
    """Number of threads of a prediction; 0 is all cores in LightGBM."""
    # More threads than cores would end the process if they are very many.
    return 1 if n_jobs is None else min(max(n_jobs, 0), cpu_count())


def _checked(X: Any) -> Array:
    return check_array(as_float_array(X), dtype=None, ensure_all_finite="allow-nan")


def as_float_array(X: Any) -> Array:
    """Convert features to an array of floats, without a copy if they are one."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    X = np.asarray(X)
    return X if X.dtype in (np.float32, np.float64) else X.astype(float)


def two_columns(second: Array) -> Array:
    """Probabilities of both classes from that of the second class."""
    # LightGBM adds 1e-15 to the weight of a leaf: pure leaves are not exactly 0 or 1.
    second = np.clip(np.round(second, 12), 0.0, 1.0)
    return np.column_stack([1.0 - second, second])
