"""Checks of fit parameters with one entry per row: sample weights and groups."""

from typing import Any

import numpy as np


def check_per_row(name: str, values: Any, n_rows: int) -> None:
    """Refuse weights or groups that do not have one entry per row."""
    if isinstance(values, str):
        raise ValueError(
            f"{name}={values!r} must have one entry per row; pass the column itself, "
            f"X[{values!r}]."
        )
    if values is not None and np.shape(values) != (n_rows,):
        raise ValueError(
            f"{name} has shape {np.shape(values)}, expected ({n_rows},): one entry per row."
        )


def check_weights(name: str, values: Any, n_rows: int) -> None:
    """Refuse sample weights that are negative, not finite, or zero in all rows."""
    if values is None:
        return
    check_per_row(name, values, n_rows)
    try:
        weights = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numeric, one per row; got {values!r}."
        ) from error
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(bad):
        raise ValueError(
            f"{name} is {weights[bad[0]]} in row {bad[0]}; all weights must be finite and "
            "zero or more."
        )
    if not weights.any():
        raise ValueError(
            f"{name} is zero in all rows; give at least one row a weight above 0."
        )


def validated_weights(name: str, values: Any, n_rows: int) -> np.ndarray | None:
    """Read sample weights; the error messages are those of scikit-learn's boosting.

    Parameters
    ----------
    name : str
        Name of the weights in ``fit``.
    values : array-like of shape (n_rows,) or None
        The weights.
    n_rows : int
        Number of rows.

    Returns
    -------
    weights : ndarray of float of shape (n_rows,) or None
    """
    if values is None:
        return None
    weights = np.asarray(values, dtype=float)
    # The test suite of scikit-learn matches these two messages.
    if weights.shape != (n_rows,):
        raise ValueError(
            f"{name}.shape == {weights.shape}, expected ({n_rows},): one entry per row."
        )
    if weights.min() < 0:
        raise ValueError(
            f"Negative values in data passed to `{name}`; weights must be zero or more."
        )
    check_weights(name, weights, n_rows)
    return weights
