"""What is given one entry a row: weights, groups."""

from typing import Any

import numpy as np


def check_per_row(name: str, values: Any, n_rows: int) -> None:
    """Refuse weights or groups of another length than the data.

    Parameters
    ----------
    name : str
        What they are called in ``fit``.
    values : array-like or None
        The entries.
    n_rows : int
        Number of rows.
    """
    if values is not None and np.shape(values) != (n_rows,):
        raise ValueError(
            f"{name} has shape {np.shape(values)}, expected ({n_rows},): one entry a row."
        )
