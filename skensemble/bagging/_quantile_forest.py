"""Quantiles from a forest: its leaves hold a distribution, not only a mean.

Meinshausen, N. (2006). Quantile regression forests. Journal of Machine Learning Research
7, 983-999.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.utils.parallel import Parallel, delayed

from skensemble.bagging._forest_oob import as_trees_see, check_unchanged

Array = NDArray[Any]

# Rows whose weights are held at a time.
_CHUNK = 1_000
# Weights are sums of fractions, so that a half may come as 0.49999999999999994.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class LeafTable:
    r"""The weight of every training row in every leaf.

    A new row :math:`x` falls into one leaf :math:`\ell_b(x)` a tree; training row `i`,
    drawn :math:`n_{ib}` times for tree `b`, has the weight

    .. math:: w_i(x) = \frac1B \sum_b \frac{n_{ib} [i \in \ell_b(x)]}
        {\sum_j n_{jb} [j \in \ell_b(x)]}

    for it. The mean :math:`\sum_i w_i(x) y_i` is what the forest predicts.

    Parameters
    ----------
    weights : csr_matrix of shape (n_nodes, n_rows)
        Nodes of all trees, one tree after another.
    starts : ndarray of int of shape (n_trees,)
        First node of each tree.
    targets : ndarray of shape (n_rows, n_outputs)
        What is true of the training rows.
    """

    weights: Any
    starts: Array
    targets: Array

    def quantiles(self, leaves: Array, levels: Array) -> Array:
        """Give quantiles of new rows.

        Parameters
        ----------
        leaves : ndarray of int of shape (n, n_trees)
            The leaf of each tree that the row falls into.
        levels : ndarray of float of shape (n_levels,)
            Between 0 and 1.

        Returns
        -------
        quantiles : ndarray of shape (n, n_outputs, n_levels)
            The least target whose weight, with that of all lower ones, reaches the
            level.
        """
        found = np.empty((len(leaves), self.targets.shape[1], len(levels)))
        for start in range(0, len(leaves), _CHUNK):
            rows = self.row_weights(leaves[start : start + _CHUNK])
            for k in range(rows.shape[0]):
                part = slice(rows.indptr[k], rows.indptr[k + 1])
                targets, weights = self.targets[rows.indices[part]], rows.data[part]
                for output, values in enumerate(targets.T):
                    found[start + k, output] = quantiles_of(values, weights, levels)
        return found

    def row_weights(self, leaves: Array) -> Any:
        """Give the weight of each training row for new rows.

        Parameters
        ----------
        leaves : ndarray of int of shape (n, n_trees)
            The leaf of each tree that the row falls into.

        Returns
        -------
        weights : csr_matrix of shape (n, n_rows)
            Of sum one in each row.
        """
        n, n_trees = leaves.shape
        falls_into = csr_matrix(
            (
                np.full(n * n_trees, 1 / n_trees),
                (leaves + self.starts).ravel(),
                np.arange(0, n * n_trees + 1, n_trees),
            ),
            shape=(n, self.weights.shape[0]),
        )
        return falls_into @ self.weights


def quantiles_of(values: Array, weights: Array, levels: Array) -> Array:
    """Give quantiles of weighted values: the least that reaches each level."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    wanted = levels * reached[-1] - _ROUNDING
    return values[order][np.searchsorted(reached, wanted)]


def leaf_table(forest: Any, X: Any, y: Any) -> LeafTable:
    """Read from a fitted forest what training rows its leaves hold."""
    rows = as_trees_see(X)
    check_unchanged(forest, rows)
    parts = Parallel(n_jobs=forest.n_jobs, prefer="threads")(
        delayed(_leaf_weights)(tree, rows, forest._weights_in(tree))
        for tree in forest.estimators_
    )
    sizes = [part.shape[0] for part in parts]
    starts = np.cumsum([0, *sizes[:-1]])
    targets = np.asarray(y, dtype=float).reshape(rows.shape[0], -1)
    return LeafTable(vstack(parts, format="csr"), starts, targets)


def _leaf_weights(tree: Any, X: Any, weights: Array) -> Any:
    leaves, n_nodes = tree.apply(X), tree.tree_.node_count
    totals = np.bincount(leaves, weights=weights, minlength=n_nodes)
    rows = np.flatnonzero(weights)
    shares = weights[rows] / totals[leaves[rows]]
    return csr_matrix((shares, (leaves[rows], rows)), shape=(n_nodes, len(weights)))


def check_levels(quantiles: Any) -> Array:
    """Refuse what is no quantile between 0 and 1."""
    try:
        levels = np.asarray(quantiles, dtype=float)
    except (TypeError, ValueError):
        levels = np.array([])
    if levels.ndim > 1 or levels.size == 0 or not ((levels >= 0) & (levels <= 1)).all():
        raise ValueError(
            f"quantiles={quantiles!r} should be one number or a list of numbers, from 0 "
            "to 1, such as [0.05, 0.5, 0.95]."
        )
    return levels
