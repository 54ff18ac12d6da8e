"""Read a text column as numbers if no digit is lost."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.core import MISSING_WORDS
from skensemble.tables._number_formats import NumberFormat, possible_formats

# Words that spreadsheets and instruments write for a missing number.
_MISSING = MISSING_WORDS | {"--", ".", "..", "...", "#n/a", "#na", "#value!", "#div/0!"}
# Largest share of such words in a column of numbers.
_MOST_MISSING = 0.5
# Integers with more digits do not fit into 64 bits.
_MOST_DIGITS = 20
# From this number of digits, an integer may have no equal float.
_EXACT_DIGITS = 16
_NOT_WHOLE = re.compile("[^0-9+\\-\n]")
_NEAR_NUMBER = re.compile("[-+\u2212.,]*(?:[0-9]|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class NumberText:
    """A text column whose cells are numbers or missing, before its format is chosen.

    Parameters
    ----------
    cells : sequence of str
        One number per cell that is not missing.
    missing : ndarray of bool, or None
        Missing cells among all; None if there are none.
    words : dict
        Number of cells per word that is taken for a missing number.
    formats : list of NumberFormat
        Formats in which all cells are numbers, at least one.
    """

    cells: Sequence[str]
    missing: NDArray[np.bool_] | None
    words: dict[str, int]
    formats: list[NumberFormat]

    @cached_property
    def joined(self) -> str:
        """All cells, one per line."""
        return "\n".join(self.cells)

    def choose(self, decimal: str | None) -> NumberFormat | None:
        """Return the first format that has the decimal mark, or no mark at all."""
        fitting = [
            one
            for one in self.formats
            if decimal is None or one.reads_as(self.joined, decimal)
        ]
        return fitting[0] if fitting else None

    def numbers(self, form: NumberFormat) -> Any | None:
        """Return an array, or None if a digit would be lost."""
        plain = form.plain(self.joined)
        whole = _NOT_WHOLE.search(plain) is None
        values = (_whole_numbers if whole else _floats)(plain.split("\n"))
        return None if values is None else _with_gaps(values, self.missing)


def read_numbers(
    cells: Sequence[str],
    missing: NDArray[np.bool_] | None,
    *,
    are_numbers: bool = False,
) -> NumberText | None:
    """Find out whether the cells of a column are numbers.

    Parameters
    ----------
    cells : sequence of str
        All cells.
    missing : ndarray of bool, or None
        Cells that are missing.
    are_numbers : bool, default=False
        Whether the file marks the cells as numbers, so that 12E3 is no code.

    Returns
    -------
    numbers : NumberText or None
        None if a cell is neither a number nor a usual word for a missing number, or if
        more than half of the cells are such words.
    """
    present = cells if missing is None else _selected(cells, ~missing)
    if not present:
        return None
    if are_numbers:
        return NumberText(present, missing, {}, [NumberFormat(".")])
    found = _formats_of(dict.fromkeys(present))
    if found:
        return NumberText(present, missing, {}, found)
    if not all(map(_is_near_number, dict.fromkeys(present))):
        return None
    stripped = [cell.strip() for cell in cells]
    unusual = np.fromiter((one.lower() in _MISSING for one in stripped), bool)
    gaps = unusual if missing is None else unusual | missing
    numbers = _selected(stripped, ~gaps)
    counted = unusual if missing is None else unusual & ~missing
    if not numbers or counted.sum() > _MOST_MISSING * len(present):
        return None
    found = _formats_of(dict.fromkeys(numbers))
    if not found:
        return None
    words = pd.Series(_selected(cells, counted), dtype=object).value_counts()
    counts = {str(word): int(count) for word, count in words.items()}
    return NumberText(numbers, gaps if gaps.any() else None, counts, found)


def _selected(cells: Sequence[str], rows: NDArray[np.bool_]) -> list[str]:
    return [cells[i] for i in np.flatnonzero(rows)]


def _formats_of(words: dict[str, None]) -> list[NumberFormat]:
    joined = "\n".join(words)
    # A cell of several lines is no number.
    return [] if joined.count("\n") >= len(words) else possible_formats(joined)


def _is_near_number(word: str) -> bool:
    """Whether a word may be a number, or missing; most words of texts are neither."""
    word = word.strip()
    return word.lower() in _MISSING or _NEAR_NUMBER.match(word) is not None


def _whole_numbers(plain: list[str]) -> NDArray[Any] | None:
    """Convert to 64-bit integers; None if a number is too large."""
    if max(map(len, plain)) > _MOST_DIGITS + 1:
        return None
    values = list(map(int, plain))
    lowest, highest = min(values), max(values)
    if lowest >= -(2**63) and highest < 2**63:
        return np.array(values, dtype=np.int64)
    unsigned = lowest >= 0 and highest < 2**64
    return np.array(values, dtype=np.uint64) if unsigned else None


def _floats(plain: list[str]) -> NDArray[Any] | None:
    """Convert to the nearest floats; None if an integer or a large number is lost."""
    values = np.fromiter(map(float, plain), float, len(plain))
    infinite = np.flatnonzero(np.isinf(values))
    if any("n" not in plain[i].lower() for i in infinite):
        return None
    long = [one for one in plain if len(one) >= _EXACT_DIGITS]
    whole = [one for one in long if _NOT_WHOLE.search(one) is None]
    return None if any(int(one) != float(one) for one in whole) else values


def _with_gaps(values: NDArray[Any], missing: NDArray[np.bool_] | None) -> Any:
    """Put the values between missing ones; integers become nullable integers."""
    if missing is None:
        return values
    full = np.zeros(len(missing), values.dtype)
    full[~missing] = values
    if values.dtype.kind in "iu":
        return pd.arrays.IntegerArray(full, missing.copy())
    full[missing] = math.nan
    return full


def number_column(
    texts: pd.Series, *, decimal: str | None = None, notes: list[str] | None = None
) -> pd.Series | None:
    """Read a text column as numbers, by the rules of :func:`read_table`.

    Parameters
    ----------
    texts : Series
        Strings; missing values stay missing.
    decimal : {".", ","} or None, default=None
        Decimal mark of the file. It decides on words such as "1,234", which are
        otherwise whole numbers with a thousands separator.
    notes : list or None, default=None
        One line per decision is appended.

    Returns
    -------
    numbers : Series or None
        Numbers with the index and the name of `texts`. Whole numbers have a 64-bit
        integer dtype, which is nullable if values are missing. None if a cell is
        neither a number nor a usual word for a missing number ("NA", "?", "-"), or if
        digits would be lost.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.tables import number_column
    >>> number_column(pd.Series(["60,5", "1.200,75"])).tolist()
    [60.5, 1200.75]
    >>> number_column(pd.Series(["00001", "00002"])) is None
    True
    """
    missing = texts.isna().to_numpy(bool)
    cells = ["" if gap else str(cell) for cell, gap in zip(texts, missing, strict=True)]
    missing = missing | np.array([cell == "" for cell in cells], dtype=bool)
    found = read_numbers(cells, missing if missing.any() else None)
    if found is None:
        return None
    form = found.choose(decimal)
    values = None if form is None else found.numbers(form)
    if values is None:
        return None
    if notes is not None and found.words:
        notes.append(missing_words_note(str(texts.name), found.words))
    return pd.Series(values, index=texts.index, name=texts.name)


def missing_words_note(name: str, words: dict[str, int]) -> str:
    """Describe the words that are missing values of a column of numbers."""
    shown = ", ".join(f"{word!r} ({count})" for word, count in words.items())
    return f"Missing numbers in the column {name!r}: {shown}."
