"""Levels of categories, sorted by frequency, and their codes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from skensemble.preprocessing._frames import (
    Array,
    clean_names,
    factorize,
    level_names,
)

# Largest number of rows whose codes are computed by a loop.
_SMALL_BATCH = 16


@dataclass(frozen=True)
class Levels:
    """The levels of a category; code 0 is the most frequent level.

    A missing value has the code ``len(words)``, and an unseen level has the code -1.

    Parameters
    ----------
    name : str
        Name of the column.
    words : pandas.Index of str
        The levels.
    counts : ndarray of shape (len(words) + 1,)
        Number of rows with each level, and with a missing value.
    """

    name: str
    words: pd.Index
    counts: Array

    @cached_property
    def places(self) -> dict[str, int]:
        """Codes by level."""
        return {word: code for code, word in enumerate(self.words)}

    @cached_property
    def dtype(self) -> pd.CategoricalDtype:
        """Categorical dtype of pandas with these levels."""
        return pd.CategoricalDtype(self.words)

    @cached_property
    def full_dtype(self) -> pd.CategoricalDtype:
        """Categorical dtype with added levels for missing and for unseen values."""
        extra = clean_names([*self.words, "missing", "unseen"])[-2:]
        return pd.CategoricalDtype(self.words.append(pd.Index(extra, dtype="str")))

    def codes(self, column: pd.Series) -> Array:
        """Return the codes of a column, an ndarray of int of shape (n_samples,)."""
        missing = len(self.words)
        if len(column) <= _SMALL_BATCH and isinstance(column.dtype, pd.StringDtype):
            # For a few rows, a loop is faster than `factorize`.
            values = column.to_list()
            known = [
                self.places.get(value, -1) if isinstance(value, str) else missing
                for value in values
            ]
            return np.array(known, dtype=np.intp)
        raw, words = factorize(column)
        codes = [*(self.places.get(word, -1) for word in words), missing]
        return np.array(codes, dtype=np.intp)[raw]

    def frequent(self, rare: int) -> int:
        """Number of levels with at least `rare` rows; they have the lowest codes."""
        return int((self.counts[:-1] >= rare).sum())

    def category(self, codes: Array) -> pd.Categorical:
        """Return a categorical; missing values and unseen levels are NaN."""
        inside = np.where(codes == len(self.words), -1, codes)
        return pd.Categorical.from_codes(inside, dtype=self.dtype)

    def full_category(self, codes: Array) -> pd.Categorical:
        """Return a categorical with levels for missing values and unseen levels."""
        inside = np.where(codes < 0, len(self.words) + 1, codes)
        return pd.Categorical.from_codes(inside, dtype=self.full_dtype)


def learn_levels(column: pd.Series) -> Levels:
    """Learn the levels of a column of the training data."""
    raw, words = factorize(column)
    counts = np.bincount(raw + 1, minlength=len(words) + 1)
    seen = pd.Series(counts[1:], index=pd.Index(words, dtype=object))
    if not seen.index.is_unique:
        seen = seen.groupby(level=0).sum()
    # Levels of equal frequency are sorted by name, so that the order of rows does not
    # matter.
    seen = seen[seen > 0].sort_index().sort_values(ascending=False, kind="stable")
    # The levels have the dtype "str" whatever the dtype of the column is.
    index = pd.Index(seen.index.to_numpy(dtype=object), dtype="str")
    return Levels(str(column.name), index, np.append(seen.to_numpy(), counts[0]))


def learn_order(column: pd.Series) -> list[str]:
    """Return the levels of an ordered category, or the sorted values of a column."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return level_names(column.cat.categories)
    values = list(column.dropna().unique())
    try:
        return level_names(sorted(values))
    except TypeError:
        return sorted(level_names(values))


@dataclass(frozen=True)
class OneHot:
    """One-hot columns of the levels of a category.

    Rare levels share one column, which also encodes unseen levels. Missing values have
    a column of their own. Of two complementary columns, only the first is kept.

    Parameters
    ----------
    places : ndarray of shape (len(levels.words) + 2,)
        Position of the column of each code, or -1 for none. The last entry is for
        code -1.
    names : tuple of str
        Names of the columns.
    """

    places: Array
    names: tuple[str, ...]


def choose_one_hot(levels: Levels, *, rare: int, most: int | None = None) -> OneHot:
    """Choose the one-hot columns of a category.

    Levels with fewer than `rare` rows share a column, and at most `most` levels have a
    column of their own.
    """
    total = len(levels.words)
    kept = min(levels.frequent(rare), most or total)
    names = [f"{levels.name} {word}" for word in levels.words[:kept]]
    places = np.full(total + 2, -1)
    places[:kept] = np.arange(kept)
    if kept < total:
        places[kept:total] = places[-1] = len(names)
        names.append(f"{levels.name} rare")
    if levels.counts[-1]:
        places[total] = len(names)
        names.append(f"{levels.name} missing")
    if len(names) == 2:
        places = np.where(places == 1, -1, places)
        names = names[:1]
    return OneHot(places, tuple(names))
