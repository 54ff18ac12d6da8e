"""scikit-learn's forests without the node statistics that predictions do not need.

Forests take more space than all other members together. Each node of a tree stores its
impurity, its number of rows and the value that it would have as a leaf. Without them,
and with thresholds in single precision, the file of a forest is half as large, and its
predictions are the same, bit for bit.
"""

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from skensemble.core import current_deadline

_LEAF = -1
# Number of trees between two looks at the time, which is also the least number.
_TREES_AT_A_TIME = 10


class SlimForestMixin:
    """Drops node statistics after the fit; there is no `feature_importances_`."""

    def fit(self, X, y, sample_weight=None):
        """Fit the trees, and drop what predictions do not need.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        self : estimator
        """
        if current_deadline().at is None:
            super().fit(X, y, sample_weight)  # type: ignore[misc]
        else:
            self._grow_until_deadline(X, y, sample_weight)
        for estimator in self.estimators_:  # type: ignore[attr-defined]
            drop_node_statistics(estimator.tree_)
        return self

    def _grow_until_deadline(self, X, y, sample_weight):
        """Grow some trees at a time: the same trees, or fewer, as time permits."""
        params = self.get_params(deep=False)  # type: ignore[attr-defined]
        n_trees = params["n_estimators"]
        self.set_params(warm_start=True)  # type: ignore[attr-defined]
        try:
            for grown in range(
                _TREES_AT_A_TIME, n_trees + _TREES_AT_A_TIME, _TREES_AT_A_TIME
            ):
                self.n_estimators = min(grown, n_trees)
                super().fit(X, y, sample_weight)  # type: ignore[misc]
                if grown < n_trees and current_deadline().passed():
                    break
        finally:
            self.set_params(**params)  # type: ignore[attr-defined]


class SlimExtraTreesClassifier(SlimForestMixin, ExtraTreesClassifier):
    """Extremely randomized trees for classification."""


class SlimExtraTreesRegressor(SlimForestMixin, ExtraTreesRegressor):
    """Extremely randomized trees for regression."""


class SlimRandomForestClassifier(SlimForestMixin, RandomForestClassifier):
    """Random forest for classification."""


class SlimRandomForestRegressor(SlimForestMixin, RandomForestRegressor):
    """Random forest for regression."""


def drop_node_statistics(tree: Any) -> None:
    r"""Drop, in place, what the predictions of a tree do not need.

    A row, whose features are in single precision, goes left if :math:`x \le t`. The
    same holds for t rounded down to single precision.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        Changed in place.
    """
    # scikit-learn has no public way to set the arrays of a tree except that of a
    # pickle; tests/auto/test_auto_slim_forests.py fails if this stops working.
    state = tree.__getstate__()
    nodes, values = state["nodes"].copy(), state["values"].copy()
    nodes["threshold"] = rounded_down(nodes["threshold"])
    for name in ("impurity", "n_node_samples", "weighted_n_node_samples"):
        nodes[name] = 0
    values[nodes["left_child"] != _LEAF] = 0
    tree.__setstate__(state | {"nodes": nodes, "values": values})


def rounded_down(values: Any) -> Any:
    """Round float64 values down to float32: the largest float32 that is not above."""
    near = values.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > values, below, near)
