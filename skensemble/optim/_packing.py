"""Arrays of parameters in one: a step then costs the same for one array or ten."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shapes = tuple[tuple[int, ...], ...]


def pack(params: Sequence[Any]) -> tuple[Array, Shapes]:
    """Copy arrays into one, flat.

    Parameters
    ----------
    params : sequence of array-like
        Of one type; whole numbers count as float64.

    Returns
    -------
    flat : ndarray of shape (p,)
        All entries.
    shapes : tuple of tuple of int
        Of each array.
    """
    if isinstance(params, np.ndarray) or not params:
        raise ValueError(
            "params must be a list of arrays, one at least; give [params] for one array."
        )
    arrays = [np.asarray(p) for p in params]
    types = {a.dtype if a.dtype.kind == "f" else np.dtype(float) for a in arrays}
    if len(types) > 1:
        raise ValueError(
            f"params are of several types, {sorted(map(str, types))}; cast them to one."
        )
    flat = np.concatenate([a.ravel() for a in arrays]).astype(types.pop())
    if not np.isfinite(flat).all():
        raise ValueError("params hold NaN or infinity; begin at finite numbers.")
    return flat, tuple(a.shape for a in arrays)


def views(flat: Array, shapes: Shapes) -> list[Array]:
    """The arrays again, as views of the flat one."""
    found, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        found.append(flat[start:stop].reshape(shape))
        start = stop
    return found


class ShapedViews:
    """Views of a flat array, made anew only when another array is asked for.

    Parameters
    ----------
    flat : ndarray of shape (p,)
        The array at first.
    shapes : tuple of tuple of int
        Of the views.
    """

    def __init__(self, flat: Array, shapes: Shapes) -> None:
        self._flat, self._shapes = flat, shapes
        self._views = views(flat, shapes)

    def of(self, flat: Array) -> list[Array]:
        """Give the views of an array.

        Parameters
        ----------
        flat : ndarray of shape (p,)
            The array.

        Returns
        -------
        views : list of ndarray
        """
        if flat is not self._flat:
            self._flat, self._views = flat, views(flat, self._shapes)
        return self._views


def pack_flags(flags: Sequence[Any] | None, shapes: Shapes) -> Array | None:
    """One flag for each entry, flat, from one for each array or entry."""
    if flags is None:
        return None
    each = [np.broadcast_to(f, shape) for f, shape in zip(flags, shapes, strict=True)]
    return np.concatenate([e.ravel() for e in each])
