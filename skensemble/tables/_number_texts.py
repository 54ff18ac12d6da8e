"""Read a text column as numbers if no digit is lost."""

import contextlib
import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.core import MISSING_WORDS
from skensemble.tables._number_formats import (
    NumberFormat,
    formats_of_plain,
    is_plain,
    possible_formats,
)
from skensemble.tables._text_columns import TextColumn

# Words that spreadsheets and instruments write for a missing number.
_MISSING = MISSING_WORDS | {"--", ".", "..", "...", "#n/a", "#na", "#value!", "#div/0!"}
# Largest share of such words in a column of numbers.
_MOST_MISSING = 0.5
# Integers with more digits do not fit into 64 bits.
_MOST_DIGITS = 20
# From this number of digits, an integer may have no equal float.
_EXACT_DIGITS = 16
_LONG_WHOLE = re.compile(rf"\n([+\-]?[0-9]{{{_EXACT_DIGITS},}})(?=\n)")
_NOT_WHOLE = ".,eEnN"
_NEAR_NUMBER = re.compile("[-+\u2212.,]*(?:[0-9]|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class NumberText:
    """A text column whose cells are numbers or missing, before its format is chosen.

    Parameters
    ----------
    joined : str
        Cells that are not missing, one per line.
    gaps : ndarray of bool, or None
        Missing cells among all; None if there are none.
    formats : list of NumberFormat
        Formats in which all cells are numbers, at least one.
    plain : ndarray or None, default=None
        The numbers in the format of Python, if they were read already.
    words : dict, default={}
        Number of cells per word that is taken for a missing number.
    """

    joined: str
    gaps: NDArray[np.bool_] | None
    formats: list[NumberFormat]
    plain: NDArray[Any] | None = None
    words: dict[str, int] = field(default_factory=dict)

    def choose(self, decimal: str | None) -> NumberFormat | None:
        """Return the first format that has the decimal mark, or no mark at all."""
        fitting = [
            one
            for one in self.formats
            if decimal is None or one.reads_as(self.joined, decimal)
        ]
        return fitting[0] if fitting else None

    def are_whole(self, form: NumberFormat) -> bool:
        """Whether no number has a decimal mark or an exponent."""
        return not any(mark in form.plain(self.joined) for mark in _NOT_WHOLE)

    def numbers(self, form: NumberFormat) -> Any | None:
        """Return an array, or None if a digit would be lost."""
        values = self.plain if form.is_plain else None
        if values is None:
            values = _converted(form.plain(self.joined))
        return None if values is None else _with_gaps(values, self.gaps)


def read_numbers(
    column: TextColumn, gaps: NDArray[np.bool_] | None, *, are_numbers: bool = False
) -> NumberText | None:
    """Find out whether the cells of a column are numbers.

    Parameters
    ----------
    column : TextColumn
        All cells.
    gaps : ndarray of bool, or None
        Cells that are missing.
    are_numbers : bool, default=False
        Whether the file marks the cells as numbers, so that 12E3 is no code.

    Returns
    -------
    numbers : NumberText or None
        None if a cell is neither a number nor a usual word for a missing number, or if
        more than half of the cells are such words.
    """
    joined = column.present(gaps)
    if not joined:
        return None
    if are_numbers:
        return NumberText(joined, gaps, [NumberFormat(".")])
    found = _all_numbers(joined, gaps)
    if found is not None or not all(map(_is_near_number, joined.split("\n"))):
        return found
    return _with_missing_words(column, gaps, joined.count("\n") + 1)


def _all_numbers(joined: str, gaps: NDArray[np.bool_] | None) -> NumberText | None:
    values, formats = None, []
    if is_plain(joined):
        # "1-2" and "1.234.567" have the characters of a number.
        with contextlib.suppress(ValueError):
            values = _converted(joined)
            formats = [] if values is None else formats_of_plain(joined)
    if values is None:
        formats = possible_formats(joined)
    return NumberText(joined, gaps, formats, values) if formats else None


def _with_missing_words(
    column: TextColumn, gaps: NDArray[np.bool_] | None, n_present: int
) -> NumberText | None:
    """Read numbers among words such as "NA", and numbers with spaces around them."""
    stripped = [cell.strip() for cell in column.cells]
    unusual = np.fromiter((one.lower() in _MISSING for one in stripped), bool)
    counted = unusual if gaps is None else unusual & ~gaps
    gaps = unusual if gaps is None else unusual | gaps
    joined = "\n".join(itertools.compress(stripped, ~gaps))
    if not joined or counted.sum() > _MOST_MISSING * n_present:
        return None
    found = _all_numbers(joined, gaps if gaps.any() else None)
    if found is None:
        return None
    words = Counter(itertools.compress(column.cells, counted))
    return replace(found, words=dict(words.most_common()))


def _converted(plain: str) -> NDArray[Any] | None:
    """Convert lines in the format of Python; None if a digit would be lost."""
    if any(mark in plain for mark in _NOT_WHOLE):
        return _floats(plain)
    return _whole_numbers(plain.split("\n"))


def has_mostly_missing_words(cells: Sequence[str]) -> bool:
    """Whether cells are numbers among too many words for missing numbers."""
    words = [cell.strip() for cell in cells]
    numbers = [word for word in words if word.lower() not in _MISSING]
    if not numbers or len(words) - len(numbers) <= _MOST_MISSING * len(words):
        return False
    return _all_numbers("\n".join(numbers), None) is not None


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


def _floats(joined: str) -> NDArray[Any] | None:
    """Convert to the nearest floats; None if an integer or a large number is lost."""
    plain = joined.split("\n")
    values = np.fromiter(map(float, plain), float, len(plain))
    infinite = np.flatnonzero(np.isinf(values))
    if any("n" not in plain[i].lower() for i in infinite):
        return None
    long = _LONG_WHOLE.findall(f"\n{joined}\n")
    return None if any(int(one) != float(one) for one in long) else values


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
    pairs = zip(texts, missing, strict=True)
    column = TextColumn.of(["" if gap else str(cell) for cell, gap in pairs])
    found = read_numbers(column, column.gaps(frozenset([""])))
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
