"""The fast road: unpruned trees of all samples, grown on one binned copy of the rows.

A sample is a count a row. With gradients ``-count * y`` and hessians ``count`` a tree of
LightGBM splits by squared error (for two classes: by Gini's impurity, which is twice that),
and a leaf holds the mean of its rows. Values of a feature are binned, 127 at most, so where
a feature has more values, thresholds are coarser than an exact tree's.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_array

from skensemble.bagging._bag_members import Fitted, Plan
from skensemble.bagging._sampling import BayesianSampler
from skensemble.core import Target
from skensemble.fitting import Member, PlannedFit, Split

Array = NDArray[Any]

BINNED, GENERAL = "binned", "general"
# Fewer rows take an exact tree no time worth saving.
LEAST_ROWS = 10_000
_MOST_LEAVES = 131_072  # LightGBM's own limit
_MOST_ROW_WISE = 100
# A booster is read again from its text once its trees have so many leaves: while they are
# grown, and as text, they take several times the memory that they need afterwards.
_LEAVES_AT_ONCE = 6_000
# Megabytes of histograms; those that do not fit are counted again.
_HISTOGRAMS = 1
# LightGBM looks for its next split among all the leaves it may ever have, so that room for
# one a row costs more than the splits; most trees need no more than one for eight rows.
_ROWS_A_LEAF = 8
# Twice as quick as 255 bins, and no worse on rows held out (asv_bench measures it).
_BINS = 127
# Bins are found from so many rows, of which LightGBM makes a copy.
_ENOUGH_ROWS = 10_000
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
    "bin_construct_sample_cnt": _ENOUGH_ROWS,
    "feature_pre_filter": False,
    "enable_bundle": False,
    "deterministic": True,
    "histogram_pool_size": _HISTOGRAMS,
}
# Parameters of a tree that the engine cannot honour, unless they have such a value.
_NEEDED = {
    "splitter": ("best",),
    "min_samples_split": (2,),
    "min_weight_fraction_leaf": (0,),
    "max_features": (None, 1.0),
    "min_impurity_decrease": (0,),
    "ccp_alpha": (0,),
    "monotonic_cst": (None,),
    "class_weight": (None,),
}


def choose_engine(bag: Any, plan: Plan, X: Any, target: Target) -> str:
    """Say which road a fit takes.

    Parameters
    ----------
    bag : estimator
        Whose `engine` counts.
    plan : Plan
        The members.
    X : array-like
        The features.
    target : Target
        The target.

    Returns
    -------
    engine : {"binned", "general"}
    """
    if bag.engine == GENERAL:
        return GENERAL
    if bag.engine == "auto" and plan.n_rows < LEAST_ROWS:
        return GENERAL
    reason = _of_bag(bag, plan) or _of_tree(plan.estimator, target) or _of_data(X)
    if reason is None:
        return BINNED
    if bag.engine == BINNED:
        raise ValueError(
            f"engine='binned' cannot do this: {reason}. Use engine='general'."
        )
    return GENERAL


def _of_bag(bag: Any, plan: Plan) -> str | None:
    """Why a bag cannot take the fast road."""
    if plan.width < plan.n_columns or plan.repeats_columns:
        return "members see samples of the columns (max_features, bootstrap_features)"
    if isinstance(plan.sampler, BayesianSampler):
        return "sampling='bayesian' gives weights, not counts"
    if bag.warm_start:
        return "warm_start=True adds trees later"
    if bag.time_limit is not None:
        return f"time_limit={bag.time_limit!r} could stop it only as a whole"
    return "members are given fit parameters" if plan.fit_params else None


def _of_tree(tree: Any, target: Target) -> str | None:
    """Why a member cannot take the fast road."""
    if type(tree) not in (DecisionTreeClassifier, DecisionTreeRegressor):
        return f"estimator={tree!r} is no decision tree of scikit-learn"
    if isinstance(tree, DecisionTreeClassifier):
        if target.n_classes != 2:
            return f"y has {target.n_classes} classes, and it knows two"
        criterion = "gini"
    else:
        if target.n_classes or target.values.ndim > 1:
            return "y is not one number a row"
        criterion = "squared_error"
    params = tree.get_params()
    needed = {**_NEEDED, "criterion": (criterion,)}
    for name, known in needed.items():
        if name in params and params[name] not in known:
            return f"{name}={params[name]!r} of the tree, which has to be {known[0]!r}"
    return None


def _of_data(X: Any) -> str | None:
    """Why features cannot take the fast road."""
    if sp.issparse(X):
        return "X is sparse"
    kinds = {np.dtype(X.dtype).kind} if isinstance(X, np.ndarray) else _kinds(X)
    if not kinds <= set("fiub"):
        return "X has columns that are no numbers"
    # The exact trees refuse these, with their own words.
    return "X has infinite values" if np.isinf(_plain(X)).any() else None


def _kinds(frame: Any) -> set[str]:
    if not hasattr(frame, "iloc"):
        frame = frame.to_pandas()
    return {getattr(dtype, "kind", "O") for dtype in frame.dtypes}


def _plain(X: Any) -> Array:
    """Give features as an array of floats, without a copy where they are one."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    X = np.asarray(X)
    return X if X.dtype in (np.float32, np.float64) else X.astype(float)


def forest_fold_fit(plan: Plan, n_trees: int, target: Target) -> PlannedFit:
    """Plan the fit of all trees at once."""
    trees = BinnedTrees(plan, n_trees, bool(target.n_classes))
    nothing = np.empty(0, dtype=np.intp)
    return PlannedFit(
        Member("trees", trees, "mean", {}),
        Split("bag", None, nothing),
        keep=True,
        cost=1.0,
    )


class BinnedTrees(BaseEstimator):
    """Trees of LightGBM, one a sample, each from nothing.

    Parameters
    ----------
    plan : Plan
        The samples, and the tree whose parameters count.
    n_trees : int
        How many.
    classes : bool
        Whether y holds the codes of two classes.
    n_jobs : int or None
        Threads; None is one.
    """

    def __init__(self, plan, n_trees, classes, n_jobs=None):
        self.plan = plan
        self.n_trees = n_trees
        self.classes = classes
        self.n_jobs = n_jobs

    def fit(self, X, y):
        """Grow all trees.

        Parameters
        ----------
        X : array-like of shape (n, p)
            Numbers, NaN where missing.
        y : ndarray of shape (n,)
            Numbers, or codes of two classes.

        Returns
        -------
        self : object
        """
        import lightgbm

        params = self._params(len(y))
        data = lightgbm.Dataset(
            _plain(X), label=np.zeros(len(y), dtype=np.float32), params=params
        )
        # Gradients have 24 bits: numbers are centred, codes are exact as they are.
        self.offset_ = 0.0 if self.classes else float(np.mean(y))
        centred = np.asarray(y, dtype=float) - self.offset_
        # A sample of which no row can be split has no tree, only a mean.
        self.constants_ = np.zeros(self.n_trees)
        # Where the trees are: in which booster, and which of its trees.
        self.boosters_: list[Any] = []
        self.places_ = np.full((self.n_trees, 2), -1)
        room = _Room(params["num_leaves"], self._most_leaves(len(y)))
        booster = room.booster(params, data)
        for k in range(self.n_trees):
            counts = self.plan.counts(k).astype(float)
            before = booster.num_trees()
            if not room.grow(booster, _objective(centred, counts)):
                self.constants_[k] = np.average(centred, weights=counts)
                continue
            self.places_[k] = len(self.boosters_), before
            if room.grown >= _LEAVES_AT_ONCE:
                self.boosters_.append(_only_trees(booster))
                booster = room.booster(params, data)
        if booster.num_trees():
            self.boosters_.append(_only_trees(booster))
        return self

    def _params(self, n_rows: int) -> dict[str, Any]:
        tree, wide = self.plan.estimator, self.plan.n_columns > _MOST_ROW_WISE
        most = self._most_leaves(n_rows)
        least = tree.min_samples_leaf
        least = np.ceil(least * n_rows) if isinstance(least, float) else least
        return _PARAMS | {
            "num_leaves": min(
                most, tree.max_leaf_nodes or max(n_rows // _ROWS_A_LEAF, 64)
            ),
            "max_depth": tree.max_depth or -1,
            # Hessians are counts, so that one half less means the same but for rounding.
            "min_sum_hessian_in_leaf": least - 0.5,
            "num_threads": self.n_jobs or 1,
            "force_row_wise": not wide,
            "force_col_wise": wide,
        }

    def _most_leaves(self, n_rows: int) -> int:
        wanted = self.plan.estimator.max_leaf_nodes or n_rows
        return int(min(wanted, max(n_rows, 2), _MOST_LEAVES))

    def mean(self, X: Any, n_jobs: int | None) -> Array:
        """Predict by the mean of all trees.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.
        n_jobs : int or None
            Threads; None is one.

        Returns
        -------
        predictions : ndarray of shape (n,)
        """
        X = _checked(X)
        total = np.full(len(X), self.constants_.sum())
        for booster in self.boosters_:
            total += booster.predict(X, raw_score=True, num_threads=_threads(n_jobs))
        return self.offset_ + total / self.n_trees

    def mean_proba(self, X: Any, n_jobs: int | None) -> Array:
        """Predict the probabilities of the two classes.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.
        n_jobs : int or None
            Threads; None is one.

        Returns
        -------
        probabilities : ndarray of shape (n, 2)
        """
        return _of_two(self.mean(X, n_jobs))

    def one(self, place: int, X: Any) -> Array:
        """Predict by one tree.

        Parameters
        ----------
        place : int
            Its number.
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        predictions : ndarray of shape (n,)
        """
        if self.places_[place, 0] < 0:
            return np.full(len(X), self.offset_ + self.constants_[place])
        return self.offset_ + self._ask(place, X, raw_score=True)

    def leaves(self, place: int, X: Any) -> Array:
        """Number of the leaf of each row in one tree.

        Parameters
        ----------
        place : int
            Its number.
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        leaves : ndarray of int of shape (n,)
        """
        if self.places_[place, 0] < 0:
            return np.zeros(len(X), dtype=np.intp)
        return self._ask(place, X, pred_leaf=True).reshape(-1).astype(np.intp)

    def _ask(self, place: int, X: Any, **options: Any) -> Array:
        at, tree = self.places_[place].tolist()
        return np.asarray(
            self.boosters_[at].predict(
                _checked(X),
                start_iteration=tree,
                num_iteration=1,
                num_threads=1,
                **options,
            )
        )

    def nodes(self, place: int) -> list[tuple[int, dict[str, Any]]]:
        """List the nodes of a tree, each with its depth.

        Parameters
        ----------
        place : int
            Its number.

        Returns
        -------
        nodes : list of (int, dict)
            As LightGBM describes them.
        """
        if self.places_[place, 0] < 0:
            return [(0, {})]
        at, tree = self.places_[place].tolist()
        model = self.boosters_[at].dump_model(start_iteration=tree, num_iteration=1)
        found, waiting = [], [(0, model["tree_info"][0]["tree_structure"])]
        while waiting:
            depth, node = waiting.pop()
            found.append((depth, node))
            sides = [node[s] for s in ("left_child", "right_child") if s in node]
            waiting += [(depth + 1, side) for side in sides]
        return found


class _Room:
    """Room for the leaves of a tree, enlarged as soon as a tree fills it.

    Parameters
    ----------
    leaves : int
        For how many there is room at first.
    most : int
        How many there may be.
    """

    def __init__(self, leaves: int, most: int) -> None:
        self._leaves = leaves
        self._most = most
        self._fitted = False
        # Leaves that the trees of the booster at hand have together.
        self.grown = 0

    def booster(self, params: dict[str, Any], data: Any) -> Any:
        """Give a booster that has no trees yet.

        Parameters
        ----------
        params : dict
            In LightGBM's words.
        data : lightgbm.Dataset
            The rows.

        Returns
        -------
        booster : lightgbm.Booster
        """
        import lightgbm

        self.grown = 0
        return lightgbm.Booster(params | {"num_leaves": self._leaves}, data)

    def grow(self, booster: Any, objective: Any) -> bool:
        """Grow a tree, and tell whether there was anything to split.

        Parameters
        ----------
        booster : lightgbm.Booster
            What is grown on.
        objective : callable
            Gradients and hessians.

        Returns
        -------
        grown : bool
        """
        while not booster.update(fobj=objective):
            found = _leaves_of_last(booster)
            if found < self._leaves or self._leaves >= self._most:
                self._fit_to(booster, found)
                self.grown += found
                return True
            booster.rollback_one_iter()
            self._set(booster, min(2 * self._leaves, self._most))
        return False

    def _fit_to(self, booster: Any, found: int) -> None:
        """Leave room for somewhat more than the first tree has."""
        if not self._fitted:
            self._fitted = True
            # A tree holds memory for all its room for as long as the booster lives.
            self._set(booster, min(self._leaves, found + found // 8 + 16))

    def _set(self, booster: Any, leaves: int) -> None:
        self._leaves = leaves
        booster.reset_parameter({"num_leaves": leaves})


def _only_trees(booster: Any) -> Any:
    """Read a booster again from its text: it then holds neither rows nor histograms."""
    import lightgbm

    return lightgbm.Booster(model_str=booster.model_to_string())


def _leaves_of_last(booster: Any) -> int:
    last = booster.current_iteration() - 1
    text = booster.model_to_string(start_iteration=last, num_iteration=1)
    return int(text.partition("num_leaves=")[2].partition("\n")[0])


def _objective(centred: Array, counts: Array) -> Any:
    gradient = -counts * centred
    return lambda raw, data: (gradient, counts)


def _threads(n_jobs: int | None) -> int:
    """Threads of a prediction; LightGBM's 0 is all cores."""
    return 1 if n_jobs is None else max(n_jobs, 0)


def _checked(X: Any) -> Array:
    return check_array(_plain(X), dtype=None, ensure_all_finite="allow-nan")


def _of_two(second: Array) -> Array:
    # LightGBM adds 1e-15 to the weight of a leaf, so that a pure one is not quite 0 or 1.
    second = np.clip(np.round(second, 12), 0.0, 1.0)
    return np.column_stack([1.0 - second, second])


def tree_views(forest: BinnedTrees, n_columns: int) -> list[Fitted]:
    """Show each tree as an estimator of its own."""
    columns = np.arange(n_columns)
    if forest.classes:
        codes = np.arange(2)
        return [
            Fitted(k, BinnedTreeClassifier(forest, k), columns, codes)
            for k in range(forest.n_trees)
        ]
    return [
        Fitted(k, BinnedTreeRegressor(forest, k), columns, None)
        for k in range(forest.n_trees)
    ]


class _BinnedTree(BaseEstimator):
    """One tree of a forest, as an estimator.

    Parameters
    ----------
    forest : BinnedTrees
        All trees.
    place : int
        Which.
    """

    def __init__(self, forest, place):
        self.forest = forest
        self.place = place

    def __sklearn_is_fitted__(self):
        return True

    @property
    def n_features_in_(self):
        """Number of features."""
        return self.forest.plan.n_columns

    def apply(self, X):
        """Number of the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        leaves : ndarray of int of shape (n,)
        """
        return self.forest.leaves(self.place, X)

    def get_depth(self):
        """Say how deep the tree is.

        Returns
        -------
        depth : int
        """
        return max(depth for depth, _ in self.forest.nodes(self.place))

    def get_n_leaves(self):
        """Count the leaves.

        Returns
        -------
        n_leaves : int
        """
        nodes = self.forest.nodes(self.place)
        return sum("split_feature" not in node for _, node in nodes)

    @property
    def feature_importances_(self):
        """Share of each feature in what the splits gain."""
        gains = np.zeros(self.n_features_in_)
        for _, node in self.forest.nodes(self.place):
            if "split_feature" in node:
                gains[node["split_feature"]] += node["split_gain"]
        return gains / (gains.sum() or 1.0)


class BinnedTreeRegressor(RegressorMixin, _BinnedTree):
    """One tree of a forest of numbers."""

    def predict(self, X):
        """Predict the mean of the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        predictions : ndarray of shape (n,)
        """
        return self.forest.one(self.place, X)


class BinnedTreeClassifier(ClassifierMixin, _BinnedTree):
    """One tree of a forest of two classes, whose labels are their codes."""

    @property
    def classes_(self):
        """The codes of the classes."""
        return np.arange(2)

    def predict_proba(self, X):
        """Predict the shares of the classes in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n, 2)
        """
        return _of_two(self.forest.one(self.place, X))

    def predict_log_proba(self, X):
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        logarithms : ndarray of shape (n, 2)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X):
        """Predict the code of the larger class in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, p)
            The rows.

        Returns
        -------
        codes : ndarray of int of shape (n,)
        """
        return self.predict_proba(X).argmax(axis=1)
