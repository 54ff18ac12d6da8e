"""Columns made of other columns."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from skensemble.preprocessing._frames import Array, level_names, numeric_matrix
from skensemble.preprocessing._levels import Levels, learn_levels

OPERATIONS = ("sum", "difference", "product", "ratio", "square", "group", "cross")


@dataclass(frozen=True)
class PairFeature:
    """a + b, a - b, a * b, a / b (missing where b is zero), or a² where both are a."""

    operation: str
    a: str
    b: str

    @property
    def name(self) -> str:
        """Name of the column."""
        words = {
            "sum": "plus",
            "difference": "minus",
            "product": "times",
            "ratio": "over",
        }
        if self.operation == "square":
            return f"{self.a} squared"
        return f"{self.a} {words[self.operation]} {self.b}"

    @property
    def parents(self) -> tuple[str, ...]:
        """What it is made of."""
        return (self.a,) if self.a == self.b else (self.a, self.b)

    def values(self, frame: pd.DataFrame, numbers: dict[str, Array]) -> Any:
        """The column for some rows."""
        a, b = numbers[self.a], numbers[self.b]
        if self.operation == "sum":
            return a + b
        if self.operation == "difference":
            return a - b
        if self.operation == "ratio":
            return np.divide(a, b, out=np.full(len(a), np.nan), where=b != 0)
        return a * b


@dataclass(frozen=True)
class GroupDeviation:
    """a less its mean within the level of a category.

    The mean is of a feature, never of the target, so a row may be in its own.
    """

    a: str
    levels: Levels
    means: Array
    operation: str = "group"

    @property
    def name(self) -> str:
        """Name of the column."""
        return f"{self.a} within {self.levels.name}"

    @property
    def parents(self) -> tuple[str, ...]:
        """What it is made of."""
        return (self.a, self.levels.name)

    def values(self, frame: pd.DataFrame, numbers: dict[str, Array]) -> Any:
        """The column for some rows."""
        codes = self.levels.codes(frame[self.levels.name])
        return numbers[self.a] - self.means[codes]


@dataclass(frozen=True)
class CategoryCross:
    """The levels of two categories side by side, as one category."""

    a: str
    b: str
    operation: str = "cross"

    @property
    def name(self) -> str:
        """Name of the column."""
        return f"{self.a} and {self.b}"

    @property
    def parents(self) -> tuple[str, ...]:
        """What it is made of."""
        return (self.a, self.b)

    def values(self, frame: pd.DataFrame, numbers: dict[str, Array]) -> Any:
        """The column for some rows."""
        return _as_strings(frame[self.a]).str.cat(_as_strings(frame[self.b]), sep=" | ")


Candidate = PairFeature | GroupDeviation | CategoryCross


def _as_strings(column: pd.Series) -> pd.Series:
    words = level_names(column.astype(object).where(column.notna(), "missing"))
    return pd.Series(words, index=column.index, dtype="str")


def make_candidates(
    frame: pd.DataFrame, numeric: list[str], categories: list[str], operations: Any
) -> list[Candidate]:
    """All columns that some operations make.

    Parameters
    ----------
    frame : pandas.DataFrame
        Training rows.
    numeric, categories : list of str
        What to make them of.
    operations : collection of str
        Some of `OPERATIONS`.

    Returns
    -------
    candidates : list
        None has the name of a column of the frame.
    """
    made: list[Candidate] = []
    for a, b in combinations(numeric, 2):
        made += [
            PairFeature(how, a, b)
            for how in ("sum", "difference", "product", "ratio")
            if how in operations
        ]
        if "ratio" in operations:
            made.append(PairFeature("ratio", b, a))
    if "square" in operations:
        made += [PairFeature("square", a, a) for a in numeric]
    if "group" in operations:
        numbers = numeric_columns(frame, numeric)
        for c in categories:
            levels = learn_levels(frame[c])
            made += [_group(frame, numbers[a], a, levels) for a in numeric]
    if "cross" in operations:
        made += [CategoryCross(a, b) for a, b in combinations(categories, 2)]
    return [one for one in made if one.name not in frame.columns]


def _group(
    frame: pd.DataFrame, numbers: Array, a: str, levels: Levels
) -> GroupDeviation:
    codes = levels.codes(frame[levels.name])
    known = ~np.isnan(numbers)
    size = len(levels.words) + 1
    counts = np.bincount(codes[known], minlength=size)
    sums = np.bincount(codes[known], numbers[known], minlength=size)
    overall = numbers[known].mean() if known.any() else 0.0
    means = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
    return GroupDeviation(a, levels, np.append(means, overall))


def numeric_columns(frame: pd.DataFrame, names: list[str]) -> dict[str, Array]:
    """Columns of numbers by name."""
    return dict(zip(names, numeric_matrix(frame, names).T, strict=True))
