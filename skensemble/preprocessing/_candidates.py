"""Candidate features that are computed from other columns."""

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
    """a + b, a - b, a * b, a / b (missing where b is zero), or a² if b is a."""

    operation: str
    a: str
    b: str

    @property
    def name(self) -> str:
        """Name of the feature."""
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
        """Names of the columns from which it is computed."""
        return (self.a,) if self.a == self.b else (self.a, self.b)

    def values(self, frame: pd.DataFrame, numbers: dict[str, Array]) -> Any:
        """Compute the feature."""
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
    """Difference between a and its mean within each level of a category.

    The means are of a feature and not of the target. They include the row itself, which
    does not leak the target.
    """

    a: str
    levels: Levels
    means: Array
    operation: str = "group"

    @property
    def name(self) -> str:
        """Name of the feature."""
        return f"{self.a} within {self.levels.name}"

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the columns from which it is computed."""
        return (self.a, self.levels.name)

    def values(self, frame: pd.DataFrame, numbers: dict[str, Array]) -> Any:
        """Compute the feature."""
        codes = self.levels.codes(frame[self.levels.name])
        return numbers[self.a] - self.means[codes]


@dataclass(frozen=True)
class CategoryCross:
    """Cross of two categories: one level per pair of levels."""

    a: str
    b: str
    operation: str = "cross"

    @property
    def name(self) -> str:
        """Name of the feature."""
        return f"{self.a} and {self.b}"

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the columns from which it is computed."""
        return (self.a, self.b)

    def values(self, frame: pd.DataFrame, numbers: dict[str, Array]) -> Any:
        """Compute the feature."""
        return _as_strings(frame[self.a]).str.cat(_as_strings(frame[self.b]), sep=" | ")


Candidate = PairFeature | GroupDeviation | CategoryCross


def _as_strings(column: pd.Series) -> pd.Series:
    words = level_names(column.astype(object).where(column.notna(), "missing"))
    return pd.Series(words, index=column.index, dtype="str")


def make_candidates(
    frame: pd.DataFrame, numeric: list[str], categories: list[str], operations: Any
) -> list[Candidate]:
    """Create a candidate for each operation and each suitable pair of columns.

    Candidates with the name of an existing column are omitted.
    """
    candidates: list[Candidate] = []
    for a, b in combinations(numeric, 2):
        candidates += [
            PairFeature(operation, a, b)
            for operation in ("sum", "difference", "product", "ratio")
            if operation in operations
        ]
        if "ratio" in operations:
            candidates.append(PairFeature("ratio", b, a))
    if "square" in operations:
        candidates += [PairFeature("square", a, a) for a in numeric]
    if "group" in operations:
        numbers = numeric_columns(frame, numeric)
        for c in categories:
            levels = learn_levels(frame[c])
            candidates += [
                _group_deviation(frame, numbers[a], a, levels) for a in numeric
            ]
    if "cross" in operations:
        candidates += [CategoryCross(a, b) for a, b in combinations(categories, 2)]
    return [one for one in candidates if one.name not in frame.columns]


def _group_deviation(
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
    """Return numeric columns as arrays by name."""
    return dict(zip(names, numeric_matrix(frame, names).T, strict=True))
