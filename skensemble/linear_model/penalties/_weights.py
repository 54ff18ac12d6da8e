"""Penalty factors of the columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import Penalty, PenaltyColumns
from skensemble.linear_model.penalties._column_names import value_per_column
from skensemble.linear_model.penalties._parameter_checks import check_alpha

Array = NDArray[Any]


class WeightedPenalty(Penalty):
    """Base class of penalties with a strength and one factor per column."""

    alpha: Any = 0.0
    weights: Any = None

    def check(self) -> None:
        """Refuse a negative strength."""
        check_alpha(self)

    def bind(self, columns: PenaltyColumns) -> Penalty:
        """Return the penalty with one factor per column."""
        self.check()
        if self.weights is None:
            return self
        return self._changed(weights=read_column_factors(self.weights, columns))

    def columns(self, index: Array) -> Penalty:
        """Return the penalty of some of the columns."""
        if self.weights is None:
            return self
        return self._changed(weights=np.asarray(self.weights)[index])


def read_column_factors(weights: Any, columns: PenaltyColumns) -> Array:
    """Read factors: one per column, or a dict of column names."""
    return check_factors(
        value_per_column(weights, columns, "weights", default=1.0), "column"
    )


def check_factors(found: Array, each: str) -> Array:
    """Refuse factors that are negative or not finite."""
    bad = np.flatnonzero(~np.isfinite(found) | (found < 0))
    if len(bad):
        raise ValueError(
            f"weights of the penalty is {found[bad[0]]} for {each} {bad[0]}; factors must "
            "be finite and zero or more."
        )
    return found


def broadcast_to_coef(values: Any, coef: Array) -> Any:
    """Values per column in the type of coefficients, with a shape that broadcasts."""
    if values is None:
        return 1.0
    if isinstance(values, Mapping):
        raise ValueError(
            f"The penalty has values by column name ({list(values)}) and is not bound to "
            "columns; call bind(columns) first."
        )
    found = cast_like(values, coef)
    return found[:, None] if coef.ndim == 2 and found.ndim == 1 else found


def cast_like(values: Any, coef: Array) -> Array:
    """Values in the type of the coefficients, so that float32 stays float32."""
    return np.asarray(values, dtype=np.result_type(coef, np.float32))
