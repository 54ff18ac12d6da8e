"""Factors of the columns, as numbers in the order of the columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._contract import Columns, Penalty
from skensemble.linear_model.penalties._naming import numbers
from skensemble.linear_model.penalties._ranges import check_strength

Array = NDArray[Any]


class Weighted(Penalty):
    """A strength, and a factor a column."""

    alpha: Any = 0.0
    weights: Any = None

    def check(self) -> None:
        """Refuse a negative strength."""
        check_strength(self)

    def bind(self, columns: Columns) -> Penalty:
        """Give the penalty with one factor a column."""
        self.check()
        if self.weights is None:
            return self
        return self._changed(weights=bound_weights(self.weights, columns))

    def columns(self, index: Array) -> Penalty:
        """Give the penalty of some of the columns."""
        if self.weights is None:
            return self
        return self._changed(weights=np.asarray(self.weights)[index])


def bound_weights(weights: Any, columns: Columns) -> Array:
    """Read factors: one a column, or those of the columns named."""
    return checked_weights(numbers(weights, columns, "weights", default=1.0), "column")


def checked_weights(found: Array, each: str) -> Array:
    """Refuse factors that are negative or not finite."""
    bad = np.flatnonzero(~np.isfinite(found) | (found < 0))
    if len(bad):
        raise ValueError(
            f"weights of the penalty is {found[bad[0]]} for {each} {bad[0]}; factors must "
            "be finite and zero or more."
        )
    return found


def spread(values: Any, coef: Array) -> Any:
    """Numbers of the columns in a shape and type that go with coefficients."""
    if values is None:
        return 1.0
    if isinstance(values, Mapping):
        raise ValueError(
            f"The penalty names columns ({list(values)}) and is not bound to any; "
            "bind(columns) comes first."
        )
    found = like(values, coef)
    return found[:, None] if coef.ndim == 2 and found.ndim == 1 else found


def like(values: Any, coef: Array) -> Array:
    """Numbers in the type of coefficients, so that float32 stays float32."""
    return np.asarray(values, dtype=np.result_type(coef, np.float32))
