"""What each epoch of a run did."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]
# Decades of magnitudes that a histogram of gradients tells apart.
_EDGES = np.arange(-12.0, 5.0)


class History:
    """What each epoch of a run did, one row an epoch.

    ========================  ==========================================================
    `loss`                    training loss: mean over the updates, each before it was
                              made; after the epoch with ``exact_loss=True``
    `validation_loss`         after the epoch, where there are validation rows
    `learning_rate`           of the last update
    `gradient_norm`           of the last update, before clipping
    `gradient_histogram`      how many entries of that gradient lie in each decade
    `update_norm`             size of the last update
    `update_ratio`            the same as a share of the size of the parameters
    `batch_size`              rows of a batch
    `gradient_noise`          for `GrowingBatch`: size of the noise of a batch's gradient,
                              squared, as a share of the gradient's
    `seconds`                 wall time
    ========================  ==========================================================

    Parameters
    ----------
    rows : list of dict, optional
        Earlier epochs.

    Attributes
    ----------
    edges : ndarray of shape (17,)
        Edges of the histograms, as log10 of the magnitude: -12, -11, ..., 4. What lies
        beyond, zero too, counts in the first and the last bin.

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
        """One column, an entry (or a row of counts) an epoch; NaN where it has none."""
        if not any(name in row for row in self.rows):
            known = sorted(set().union(*self.rows))
            raise KeyError(f"{name!r} is not in this history; it has {known}.")
        return np.array([row.get(name, np.nan) for row in self.rows])

    def to_frame(self) -> pd.DataFrame:
        """Give a table of the numbers, without histograms.

        Returns
        -------
        frame : DataFrame
            One row an epoch.
        """
        rows = [
            {name: value for name, value in row.items() if np.ndim(value) == 0}
            for row in self.rows
        ]
        frame = pd.DataFrame(rows)
        frame.index.name = "epoch"
        return frame


def histogram(gradient: Array) -> Array:
    """How many entries lie in each decade of magnitude, of shape (16,)."""
    with np.errstate(divide="ignore"):  # log10 of zero: the first bin
        size = np.log10(np.abs(gradient, dtype=float))
    finite = size[~np.isnan(size)]
    inside = np.clip(finite, _EDGES[0], _EDGES[-1])
    return np.histogram(inside, _EDGES)[0]
