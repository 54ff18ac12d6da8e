"""Mini-batches: the rows of each update."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder, check_share, check_whole, named_seed
from skensemble.optim._optimizers import Optimizer
from skensemble.optim._rates import check_finite

Array = NDArray[Any]
# Number of groups of a batch, from which the variance of its gradient is estimated.
_GROUPS = 8


class GrowingBatch(ParameterHolder):
    """Batch size that grows when the gradient is too noisy.

    After each epoch the size of the batch S is multiplied by `factor` if the norm test
    fails: the summed variance of the gradients of single rows, divided by the size of
    S, is above theta² ||g||², with g the gradient on S (Byrd, Chin, Nocedal and Wu,
    "Sample size selection in optimization methods for machine learning", Mathematical
    Programming 134, 2012, section 3). The variance is estimated from eight parts of the
    first batch of the epoch. This costs one more gradient of a batch per epoch.

    Parameters
    ----------
    start : int, default=32
        Number of rows of the first batches.
    factor : float, default=2.0
        Factor by which the size grows, rounded up; a batch never exceeds all rows.
    theta : float, default=0.5
        Largest norm of the noise that is accepted, as a share of the gradient's norm.

    Examples
    --------
    >>> from skensemble.optim import GrowingBatch
    >>> GrowingBatch(start=64, theta=0.9)
    GrowingBatch(start=64, theta=0.9)
    """

    def __init__(self, start=32, factor=2.0, theta=0.5):
        self.start = start
        self.factor = factor
        self.theta = theta

    def check(self) -> None:
        """Refuse parameters out of range."""
        check_whole("start", self.start, 1)
        check_finite("factor", self.factor, lowest=1)
        check_share("theta", self.theta, of="the gradient", all_of_it=True)

    def grown(self, size: int, noise: float) -> int:
        """Return the size of the next batches.

        Parameters
        ----------
        size : int
            Number of rows of the last batches.
        noise : float
            Squared norm of the noise of their gradient, as a share of the squared norm
            of the gradient.

        Returns
        -------
        size : int
            Number of rows.
        """
        if noise <= self.theta**2:
            return size
        return int(np.ceil(size * self.factor))


def as_batch_size(batch_size: Any, optimizer: Optimizer) -> Any:
    """Resolve ``batch_size``: None is "full" for full-batch optimizers, else 32."""
    if batch_size is None:
        return "full" if optimizer.full_batch else 32
    if optimizer.full_batch and batch_size != "full":
        raise ValueError(
            f"batch_size={batch_size!r} cannot be used with {type(optimizer).__name__}, "
            "which needs the gradient on all rows; use batch_size='full', or SGD for "
            "mini-batches."
        )
    if isinstance(batch_size, GrowingBatch):
        batch_size.check()
        return batch_size
    if isinstance(batch_size, str) and batch_size == "full":
        return batch_size
    if isinstance(batch_size, Integral):
        check_whole("batch_size", batch_size, 1)
        return int(batch_size)
    raise ValueError(
        f"batch_size={batch_size!r} must be a number of rows, 'full' or "
        "GrowingBatch(start=...)."
    )


def first_size(batch_size: Any) -> int | None:
    """Number of rows of the first batches; None for all rows."""
    if isinstance(batch_size, GrowingBatch):
        return int(batch_size.start)
    return None if batch_size == "full" else int(batch_size)


def count_updates(n_rows: int, size: int | None, accumulate: int) -> int:
    """Number of updates per epoch."""
    return 1 if size is None else -(-n_rows // (min(size, n_rows) * accumulate))


def order_of(n_rows: int, seed: int, epoch: int) -> Array:
    """Order of the rows in an epoch; it depends on the seed and the epoch only."""
    return np.random.default_rng(named_seed(int(seed), "epoch", epoch)).permutation(
        n_rows
    )


def updates_of(
    n_rows: int, size: int | None, accumulate: int, order: Array | None
) -> Iterator[list[Any]]:
    """Yield the batches of each update of an epoch, as a list of selections of rows.

    A selection is an array of positions, or a slice if rows keep their order.
    """
    if size is None or size >= n_rows:
        yield [slice(None)]
        return
    starts = range(0, n_rows, size)
    for first in range(0, len(starts), accumulate):
        yield [
            _rows(order, start, min(start + size, n_rows))
            for start in starts[first : first + accumulate]
        ]


def _rows(order: Array | None, start: int, stop: int) -> Any:
    return slice(start, stop) if order is None else order[start:stop]


def count_selected(rows: Any, n_rows: int) -> int:
    """Number of rows of a selection."""
    if isinstance(rows, slice):
        return len(range(n_rows)[rows])
    return len(rows)


def gradient_noise(gradient_at: Any, rows: Array) -> float:
    """Squared norm of the noise of a batch's gradient over that of the gradient.

    The variance of the mean of K groups is their sample variance divided by K.
    ``gradient_at(rows)`` returns the flat gradient on some rows. The result is infinite
    if the gradient is zero, and for a single row.
    """
    groups = min(_GROUPS, len(rows))
    each = len(rows) // groups
    found = np.array(
        [gradient_at(rows[k * each : (k + 1) * each]) for k in range(groups)],
        dtype=float,
    )
    mean = found.mean(axis=0)
    size = float(mean @ mean)
    if groups == 1 or size == 0:
        return float("inf")
    return float(found.var(axis=0, ddof=1).sum()) / groups / size
