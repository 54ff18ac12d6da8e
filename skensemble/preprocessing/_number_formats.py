"""Numbers written with marks: "$1,200.50", "1.200,50 €", "12%"."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skensemble.preprocessing._frames import MISSING_WORDS, Array, to_numeric

# The part of a number after its sign, by the mark of its decimals; thousands stand in
# groups of three, so that "1,5" and "10.0.0.1" have none.
_POINT = r"(?:[1-9]\d{0,2}(?:[,'\u2019]\d{3})+|\d+)(?:\.\d*)?|\.\d+"
_COMMA = r"(?:[1-9]\d{0,2}(?:[.'\u2019\s]\d{3})+|\d+)(?:,\d*)?|,\d+"
_CURRENCY = r"[$€£¥₹₩₽₺₴₫₪฿¢]"
_PATTERNS = {
    decimal: re.compile(
        rf"\s*(?P<sign>[-+\u2212]?)\s*(?P<before>{_CURRENCY}?)\s*(?P<sign2>[-+\u2212]?)"
        rf"(?P<number>{digits})\s*(?P<after>(?:{_CURRENCY}|%)?)\s*"
    )
    for decimal, digits in ((".", _POINT), (",", _COMMA))
}
_MIN_PARSED = 0.95


@dataclass(frozen=True)
class FormattedNumbers:
    """A column of numbers with a currency, a per cent sign, or marks between digits.

    Parameters
    ----------
    name : str
        Of the column.
    decimal : {".", ","}
        What stands before the decimals; the other marks stand between thousands.
    """

    name: str
    decimal: str

    @property
    def names(self) -> list[str]:
        """Name of the column made."""
        return [self.name]

    def numbers(self, column: pd.Series) -> Array:
        """The column as numbers; "12%" is 12.

        Parameters
        ----------
        column : pandas.Series
            Numbers, or strings with or without marks.

        Returns
        -------
        numbers : ndarray of shape (n, 1)
        """
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if pd.api.types.is_string_dtype(column.dtype):
            plain = [self._plain(value) for value in column]
            column = pd.Series(plain, column.index, dtype=object, name=column.name)
        numbers = to_numeric(column)
        infinite = np.abs(numbers) > np.finfo(np.float32).max
        return np.where(infinite, np.nan, numbers)[:, None]

    def _plain(self, value: object) -> object:
        """A number as Python writes it; what is none is left as it is."""
        found = _match(value, self.decimal)
        if found is None:
            return value
        digits = re.sub(rf"[^\d{self.decimal}]", "", found["number"])
        below = "-" if {"-", "\u2212"} & {found["sign"], found["sign2"]} else ""
        return below + digits.replace(",", ".")


def _match(value: object, decimal: str) -> re.Match[str] | None:
    return _PATTERNS[decimal].fullmatch(value) if isinstance(value, str) else None


def learn_number_format(column: pd.Series) -> FormattedNumbers | None:
    """Learn how a column of strings writes its numbers.

    Parameters
    ----------
    column : pandas.Series
        Of any dtype.

    Returns
    -------
    marked : FormattedNumbers or None
        None where not nearly all (95 %) different values read so, where there are
        several currencies, per cent in some rows alone, or no marks but points, which
        need no reading of their own.
    """
    if not pd.api.types.is_string_dtype(column.dtype):
        return None
    if pd.api.types.infer_dtype(column, skipna=True) != "string":
        return None
    words = [str(word) for word in column.dropna().unique()]
    said = [word for word in words if word.strip().lower() not in MISSING_WORDS]
    read = {
        decimal: [one for word in said if (one := _match(word, decimal))]
        for decimal in _PATTERNS
    }
    # The first of two that read as many: "1,500" has a thousand more than "1.5".
    decimal = max(read, key=lambda mark: len(read[mark]))
    found = read[decimal]
    if len(found) > _MIN_PARSED * len(said) and _have_one_unit(found):
        return FormattedNumbers(str(column.name), decimal)
    return None


def _have_one_unit(found: list[re.Match[str]]) -> bool:
    """Whether numbers are all of one unit, and some have marks."""
    units = [one["before"] + one["after"] for one in found]
    marked = any(units) or any(set(one["number"]) & set(",'\u2019") for one in found)
    shares = {unit: units.count(unit) / len(units) for unit in set(units) - {""}}
    return marked and len(shares) <= 1 and shares.get("%", 1) > _MIN_PARSED
