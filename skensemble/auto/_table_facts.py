"""Facts about a table and its target that are known before the first fit."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import skew

from skensemble.core import Target
from skensemble.preprocessing import TableEncoder, infer_column_kinds

# Number of rows, drawn from all rows, from which the kinds of the columns are found,
# and the number of values for wide tables.
_MAX_INSPECTED_ROWS, _MIN_INSPECTED_ROWS = 200_000, 20_000
_MAX_INSPECTED_VALUES = 20_000_000
# A category with more levels has high cardinality; the default of `TableEncoder`.
_HIGH_CARDINALITY = 40
# Skewness of a non-negative target from which its logarithm is tried.
_MIN_SKEWNESS = 1.0


@dataclass(frozen=True)
class TableFacts:
    """Facts about a table and its target.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        The task.
    n_rows, n_classes : int
        Number of rows and of classes; no classes for regression.
    smallest_class : int
        Number of rows of the rarest class.
    kinds : pandas.Series
        Kind of each column, as `TableEncoder.kinds_`. The encoders of all members use
        these kinds, so that they are the same in all folds.
    skewed : bool
        Whether the target is non-negative and has a long tail.
    dropped : dict of str to str, default={}
        Why columns are left out, by name.
    """

    task: str
    n_rows: int
    n_classes: int
    smallest_class: int
    kinds: pd.Series
    skewed: bool
    dropped: dict[str, str] = field(default_factory=dict)

    def count(self, *kinds: str) -> int:
        """Return the number of columns of some kinds."""
        return int(self.kinds.isin(kinds).sum())

    @property
    def regression(self) -> bool:
        """Whether the target is continuous."""
        return self.task == "regression"

    @property
    def n_informative(self) -> int:
        """Number of columns that are neither identifiers, constant nor duplicates."""
        return len(self.kinds) - self.count("identifier", "constant", "duplicate")

    @property
    def mostly_high_cardinality(self) -> bool:
        """Whether most columns are categorical with high cardinality."""
        return self.count("high-cardinality") > 0.5 * max(1, self.n_informative)


def find_facts(X: pd.DataFrame, target: Target, kinds: Any = None) -> TableFacts:
    """Find the facts about a table and its target.

    Parameters
    ----------
    X : pandas.DataFrame
        The table.
    target : Target
        The target.
    kinds : dict of str to str or None, default=None
        Kinds of columns that the user gave.

    Returns
    -------
    facts : TableFacts
    """
    y = target.values
    found, dropped = _find_kinds(X, kinds)
    if target.kind == "continuous":
        tail = len(y) and y.min() >= 0 and y.std() > 0 and skew(y) > _MIN_SKEWNESS
        return TableFacts("regression", len(y), 0, len(y), found, bool(tail), dropped)
    task = "binary" if target.n_classes == 2 else "multiclass"
    smallest = int(np.bincount(y).min())
    return TableFacts(task, len(y), target.n_classes, smallest, found, False, dropped)


def _find_kinds(X: pd.DataFrame, given: Any) -> tuple[pd.Series, dict[str, str]]:
    """Find the kinds of the columns, and warn once about what is left out."""
    n_rows = _MAX_INSPECTED_VALUES // X.shape[1]
    n_rows = int(np.clip(n_rows, _MIN_INSPECTED_ROWS, _MAX_INSPECTED_ROWS))
    inferred = infer_column_kinds(X, given, _HIGH_CARDINALITY, n_rows)
    inferred.check_something_to_learn(len(X))
    inferred.warn()
    _check_values(X, inferred.kinds)
    return inferred.kinds, inferred.dropped


def _check_values(X: pd.DataFrame, kinds: pd.Series) -> None:
    """Encode dates and numbers in strings, which may be refused, before any fit.

    Values that are not numbers or dates cause one warning per column here, and none in
    the folds.
    """
    native = [
        isinstance(dtype, np.dtype) and dtype.kind in "iufb" for dtype in X.dtypes
    ]
    encoded = kinds.isin(["numeric", "boolean", "date-time", "ordinal"])
    names = list(kinds.index[encoded & ~np.array(native)])
    if names:
        encoder = TableEncoder(kinds=kinds[names].to_dict(), target_means="none")
        encoder.fit(X[names])
