"""Measurements of each epoch of a run."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]
# Decades of magnitude: the bins of a histogram of gradients.
_EDGES = np.arange(-12.0, 5.0)


class History:
    """Measurements of a run, one row per epoch.

    ========================  ==========================================================
    `loss`                    training loss: mean over the updates, each before it was
                              made; after the epoch with ``exact_loss=True``
    `validation_loss`         loss of the validation rows after the epoch, if there are
                              any
    `learning_rate`           rate of the last update
    `gradient_norm`           norm of the gradient of the last update, before clipping
    `gradient_histogram`      number of entries of that gradient in each decade
    `update_norm`             norm of the last update
    `update_ratio`            norm of the last update over the norm of the parameters
    `batch_size`              number of rows per batch
    `gradient_noise`          for `GrowingBatch`: squared norm of the noise of a batch's
                              gradient over the squared norm of the gradient
    `seconds`                 wall time
    ========================  ==========================================================

    Parameters
    ----------
    rows : list of dict, optional
        Earlier epochs.

    Attributes
    ----------
    edges : ndarray of shape (17,)
        Edges of the histograms, as log10 of the magnitude: -12, -11, ..., 4. Smaller
        entries (zero too) count in the first bin, larger entries in the last.

    Examples
    --------
    >>> from skensemble.optim import History
    >>> history = History(
    ...     [{"loss": 2.0, "seconds": 0.1}, {"loss": 1.5, "seconds": 0.1}]
    ... )
    >>> history["loss"]
    array([2. , 1.5])
    >>> print(history.to_frame().to_csv().strip())
    epoch,loss,seconds
    0,2.0,0.1
    1,1.5,0.1
    """

    edges = _EDGES

    def __init__(self, rows: list[dict[str, Any]] | None = None) -> None:
        self.rows = [] if rows is None else list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<History of {len(self)} epochs>"

    def __getitem__(self, name: str) -> Array:
        """One column: one entry, or one row of counts, per epoch; NaN where missing."""
        if not any(name in row for row in self.rows):
            known = sorted(set().union(*self.rows))
            raise KeyError(f"{name!r} is not in this history; use one of {known}.")
        return np.array([row.get(name, np.nan) for row in self.rows])

    def to_frame(self) -> pd.DataFrame:
        """Return the measurements as a table, without histograms.

        Returns
        -------
        frame : DataFrame
            One row per epoch.
        """
        rows = [
            {name: value for name, value in row.items() if np.ndim(value) == 0}
            for row in self.rows
        ]
        frame = pd.DataFrame(rows)
        frame.index.name = "epoch"
        return frame


def histogram(gradient: Array) -> Array:
    """Number of entries in each decade of magnitude, of shape (16,)."""
    with np.errstate(divide="ignore"):  # log10 of zero: the first bin
        size = np.log10(np.abs(gradient, dtype=float))
    finite = size[~np.isnan(size)]
    inside = np.clip(finite, _EDGES[0], _EDGES[-1])
    return np.histogram(inside, _EDGES)[0]
