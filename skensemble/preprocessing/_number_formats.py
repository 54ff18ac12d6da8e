"""Parse formatted numbers: "$1,200.50", "1.200,50 €", "12%", "71.3 kg", "(1,234)"."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skensemble.preprocessing._durations import Durations, learn_durations
from skensemble.preprocessing._frames import (
    MISSING_WORDS,
    Array,
    is_numpy_numeric,
    to_numeric,
)
from skensemble.preprocessing._units import (
    CURRENCY,
    Suffix,
    read_suffix,
    same_unit,
)

# Patterns of the digits with a decimal point and with a decimal comma. Thousands
# separators stand between groups of three digits, so that "1,5" and "10.0.0.1" have
# none. In India, groups of two digits stand before the last three.
_POINT = (
    r"(?:[1-9]\d{0,2}(?:[,'\u2019]\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|\d+)(?:\.\d*)?"
    r"|\.\d+"
)
_COMMA = r"(?:[1-9]\d{0,2}(?:[.'\u2019\s]\d{3})+|\d+)(?:,\d*)?|,\d+"
_SIGN = "[-+\u2212]?"
# A currency, or words such as "kg", "km/h", "m²", "Mio. €", "per month".
_AFTER = (
    rf"{CURRENCY}|[%‰\"″+]|°?\s?[^\W\d_]+[²³23]?\.?"
    rf"(?:\s?[/*·^]?\s?(?:\d*[^\W\d_]+[²³23]?\.?|{CURRENCY}))?"
)
_PATTERNS = {
    decimal: re.compile(
        rf"\s*(?P<compared>[<>≤≥~≈]=?)?\s*(?P<open>\()?\s*(?P<sign>{_SIGN})\s*"
        rf"(?P<before>(?:{CURRENCY})?)\s*(?P<open2>\()?(?P<sign2>{_SIGN})"
        rf"(?P<number>(?:{digits})(?:[eE][-+]?\d+)?)"
        rf"(?P<minus>-?)\s*(?P<after>(?:{_AFTER})?)\s*(?P<close>\))?\s*"
    )
    for decimal, digits in ((".", _POINT), (",", _COMMA))
}
# Smallest share of the values that a format must parse.
MIN_PARSED = 0.95
# Smallest share of the values that have a unit, if some have one.
_MIN_WITH_UNIT = 0.5


@dataclass(frozen=True)
class FormattedNumbers:
    """A column with a currency, a unit, a percent sign, or thousands separators.

    Parameters
    ----------
    name : str
        Name of the column.
    decimal : {".", ","}
        Decimal separator. Other marks between digits are thousands separators.
    unit : str or None, default=None
        The unit of the training data, "" for none. Numbers in another unit are treated
        as missing. None accepts any unit.
    bare_scale : bool, default=True
        Whether "k" and "M" without a currency mean thousands and millions.
    """

    name: str
    decimal: str
    unit: str | None = None
    bare_scale: bool = True

    @property
    def names(self) -> list[str]:
        """Name of the encoded column."""
        return [self.name]

    def numbers(self, column: pd.Series) -> Array:
        """Parse a column as numbers, shape (n_samples, 1); "12%" becomes 12."""
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if pd.api.types.is_string_dtype(column.dtype):
            known = {value: self._plain(value) for value in column.dropna().unique()}
            plain = [known.get(value, value) for value in column]
            column = pd.Series(plain, column.index, dtype=object, name=column.name)
        numbers = to_numeric(column)
        infinite = np.abs(numbers) > np.finfo(np.float32).max
        return np.where(infinite, np.nan, numbers)[:, None]

    def _plain(self, value: object) -> object:
        """Return a number in the learned unit; other values are returned unchanged."""
        found = _match(value, self.decimal)
        if found is None:
            return value
        suffix = read_suffix(found["before"], found["after"], self.bare_scale)
        known = self.unit is None or suffix.unit in ("", "%")
        if not known and not same_unit(suffix.unit, self.unit or ""):
            return value
        return _number(found, self.decimal) * suffix.factor


def _match(value: object, decimal: str) -> re.Match[str] | None:
    found = _PATTERNS[decimal].fullmatch(value) if isinstance(value, str) else None
    if found is None or bool(found["open"] or found["open2"]) != bool(found["close"]):
        return None
    return found


def _number(found: re.Match[str], decimal: str) -> float:
    mantissa, _, exponent = found["number"].lower().partition("e")
    digits = re.sub(rf"[^\d{decimal}]", "", mantissa).replace(",", ".")
    size = float(f"{digits}e{exponent or 0}")
    signs = {found["sign"], found["sign2"], found["minus"]}
    # Accountants write negative amounts in brackets.
    return -size if found["close"] or signs & {"-", "\u2212"} else size


def learn_number_format(
    column: pd.Series, least_share: float = MIN_PARSED
) -> FormattedNumbers | Durations | None:
    """Learn the format of the numbers of a column of strings.

    Parameters
    ----------
    column : pandas.Series
        The column.
    least_share : float, default=0.95
        The share of the different values that must be parsed.

    Returns
    -------
    format : FormattedNumbers, Durations or None
        None if too few of the different values are formatted numbers or durations, if
        there are several currencies or units, if only some rows have a percent sign, or
        if the numbers have no marks other than decimal points.
    """
    words = _different_words(column)
    if not words:
        return None
    decimal, found = _best_decimal(words)
    if len(found) > least_share * len(words):
        bare = _scales_stand_alone(found)
        units = count_units(found, bare)
        if _are_marked(found) and _have_one_unit(units, len(found)):
            unit = next((unit for unit in units if unit), "")
            return FormattedNumbers(str(column.name), decimal, unit, bare)
    return learn_durations(str(column.name), words, least_share)


def units_of(column: pd.Series) -> list[str]:
    """Return the units of a column of numbers that is not in one unit, else nothing."""
    words = _different_words(column)
    _, found = _best_decimal(words)
    if len(found) <= MIN_PARSED * len(words):
        return []
    bare = _scales_stand_alone(found)
    units = count_units(found, bare)
    return [] if _have_one_unit(units, len(found)) else [u or "none" for u in units]


def _different_words(column: pd.Series) -> list[str]:
    """Return the different words of a column of strings or times of day."""
    if is_numpy_numeric(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return []
    if pd.api.types.infer_dtype(column, skipna=True) not in ("string", "time"):
        return []
    words = [str(word) for word in column.dropna().unique()]
    return [word for word in words if word.strip().lower() not in MISSING_WORDS]


def _best_decimal(words: list[str]) -> tuple[str, list[re.Match[str]]]:
    """Return the decimal mark that parses most of the words, and their matches."""
    matches = {
        decimal: [one for word in words if (one := _match(word, decimal))]
        for decimal in _PATTERNS
    }
    # If both formats match equally many values, `max` takes the decimal point: "1,500"
    # is 1500.
    decimal = max(matches, key=lambda mark: len(matches[mark]))
    return decimal, matches[decimal]


def _scales_stand_alone(found: list[re.Match[str]]) -> bool:
    """Whether "k" and "M" are thousands and millions: there are no other units."""
    units = {read_suffix(one["before"], one["after"], True).unit for one in found}
    return not any(unit and not re.fullmatch(CURRENCY, unit) for unit in units)


def count_units(found: list[re.Match[str]], bare: bool) -> Counter[str]:
    """Count the units of numbers, "" for none; the most frequent spelling is kept."""
    suffixes: list[Suffix] = [
        read_suffix(one["before"], one["after"], bare) for one in found
    ]
    counts: Counter[str] = Counter()
    for unit, count in Counter(suffix.unit for suffix in suffixes).most_common():
        known = next((one for one in counts if same_unit(one, unit)), unit)
        counts[known] += count
    return counts


def _are_marked(found: list[re.Match[str]]) -> bool:
    """Whether some numbers have marks that Python's numbers do not have."""
    marks = ("before", "after", "compared", "close", "minus")
    return any(
        any(one[mark] for mark in marks) or set(one["number"]) & set(",'\u2019")
        for one in found
    )


def _have_one_unit(units: Counter[str], n_words: int) -> bool:
    """Whether all numbers have the same unit; numbers without a unit may be few."""
    named = [unit for unit in units if unit]
    if not named:
        return True
    share = units[named[0]] / n_words
    least = MIN_PARSED if named[0] in ("%", "‰") else _MIN_WITH_UNIT
    if re.fullmatch(CURRENCY, named[0]):
        least = 0.0
    return len(named) == 1 and share > least
