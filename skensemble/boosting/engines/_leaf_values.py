"""Values of the leaves of a tree, computed by the loss itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._base import BoostingRows
from skensemble.losses import Loss

Array = NDArray[Any]


def leaf_values(
    loss: Loss,
    rows: BoostingRows,
    raw: Array,
    leaves: Array,
    mask: Array | None,
    column: int,
) -> dict[int, float]:
    """Best constant step of each leaf of one tree.

    Parameters
    ----------
    loss : Loss
        The loss; its method `leaf` gives the best constant of a group of rows.
    rows : BoostingRows
        Training rows.
    raw : ndarray of shape (n,) or (n, k)
        Current raw output.
    leaves : ndarray of int of shape (n,)
        Leaf of each row.
    mask : ndarray of bool or None
        The rows that the round is fitted on.
    column : int
        Column of the raw output that the tree is added to.

    Returns
    -------
    values : dict of int to float
        Value per leaf; leaves without rows are left out.
    """
    counts = np.ones(len(leaves), dtype=bool) if mask is None else mask
    if rows.weight is not None:
        counts = counts & (rows.weight > 0)
    kept = np.flatnonzero(counts)
    order = kept[np.argsort(leaves[kept], kind="stable")]
    names, starts = np.unique(leaves[order], return_index=True)
    values = {}
    for name, group in zip(names, np.split(order, starts[1:]), strict=True):
        weight = None if rows.weight is None else rows.weight[group]
        step = loss.leaf(rows.y[group], raw[group], weight)
        values[int(name)] = float(step if np.ndim(step) == 0 else step[column])
    return values
