"""Arrays of parameters packed into one flat array, so that a step is one operation."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shapes = tuple[tuple[int, ...], ...]


def pack(params: Sequence[Any]) -> tuple[Array, Shapes]:
    """Copy arrays of one type into one flat array; integers are cast to float64.

    Returns
    -------
    flat : ndarray of shape (p,)
        All entries.
    shapes : tuple of tuple of int
        Shape of each array.
    """
    if isinstance(params, np.ndarray) or not params:
        raise ValueError(
            "params must be a list of one or more arrays; use [params] for one array."
        )
    arrays = [np.asarray(p) for p in params]
    types = {a.dtype if a.dtype.kind == "f" else np.dtype(float) for a in arrays}
    if len(types) > 1:
        raise ValueError(
            f"params have several types, {sorted(map(str, types))}; cast them to one."
        )
    flat = np.concatenate([a.ravel() for a in arrays]).astype(types.pop())
    if not np.isfinite(flat).all():
        raise ValueError("params contain NaN or infinity; start at finite values.")
    return flat, tuple(a.shape for a in arrays)


def views(flat: Array, shapes: Shapes) -> list[Array]:
    """Views of a flat array in the shapes of the packed arrays."""
    found, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        found.append(flat[start:stop].reshape(shape))
        start = stop
    return found


class ShapedViews:
    """Views of the latest flat array, cached until another array is passed.

    Parameters
    ----------
    flat : ndarray of shape (p,)
        The first array.
    shapes : tuple of tuple of int
        Shapes of the views.
    """

    def __init__(self, flat: Array, shapes: Shapes) -> None:
        self._flat, self._shapes = flat, shapes
        self._views = views(flat, shapes)

    def of(self, flat: Array) -> list[Array]:
        """Return the views of a flat array."""
        if flat is not self._flat:
            self._flat, self._views = flat, views(flat, self._shapes)
        return self._views


def pack_flags(flags: Sequence[Any] | None, shapes: Shapes) -> Array | None:
    """One flag per entry, flat, from flags per array or per entry."""
    if flags is None:
        return None
    each = [np.broadcast_to(f, shape) for f, shape in zip(flags, shapes, strict=True)]
    return np.concatenate([e.ravel() for e in each])
