"""Facts about a table and its target that are known before the first fit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import skew

from skensemble.core import Target
from skensemble.preprocessing import TableEncoder

# Number of rows from which the kinds of the columns are found.
_N_INSPECTED_ROWS = 20_000
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
        Kind of each column, as `TableEncoder.kinds_`.
    skewed : bool
        Whether the target is non-negative and has a long tail.
    """

    task: str
    n_rows: int
    n_classes: int
    smallest_class: int
    kinds: pd.Series
    skewed: bool

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


def find_facts(X: pd.DataFrame, target: Target) -> TableFacts:
    """Find the facts about a table and its target."""
    y = target.values
    encoder = TableEncoder(target_means="none", texts=0)
    kinds = encoder.fit(X.head(_N_INSPECTED_ROWS)).kinds_
    if target.kind == "continuous":
        tail = len(y) and y.min() >= 0 and y.std() > 0 and skew(y) > _MIN_SKEWNESS
        return TableFacts("regression", len(y), 0, len(y), kinds, bool(tail))
    task = "binary" if target.n_classes == 2 else "multiclass"
    smallest = int(np.bincount(y).min())
    return TableFacts(task, len(y), target.n_classes, smallest, kinds, False)
