"""Say why a column that looks like numbers or dates stays text."""

import itertools
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.tables._number_formats import are_telephones
from skensemble.tables._number_texts import has_mostly_missing_words
from skensemble.tables._text_columns import TextColumn

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?")
_DIGITS = re.compile(r"\s*[-+\u2212]?[0-9][0-9., \u00a0\u202f\u2009eE+-]*\s*")
# Share of dates from which the other cells are named.
_NEARLY_ALL = 0.5
# First cells, which show whether a longer look is needed.
_SAMPLE = 200


def reason_for_text(column: TextColumn, gaps: NDArray[np.bool_] | None) -> str | None:
    """Return why cells stay text although most of them are numbers or dates.

    Parameters
    ----------
    column : TextColumn
        All cells.
    gaps : ndarray of bool, or None
        Missing cells.

    Returns
    -------
    reason : str or None
        None for usual text.
    """
    cells = column.cells
    if gaps is not None:
        cells = list(itertools.compress(cells, ~gaps))
    sample = cells[:_SAMPLE]
    if sum(map(_is_date, sample)) > _NEARLY_ALL * len(sample):
        return _reason_of_dates(cells)
    # Most texts have no words of digits only, and need no longer look.
    if not any(_DIGITS.fullmatch(cell) for cell in cells):
        return None
    if are_telephones("\n".join(cells)) and all(map(_DIGITS.fullmatch, cells)):
        return "a plus sign stands before its digits, as in telephone numbers"
    if has_mostly_missing_words(cells):
        return (
            "more than half of its cells are words for missing numbers; name them in "
            "missing="
        )
    return None


def _is_date(cell: str) -> bool:
    return _DATE.fullmatch(cell) is not None


def _reason_of_dates(cells: list[str]) -> str | None:
    """Name the cells that are not dates, if most cells are."""
    words = list(dict.fromkeys(cells))
    dates = pd.to_datetime(
        pd.Series(words), format="ISO8601", errors="coerce", utc=True
    )
    others = [
        word
        for word, date in zip(words, dates, strict=True)
        if pd.isna(date) or not _is_date(word)
    ]
    n_others = sum(map(set(others).__contains__, cells))
    if not others or n_others >= _NEARLY_ALL * len(cells):
        return None
    shown = f"{others[:5]}{' and others' if len(others) > 5 else ''}"
    return f"{shown} are not dates, while its other cells are"
