"""Splits forward in time: fit on the past, predict the next block of rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import TimeSeriesSplit

from skensemble.fitting import Split

Array = NDArray[Any]

# Number of rows before the last time without which nothing can be fitted.
_MIN_TRAIN_ROWS = 4


def forward_splits(times: Array, n_splits: int) -> list[Split]:
    r"""Split rows into blocks of time; each block but the first is predicted once.

    The distinct times are cut into :math:`k + 1` blocks of about equal numbers of rows.
    Split :math:`i` fits on the first :math:`i` blocks and holds out the next one. Rows
    of equal time are in one block. There are fewer splits if there are few times.

    Parameters
    ----------
    times : ndarray of int of shape (n_rows,)
        Ranks of the times of the rows, in any order; two ranks or more.
    n_splits : int
        Number k of splits.

    Returns
    -------
    splits : list of Split

    Raises
    ------
    ValueError
        If too few rows lie before the last time.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.auto._forward_splits import forward_splits
    >>> times = np.array([2, 1, 0, 0, 1, 2, 0, 1, 2, 0, 1, 2])
    >>> [(s.train.tolist(), s.test.tolist()) for s in forward_splits(times, 2)]
    [([2, 3, 6, 9], [1, 4, 7, 10]), ([1, 2, 3, 4, 6, 7, 9, 10], [0, 5, 8, 11])]
    """
    block = _blocks(np.bincount(times), n_splits)[times]
    return [
        Split(k, np.flatnonzero(block <= k), np.flatnonzero(block == k + 1))
        for k in range(block.max())
    ]


def _blocks(counts: Array, n_splits: int) -> Array:
    """Return the block of each time, given the number of rows of each time."""
    n_rows, before = counts.sum(), np.cumsum(counts) - counts
    needed = min(_MIN_TRAIN_ROWS, n_rows // 2)
    if before[-1] < needed:
        raise ValueError(
            f"time: only {before[-1]} of {n_rows} rows lie before the last time, which "
            "are too few to fit on; use finer times, or time=None."
        )
    middle = (before + counts / 2) / n_rows
    blocks = np.floor(middle * (n_splits + 1)).astype(int)
    # Times with too few rows before them cannot be predicted.
    first = blocks <= blocks[np.flatnonzero(before < needed)[-1]]
    first[-1] = False
    blocks[first] = -1
    return np.unique(blocks, return_inverse=True)[1]


def are_forward(cv: Any, splits: list[Split]) -> bool:
    """Return whether all training rows of each split lie before its held-out rows.

    A single split of this kind may also be a holdout of rows in random order, so that
    it counts only if it comes from a `TimeSeriesSplit`.
    """
    if len(splits) < 2 and not isinstance(cv, TimeSeriesSplit):
        return False
    return all(
        split.train is not None and split.train.max() < split.test.min()
        for split in splits
    )
