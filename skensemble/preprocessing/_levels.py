"""The levels of a category, most frequent first, and codes for them."""

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

_FEW_ROWS = 16


@dataclass(frozen=True)
class Levels:
    """The levels of one column: code 0 is the most frequent.

    A missing value has the code `len(words)`, a level never seen -1.

    Parameters
    ----------
    name : str
        The column.
    words : pandas.Index of str
        The levels.
    counts : ndarray of shape (len(words) + 1,)
        How often each was seen, and last how often it was missing.
    """

    name: str
    words: pd.Index
    counts: Array

    @cached_property
    def places(self) -> dict[str, int]:
        """The code of each level."""
        return {word: code for code, word in enumerate(self.words)}

    @cached_property
    def dtype(self) -> pd.CategoricalDtype:
        """The levels as a dtype of pandas."""
        return pd.CategoricalDtype(self.words)

    @cached_property
    def full_dtype(self) -> pd.CategoricalDtype:
        """The same with a level for what is missing, and one for what was never seen."""
        extra = clean_names([*self.words, "missing", "unseen"])[-2:]
        return pd.CategoricalDtype(self.words.append(pd.Index(extra, dtype="str")))

    def codes(self, column: pd.Series) -> Array:
        """Codes of a column.

        Parameters
        ----------
        column : pandas.Series
            Its rows.

        Returns
        -------
        codes : ndarray of int of shape (n,)
        """
        missing = len(self.words)
        if len(column) <= _FEW_ROWS and isinstance(column.dtype, pd.StringDtype):
            # Faster for the few rows that a service asks about.
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
        """How many levels have `rare` rows or more; they have the lowest codes."""
        return int((self.counts[:-1] >= rare).sum())

    def category(self, codes: Array) -> pd.Categorical:
        """The column as a pandas category; missing and unseen are NaN."""
        inside = np.where(codes == len(self.words), -1, codes)
        return pd.Categorical.from_codes(inside, dtype=self.dtype)

    def full_category(self, codes: Array) -> pd.Categorical:
        """The column as a pandas category without missing values."""
        inside = np.where(codes < 0, len(self.words) + 1, codes)
        return pd.Categorical.from_codes(inside, dtype=self.full_dtype)


def learn_levels(column: pd.Series) -> Levels:
    """Learn the levels of a column.

    Parameters
    ----------
    column : pandas.Series
        Training rows.

    Returns
    -------
    levels : Levels
    """
    raw, words = factorize(column)
    counts = np.bincount(raw + 1, minlength=len(words) + 1)
    seen = pd.Series(counts[1:], index=pd.Index(words, dtype=object))
    if not seen.index.is_unique:
        seen = seen.groupby(level=0).sum()
    # The name decides among equals, so that the order of rows does not.
    seen = seen[seen > 0].sort_index().sort_values(ascending=False, kind="stable")
    # Strings of one plain dtype, however the column was kept.
    index = pd.Index(seen.index.to_numpy(dtype=object), dtype="str")
    return Levels(str(column.name), index, np.append(seen.to_numpy(), counts[0]))


def learn_order(column: pd.Series) -> list[str]:
    """The levels of an ordered category, in their order.

    Parameters
    ----------
    column : pandas.Series
        An ordered category; of another column the values are sorted.

    Returns
    -------
    words : list of str
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return level_names(column.cat.categories)
    values = list(column.dropna().unique())
    try:
        return level_names(sorted(values))
    except TypeError:
        return sorted(level_names(values))


@dataclass(frozen=True)
class OneHot:
    """Columns of 0 and 1 for the frequent levels of a column.

    Rare levels share one column, a missing value has its own; a level never seen counts
    as rare. Two columns that say the same become one.

    Parameters
    ----------
    places : ndarray of shape (len(levels.words) + 2,)
        The column of each code (the last is for -1), or -1 for none.
    names : tuple of str
        Names of the columns.
    """

    places: Array
    names: tuple[str, ...]


def one_hot(levels: Levels, *, rare: int, most: int | None = None) -> OneHot:
    """Plan the columns of 0 and 1 of a category.

    Parameters
    ----------
    levels : Levels
        Its levels.
    rare : int
        Levels with fewer rows share a column.
    most : int or None
        At most so many levels have a column of their own.

    Returns
    -------
    plan : OneHot
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
