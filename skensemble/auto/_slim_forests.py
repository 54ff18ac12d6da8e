"""scikit-learn's forests without the numbers that predictions do not need.

Forests weigh more than all other members together. Of each node a tree keeps its impurity
and rows, and what it would say if it were a leaf; without them, and with thresholds of half
the digits, a file of a forest is half as large, and says the same, bit for bit.
"""

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

_LEAF = -1


class Slim:
    """A forest that is slimmed when it is grown; it has no `feature_importances_`."""

    def fit(self, X, y, sample_weight=None):
        """Grow the trees, and leave out what predictions do not need.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.
        y : array-like of shape (n,)
            Their target.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        self : Slim
        """
        super().fit(X, y, sample_weight)  # type: ignore[misc]
        for one in self.estimators_:  # type: ignore[attr-defined]
            slim(one.tree_)
        return self


class SlimExtraTreesClassifier(Slim, ExtraTreesClassifier):
    """Extremely randomised trees for classes."""


class SlimExtraTreesRegressor(Slim, ExtraTreesRegressor):
    """Extremely randomised trees for numbers."""


class SlimRandomForestClassifier(Slim, RandomForestClassifier):
    """A random forest for classes."""


class SlimRandomForestRegressor(Slim, RandomForestRegressor):
    """A random forest for numbers."""


def slim(tree: Any) -> None:
    r"""Leave out of a tree what its predictions do not need.

    A row, whose numbers are of 32 bits, goes left if :math:`x \le t`; so it does if t is
    rounded down to 32 bits.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        Changed in place.
    """
    # scikit-learn has no public way to set the numbers of a tree but that of a pickle;
    # tests/auto/test_auto_slim_forests.py tells when it no longer does.
    state = tree.__getstate__()
    nodes, values = state["nodes"].copy(), state["values"].copy()
    nodes["threshold"] = rounded_down(nodes["threshold"])
    for name in ("impurity", "n_node_samples", "weighted_n_node_samples"):
        nodes[name] = 0
    values[nodes["left_child"] != _LEAF] = 0
    tree.__setstate__(state | {"nodes": nodes, "values": values})


def rounded_down(numbers: Any) -> Any:
    """Give the largest numbers of 32 bits that are not above those given.

    Parameters
    ----------
    numbers : ndarray of float64
        The numbers.

    Returns
    -------
    rounded : ndarray of float32
    """
    near = numbers.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > numbers, below, near)
