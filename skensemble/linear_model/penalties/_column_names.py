"""Positions of columns by name, and values given per column name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import PenaltyColumns

Array = NDArray[Any]

# Largest number of names in a message.
_SHOWN = 20


def column_positions(columns: PenaltyColumns) -> dict[Any, list[int]]:
    """Positions of each name and source column; positions are names, too."""
    found: dict[Any, list[int]] = {j: [j] for j in range(columns.n)}
    for names in (columns.sources, columns.names):
        here: dict[Any, list[int]] = {}
        for j, name in enumerate(names or ()):
            here.setdefault(name, []).append(j)
        found |= here
    return found


def check_column_names(
    keys: Any, known: dict[Any, list[int]], columns: PenaltyColumns, what: str
) -> None:
    """Refuse names and positions that are not in `known` (see `column_positions`)."""
    unknown = [key for key in keys if key not in known]
    if not unknown:
        return
    names = list(dict.fromkeys(columns.sources or columns.names or ()))
    if not names:
        raise ValueError(
            f"{what} of the penalty has unknown columns {unknown}, and X has no column "
            f"names; use a frame, or positions from 0 to {columns.n - 1}."
        )
    more = ", ..." if len(names) > _SHOWN else ""
    shown = ", ".join(map(repr, names[:_SHOWN]))
    raise ValueError(
        f"{what} of the penalty has unknown columns {unknown}; X has [{shown}{more}]."
    )


def value_per_column(
    values: Any, columns: PenaltyColumns, what: str, default: float
) -> Array:
    """One number per column, given in order or by name; `default` for missing names."""
    if isinstance(values, Mapping):
        return _named(values, columns, what, default)
    found = as_floats(values, what)
    if found.shape != (columns.n,):
        raise ValueError(
            f"{what} of the penalty has shape {found.shape}, expected ({columns.n},): "
            "one number per column, or a dict of column names."
        )
    return found


def as_floats(values: Any, what: str) -> Array:
    """Convert to an array of floats, or raise an error that names the parameter."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{what}={values!r} of the penalty must be numbers."
        ) from error


def _named(
    values: Mapping[Any, Any], columns: PenaltyColumns, what: str, default: float
):
    known = column_positions(columns)
    check_column_names(values, known, columns, what)
    found = np.full(columns.n, default)
    # The value of a level overrides the value of its categorical column.
    for key in sorted(values, key=lambda key: -len(known[key])):
        found[known[key]] = as_floats(values[key], f"{what}[{key!r}]")
    return found
