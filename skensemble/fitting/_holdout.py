"""The validation rows of early stopping."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from skensemble.core import check_choice, check_share

Array = NDArray[Any]

HOLDOUT_CHOICES = ("random", "last")


def inner_split(
    y: Array,
    *,
    fraction: float,
    how: str,
    stratify: bool,
    groups: Any,
    seed: int,
    name: str = "validation_fraction",
) -> tuple[Array, Array]:
    """Split rows into training rows and validation rows.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, k)
        The target, classes as codes.
    fraction : float
        Share of validation rows.
    how : {"random", "last"}
        Random rows, or the last block of rows for rows in order of time.
    stratify : bool
        Whether both sides keep the shares of the classes.
    groups : array-like of shape (n,) or None
        All rows of a group stay on one side.
    seed : int
        Seed of the random choice.
    name : str, default="validation_fraction"
        Name of the parameter, for messages.

    Returns
    -------
    train, validation : ndarrays of int
    """
    rows = np.arange(len(y))
    check_share(name, fraction, of="rows")
    check_choice("validation", how, list(HOLDOUT_CHOICES))
    if how == "last":
        first = len(y) - max(1, round(fraction * len(y)))
        if first < 1:
            raise ValueError(
                f"{name}={fraction!r} leaves no training rows of {len(y)}; use a smaller "
                "share."
            )
        return rows[:first], rows[first:]
    try:
        if groups is not None:
            splitter = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
            return next(splitter.split(rows, groups=groups))
        return train_test_split(
            rows,
            test_size=fraction,
            random_state=seed,
            stratify=y.astype(float) if stratify else None,
        )
    except ValueError as error:
        raise ValueError(
            f"{name}={fraction!r} cannot split the {len(y)} rows: {error} Use another "
            "share, or merge rare classes or small groups."
        ) from error
