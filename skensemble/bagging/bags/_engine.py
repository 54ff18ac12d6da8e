"""The choice between the two engines that fit the members."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble.bagging.bags._binned_trees import as_float_array
from skensemble.bagging.bags._members import BagPlan
from skensemble.bagging.bags._sampling import BayesianSampler
from skensemble.core import Target, as_pandas

BINNED, GENERAL = "binned", "general"
# With fewer rows, exact trees are fast enough.
LEAST_ROWS = 10_000
# The binned engine supports only these values of these parameters of a tree.
_SUPPORTED = {
    "splitter": ("best",),
    "min_samples_split": (2,),
    "min_weight_fraction_leaf": (0,),
    "max_features": (None, 1.0),
    "min_impurity_decrease": (0,),
    "ccp_alpha": (0,),
    "monotonic_cst": (None,),
    "class_weight": (None,),
}


def choose_engine(bag: Any, plan: BagPlan, X: Any, target: Target) -> str:
    """Choose the engine of a fit by the parameter `engine` and the data.

    Parameters
    ----------
    bag : estimator
        The ensemble.
    plan : BagPlan
        The plan of its members.
    X : array-like of shape (n_samples, n_features)
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
    reason = (
        _unsupported_options(bag, plan)
        or _unsupported_member(plan.estimator, target)
        or _unsupported_features(X)
    )
    if reason is None:
        return BINNED
    if bag.engine == BINNED:
        raise ValueError(
            f"engine='binned' does not support this fit: {reason}. Use engine='general'."
        )
    return GENERAL


def _unsupported_options(bag: Any, plan: BagPlan) -> str | None:
    """Find a parameter of the ensemble that the binned engine does not support."""
    if plan.n_drawn_columns < plan.n_columns or plan.repeats_columns:
        return "members use samples of the columns (max_features, bootstrap_features)"
    if isinstance(plan.sampler, BayesianSampler):
        return "sampling='bayesian' gives weights, not counts"
    if bag.warm_start:
        return "warm_start=True adds trees later"
    if bag.time_limit is not None:
        return f"time_limit={bag.time_limit!r} would have to stop all trees at once"
    return "fit parameters are passed to the members" if plan.fit_params else None


def _unsupported_member(tree: Any, target: Target) -> str | None:
    """Find what the binned engine does not support in a member."""
    if type(tree) not in (DecisionTreeClassifier, DecisionTreeRegressor):
        return f"estimator={tree!r} is not a decision tree of scikit-learn"
    if isinstance(tree, DecisionTreeClassifier):
        if target.n_classes != 2:
            return f"y has {target.n_classes} classes instead of two"
        criterion = "gini"
    else:
        if target.n_classes or target.values.ndim > 1:
            return "y has several outputs"
        criterion = "squared_error"
    params = tree.get_params()
    supported = {**_SUPPORTED, "criterion": (criterion,)}
    for name, values in supported.items():
        if name in params and params[name] not in values:
            return f"{name}={params[name]!r} of the tree, which must be {values[0]!r}"
    return None


def _unsupported_features(X: Any) -> str | None:
    """Find what the binned engine does not support in the features."""
    if sp.issparse(X):
        return "X is sparse"
    kinds = {np.dtype(X.dtype).kind} if isinstance(X, np.ndarray) else _dtype_kinds(X)
    if not kinds <= set("fiub"):
        return "X has columns that are not numeric"
    # Exact trees refuse infinite values with scikit-learn's message.
    return "X has infinite values" if np.isinf(as_float_array(X)).any() else None


def _dtype_kinds(frame: Any) -> set[str]:
    return {getattr(dtype, "kind", "O") for dtype in as_pandas(frame).dtypes}
