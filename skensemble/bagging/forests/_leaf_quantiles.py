"""Quantiles of the training targets in the leaves of a forest.

Meinshausen, N. (2006). Quantile regression forests. Journal of Machine Learning
Research 7, 983-999.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.utils.parallel import Parallel, delayed

from skensemble.bagging.forests._out_of_bag import as_tree_input, check_unchanged

Array = NDArray[Any]

# Number of rows to predict whose weights are in memory at a time.
_CHUNK = 1_000
# Sums of weights have rounding errors: one half may be 0.49999999999999994.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class LeafTable:
    r"""The weight of every training row in every leaf.

    A new row :math:`x` falls into the leaf :math:`\ell_b(x)` of tree `b`. For this row,
    training row `i`, drawn :math:`n_{ib}` times for tree `b`, has the weight

    .. math:: w_i(x) = \frac1B \sum_b \frac{n_{ib} [i \in \ell_b(x)]}
        {\sum_j n_{jb} [j \in \ell_b(x)]}

    The prediction of the forest is the mean :math:`\sum_i w_i(x) y_i`.

    Parameters
    ----------
    weights : csr_matrix of shape (n_nodes, n_rows)
        Nodes of all trees, one tree after another.
    starts : ndarray of int of shape (n_trees,)
        First node of each tree.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets of the training rows.
    """

    weights: Any
    starts: Array
    targets: Array

    def quantiles(self, leaves: Array, levels: Array) -> Array:
        """Compute quantiles for new rows.

        Parameters
        ----------
        leaves : ndarray of int of shape (n, n_trees)
            The leaf of each row in each tree.
        levels : ndarray of float of shape (n_levels,)
            Between 0 and 1.

        Returns
        -------
        quantiles : ndarray of shape (n, n_outputs, n_levels)
            The smallest target whose cumulative weight reaches the level.
        """
        quantiles = np.empty((len(leaves), self.targets.shape[1], len(levels)))
        for start in range(0, len(leaves), _CHUNK):
            rows = self.row_weights(leaves[start : start + _CHUNK])
            for k in range(rows.shape[0]):
                part = slice(rows.indptr[k], rows.indptr[k + 1])
                targets, weights = self.targets[rows.indices[part]], rows.data[part]
                for output, values in enumerate(targets.T):
                    quantiles[start + k, output] = quantiles_of(values, weights, levels)
        return quantiles

    def row_weights(self, leaves: Array) -> Any:
        """Compute the weight of each training row for new rows.

        Parameters
        ----------
        leaves : ndarray of int of shape (n, n_trees)
            The leaf of each row in each tree.

        Returns
        -------
        weights : csr_matrix of shape (n, n_rows)
            The weights; each row has sum one.
        """
        n, n_trees = leaves.shape
        leaf_of_row = csr_matrix(
            (
                np.full(n * n_trees, 1 / n_trees),
                (leaves + self.starts).ravel(),
                np.arange(0, n * n_trees + 1, n_trees),
            ),
            shape=(n, self.weights.shape[0]),
        )
        return leaf_of_row @ self.weights


def quantiles_of(values: Array, weights: Array, levels: Array) -> Array:
    """Compute quantiles of weighted values: the smallest that reaches each level."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    thresholds = levels * reached[-1] - _ROUNDING
    return values[order][np.searchsorted(reached, thresholds)]


def leaf_table(forest: Any, X: Any, y: Any) -> LeafTable:
    """Find the training rows in the leaves of a fitted forest."""
    rows = as_tree_input(X)
    check_unchanged(forest, rows)
    parts = Parallel(n_jobs=forest.n_jobs, prefer="threads")(
        delayed(_leaf_weights)(tree, rows, forest._tree_weights(tree))
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
