"""Columns by their names: which they are, and the numbers that are said of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._contract import Columns

Array = NDArray[Any]

# A message shows no more names than this.
_SHOWN = 20


def positions(columns: Columns) -> dict[Any, list[int]]:
    """Columns that each name stands for: of a source column all, and each by its place."""
    found: dict[Any, list[int]] = {j: [j] for j in range(columns.n)}
    for names in (columns.sources, columns.names):
        here: dict[Any, list[int]] = {}
        for j, name in enumerate(names or ()):
            here.setdefault(name, []).append(j)
        found |= here
    return found


def check_known(
    keys: Any, known: dict[Any, list[int]], columns: Columns, what: str
) -> None:
    """Refuse names and places that are not among the known, those of `positions`."""
    unknown = [key for key in keys if key not in known]
    if not unknown:
        return
    names = list(dict.fromkeys(columns.sources or columns.names or ()))
    if not names:
        raise ValueError(
            f"{what} of the penalty names {unknown}, but X has no such names; give a "
            f"frame, or places from 0 to {columns.n - 1}."
        )
    more = ", ..." if len(names) > _SHOWN else ""
    shown = ", ".join(map(repr, names[:_SHOWN]))
    raise ValueError(f"{what} of the penalty names {unknown}; X has [{shown}{more}].")


def numbers(values: Any, columns: Columns, what: str, default: float) -> Array:
    """One number a column, given as such or by name; `default` for those not named."""
    if isinstance(values, Mapping):
        return _named(values, columns, what, default)
    found = as_floats(values, what)
    if found.shape != (columns.n,):
        raise ValueError(
            f"{what} of the penalty has shape {found.shape}, expected ({columns.n},): "
            "one number a column, or a dict of column names."
        )
    return found


def as_floats(values: Any, what: str) -> Array:
    """Numbers as an array of floats, refused by name where they are none."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{what}={values!r} of the penalty must be numbers."
        ) from error


def _named(values: Mapping[Any, Any], columns: Columns, what: str, default: float):
    known = positions(columns)
    check_known(values, known, columns, what)
    found = np.full(columns.n, default)
    # What is said of one level of a category goes before what is said of the category.
    for key in sorted(values, key=lambda key: -len(known[key])):
        found[known[key]] = as_floats(values[key], f"{what}[{key!r}]")
    return found
