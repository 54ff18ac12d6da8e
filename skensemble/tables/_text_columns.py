"""A column of strings, stored as one text so that it is checked by compiled code."""

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# The dtype of text; before pandas 3, missing values are possible in objects only.
STRINGS: Any = "str" if int(pd.__version__.partition(".")[0]) >= 3 else object


class TextColumn:
    """The cells of a column.

    Parameters
    ----------
    parts : list of str or list
        Parts of the column, one after another: cells that are joined by line ends, or
        a list of cells if a cell contains a line end.
    """

    def __init__(self, parts: list[str | list[str]]):
        self.parts = parts

    @classmethod
    def of(cls, cells: Sequence[str]) -> "TextColumn":
        """Make a column of cells."""
        return cls([join(cells)])

    @cached_property
    def joined(self) -> str | None:
        """All cells, one per line; None if a cell has several lines."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "\n".join(texts) if len(texts) == len(self.parts) else None

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return sum(
            part.count("\n") + 1 if isinstance(part, str) else len(part)
            for part in self.parts
        )

    @cached_property
    def cells(self) -> list[str]:
        """All cells."""
        if self.joined is not None:
            return self.joined.split("\n")
        lists = (one.split("\n") if isinstance(one, str) else one for one in self.parts)
        return list(itertools.chain.from_iterable(lists))

    def gaps(self, missing: frozenset[str]) -> NDArray[np.bool_] | None:
        """Mark the missing cells; None if there are none."""
        if missing == {""} and self.joined is not None:
            found = "\n\n" in f"\n{self.joined}\n"
        else:
            found = not missing.isdisjoint(self.cells)
        if not found:
            return None
        return np.fromiter(map(missing.__contains__, self.cells), bool, len(self.cells))

    def present(self, gaps: NDArray[np.bool_] | None) -> str | None:
        """Cells that are not missing, one per line; None if a cell has several."""
        if gaps is None:
            return self.joined
        joined = join(list(itertools.compress(self.cells, ~gaps)))
        return joined if isinstance(joined, str) else None

    def strings(self, gaps: NDArray[np.bool_] | None) -> Any:
        """Return an array of strings with missing values."""
        strings = pd.array(self.cells, dtype=STRINGS)
        if gaps is not None:
            strings[gaps] = np.nan
        return strings


def join(cells: Sequence[str]) -> str | list[str]:
    """Join cells by line ends, unless a cell contains one."""
    joined = "\n".join(cells)
    return joined if joined.count("\n") == len(cells) - 1 else list(cells)
