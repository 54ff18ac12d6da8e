"""What is known of a task before anything is fitted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import skew

from skensemble.core import Target
from skensemble.preprocessing import TableEncoder

# Rows that tell what the columns are.
_LOOKED_AT = 20_000
# Of a target that is never negative: beyond this, its logarithm is worth a try.
_SKEWED = 1.0


@dataclass(frozen=True)
class Facts:
    """What is known of a task before anything is fitted.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    n_rows, n_classes : int
        How many there are; no classes for regression.
    smallest_class : int
        Rows of the rarest class.
    kinds : pandas.Series
        The kind of each column.
    skewed : bool
        Whether the target is never negative and has a long tail.
    """

    task: str
    n_rows: int
    n_classes: int
    smallest_class: int
    kinds: pd.Series
    skewed: bool

    def count(self, *kinds: str) -> int:
        """How many columns are of these kinds."""
        return int(self.kinds.isin(kinds).sum())

    @property
    def n_used(self) -> int:
        """Columns that there is something to learn from."""
        return len(self.kinds) - self.count("identifier", "constant", "duplicate")

    @property
    def mostly_high(self) -> bool:
        """Whether most columns are categories of high cardinality."""
        return self.count("high-cardinality") > 0.5 * max(1, self.n_used)


def learn_facts(X: pd.DataFrame, target: Target) -> Facts:
    """Look at a table and its target."""
    y = target.values
    kinds = TableEncoder(target_means="none", texts=0).fit(X.head(_LOOKED_AT)).kinds_
    if target.kind == "continuous":
        skewed = bool(len(y) and y.min() >= 0 and y.std() > 0 and skew(y) > _SKEWED)
        return Facts("regression", len(y), 0, len(y), kinds, skewed)
    task = "binary" if target.n_classes == 2 else "multiclass"
    smallest = int(np.bincount(y).min())
    return Facts(task, len(y), target.n_classes, smallest, kinds, False)
