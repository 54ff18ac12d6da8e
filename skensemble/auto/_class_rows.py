"""The classes of the rows, and the rows that count."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import Target, label_of

Array = NDArray[Any]

# Number of classes that a message names.
_MAX_NAMES = 5


@dataclass(frozen=True)
class ClassRows:
    """The classes of the rows, and the rows that count.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Codes of the classes; zeros for a continuous target.
    counted : ndarray of bool of shape (n_rows,)
        Rows with a positive weight.
    target : Target
        The target, with the labels of the classes.
    """

    codes: Array
    counted: Array
    target: Target

    @property
    def continuous(self) -> bool:
        """Whether there are no classes."""
        return self.target.kind == "continuous"

    @property
    def n_needed(self) -> int:
        """Number of classes without which nothing can be learned or scored."""
        return 1 if self.continuous else 2

    @property
    def counts(self) -> Array:
        """Number of rows per class that count."""
        n_classes = 1 if self.continuous else self.target.n_classes
        return np.bincount(self.codes[self.counted], minlength=n_classes)

    @property
    def learnable(self) -> Array:
        """Mask of the rows whose class has rows that count."""
        return self.counts[self.codes] > 0

    def of(self, rows: Array) -> Array:
        """Return the classes of some rows, without rows that do not count."""
        # Counting is faster than sorting.
        return np.flatnonzero(np.bincount(self.codes[rows[self.counted[rows]]]))

    def listed(self, classes: Array, numbers: Any = None) -> str:
        """List some classes, with their numbers of rows if given."""
        names = [
            label_of(self.target, code)
            + ("" if numbers is None else f" ({n_rows_text(numbers[code])})")
            for code in classes[:_MAX_NAMES]
        ]
        more = len(classes) - len(names)
        return ", ".join(names) + (f" and {more} more" if more else "")


def class_rows(target: Target, sample_weight: Any) -> ClassRows:
    """Return the classes of the rows of a target."""
    n_rows = len(target.values)
    continuous = target.kind == "continuous"
    codes = np.zeros(n_rows, dtype=int) if continuous else target.values
    weighted = sample_weight is not None
    counted = sample_weight > 0 if weighted else np.ones(n_rows, dtype=bool)
    return ClassRows(codes, counted, target)


def n_rows_text(number: int) -> str:
    """Return a number of rows in words."""
    return "1 row" if number == 1 else f"{number} rows"
