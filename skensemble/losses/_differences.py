"""Derivatives by central differences, for losses without closed forms."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_EPS = float(np.finfo(float).eps)


def rows(values: Array) -> Array:
    """One loss per row: the sum of the entries of a row."""
    return values.sum(axis=1) if values.ndim == 2 else values


def slope(f: Callable[[Array], Array], raw: Array) -> Array:
    """First derivative of `f` with respect to each entry of `raw`.

    Parameters
    ----------
    f : callable
        Returns the loss per row, or per entry, at a raw output.
    raw : ndarray of shape (n,) or (n, k)
        The point.

    Returns
    -------
    slope : ndarray of the shape of `raw`
    """

    def one(column: Callable[[Array], Array], at: Array) -> Array:
        # The cube root of the precision balances truncation and rounding here.
        step = _EPS ** (1 / 3) * np.maximum(1, np.abs(at))
        high, low = at + step, at - step
        return (rows(f(column(high))) - rows(f(column(low)))) / (high - low)

    return _by_column(one, raw)


def curvature(f: Callable[[Array], Array], raw: Array) -> Array:
    """Second derivative of `f` with respect to each entry of `raw`.

    Parameters
    ----------
    f : callable
        Returns the loss per row, or per entry, at a raw output.
    raw : ndarray of shape (n,) or (n, k)
        The point.

    Returns
    -------
    curvature : ndarray of the shape of `raw`
        Correct to about eight digits.
    """
    here = rows(f(np.asarray(raw, dtype=float)))

    def one(column: Callable[[Array], Array], at: Array) -> Array:
        step = _EPS**0.25 * np.maximum(1, np.abs(at))
        high, low = rows(f(column(at + step))), rows(f(column(at - step)))
        return (high - 2 * here + low) / step**2

    return _by_column(one, raw)


def slope_of_gradient(gradient: Callable[[Array], Array], raw: Array) -> Array:
    """Derivative of each entry of a gradient with respect to that entry of `raw`.

    Parameters
    ----------
    gradient : callable
        Returns an array of the shape of `raw`.
    raw : ndarray of shape (n,) or (n, k)
        The point.

    Returns
    -------
    diagonal : ndarray of the shape of `raw`
    """
    if raw.ndim == 1:
        return slope(gradient, raw)
    columns = [
        slope(lambda at, j=j: gradient(at)[:, j], raw)[:, j]  # type: ignore[misc]
        for j in range(raw.shape[1])
    ]
    return np.column_stack(columns)


def _by_column(derivative: Callable[..., Array], raw: Array) -> Array:
    """Compute a derivative for one column of `raw` after the other."""
    raw = np.asarray(raw, dtype=float)
    if raw.ndim == 1:
        return derivative(lambda at: at, raw)

    def replaced(j: int) -> Callable[[Array], Array]:
        def column(at: Array) -> Array:
            moved = raw.copy()
            moved[:, j] = at
            return moved

        return column

    found = [derivative(replaced(j), raw[:, j]) for j in range(raw.shape[1])]
    return np.column_stack(found)
