"""Parse formatted numbers: "$1,200.50", "1.200,50 €", "12%"."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skensemble.preprocessing._frames import MISSING_WORDS, Array, to_numeric

# Patterns of the digits with a decimal point and with a decimal comma. Thousands
# separators stand between groups of three digits, so that "1,5" and "10.0.0.1" have
# none.
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
# Smallest share of the values that a format must parse.
_MIN_PARSED = 0.95


@dataclass(frozen=True)
class FormattedNumbers:
    """A column with a currency, a percent sign, or thousands separators.

    Parameters
    ----------
    name : str
        Name of the column.
    decimal : {".", ","}
        Decimal separator. Other marks between digits are thousands separators.
    """

    name: str
    decimal: str

    @property
    def names(self) -> list[str]:
        """Name of the encoded column."""
        return [self.name]

    def numbers(self, column: pd.Series) -> Array:
        """Parse a column as numbers, shape (n_samples, 1); "12%" becomes 12."""
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if pd.api.types.is_string_dtype(column.dtype):
            plain = [self._plain(value) for value in column]
            column = pd.Series(plain, column.index, dtype=object, name=column.name)
        numbers = to_numeric(column)
        infinite = np.abs(numbers) > np.finfo(np.float32).max
        return np.where(infinite, np.nan, numbers)[:, None]

    def _plain(self, value: object) -> object:
        """Write a number in Python's format; other values are returned unchanged."""
        found = _match(value, self.decimal)
        if found is None:
            return value
        digits = re.sub(rf"[^\d{self.decimal}]", "", found["number"])
        below = "-" if {"-", "\u2212"} & {found["sign"], found["sign2"]} else ""
        return below + digits.replace(",", ".")


def _match(value: object, decimal: str) -> re.Match[str] | None:
    return _PATTERNS[decimal].fullmatch(value) if isinstance(value, str) else None


def learn_number_format(column: pd.Series) -> FormattedNumbers | None:
    """Learn the number format of a column.

    Returns
    -------
    format : FormattedNumbers or None
        None if at most 95 % of the different values are formatted numbers, if there are
        several currencies, if only some rows have a percent sign, or if the numbers
        have no marks other than decimal points.
    """
    if not pd.api.types.is_string_dtype(column.dtype):
        return None
    if pd.api.types.infer_dtype(column, skipna=True) != "string":
        return None
    words = [str(word) for word in column.dropna().unique()]
    words = [word for word in words if word.strip().lower() not in MISSING_WORDS]
    matches = {
        decimal: [one for word in words if (one := _match(word, decimal))]
        for decimal in _PATTERNS
    }
    # If both formats match equally many values, `max` takes the decimal point: "1,500"
    # is 1500.
    decimal = max(matches, key=lambda mark: len(matches[mark]))
    found = matches[decimal]
    if len(found) > _MIN_PARSED * len(words) and _have_one_unit(found):
        return FormattedNumbers(str(column.name), decimal)
    return None


def _have_one_unit(found: list[re.Match[str]]) -> bool:
    """Whether all numbers have the same unit, and some have marks."""
    units = [one["before"] + one["after"] for one in found]
    marked = any(units) or any(set(one["number"]) & set(",'\u2019") for one in found)
    shares = {unit: units.count(unit) / len(units) for unit in set(units) - {""}}
    return marked and len(shares) <= 1 and shares.get("%", 1) > _MIN_PARSED
