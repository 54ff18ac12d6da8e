"""Infer the kind of a column of strings."""

import re

import numpy as np
import pandas as pd

from skensemble.preprocessing._date_formats import find_date_format, looks_like_dates
from skensemble.preprocessing._frames import MISSING_WORDS, Array, factorize
from skensemble.preprocessing._identifiers import MIN_ROWS, number_identifier
from skensemble.preprocessing._inferred_kinds import ColumnKind
from skensemble.preprocessing._number_formats import learn_number_format, units_of
from skensemble.preprocessing._string_structure import (
    are_addresses,
    are_json,
    are_molecules,
    are_structured,
    n_words,
)
from skensemble.preprocessing._units import are_known_units

# The reason for which strings are identifiers.
STRINGS = "strings without repetition"
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_WHOLE = re.compile(r"\s*[-+]?\d+\s*")
# Smallest share of the values that must be numbers.
_MOST = 0.95
# Formatted numbers with at most so many different values are categories, such as "5%",
# "10%" and "20%".
_FEW_LEVELS = 20
# Whole numbers of equal length, from this number of digits, that repeat are codes, such
# as postal codes.
_MIN_CODE_DIGITS = 4
# Number of values that are inspected before all are.
_N_SAMPLE = 200
# Strings of which more than this share differ cannot be used as levels.
_NEARLY_ALL, _HALF = 0.95, 0.5


def kind_of_strings(column: pd.Series, high_cardinality: int) -> ColumnKind:
    """Infer the kind of a column of strings, or of objects that are read as strings.

    Parameters
    ----------
    column : pandas.Series
        The column.
    high_cardinality : int
        A category with more levels has the kind "high-cardinality".

    Returns
    -------
    kind : ColumnKind
    """
    codes, words = factorize(column)
    content = hash((codes.tobytes(), tuple(words)))
    rows = int((codes >= 0).sum())
    if len(words) <= 1 and (not words or rows == len(codes)):
        return ColumnKind("constant", content)
    known = [word for word in words if word.strip().lower() not in MISSING_WORDS]
    sample = known[:: max(1, len(known) // _N_SAMPLE)]
    if _are_decimals(sample) and _are_mostly_numbers(known):
        return ColumnKind("numeric", content)
    if looks_like_dates(sample) and find_date_format(column) is not None:
        return ColumnKind("date-time", content)
    if _are_whole_numbers(known, len(words), rows):
        reason = _reason_of_whole_numbers(column, known, len(words) == len(known))
        return ColumnKind("identifier" if reason else "numeric", content, reason)
    if len(words) > _FEW_LEVELS and _are_formatted_numbers(sample, column):
        return ColumnKind("numeric", content)
    kind = _kind_of_words(known or words, len(words), rows, high_cardinality)
    units = _different_units(column, words)
    if units and kind == "identifier":
        kind = "text"
    reason = STRINGS if kind == "identifier" else ""
    return ColumnKind(kind, content, reason, _remark(column, kind, words, units))


def _are_decimals(words: list[str]) -> bool:
    """Whether strings are decimal numbers; strings of integers only are codes."""
    parsed = sum(_NUMBER.fullmatch(word) is not None for word in words)
    return parsed > _MOST * len(words) and any("." in word for word in words)


def _are_mostly_numbers(words: list[str]) -> bool:
    numbers = pd.to_numeric(pd.Series(words, dtype=object), errors="coerce")
    return bool(numbers.notna().mean() > _MOST)


def _are_whole_numbers(words: list[str], n_words: int, rows: int) -> bool:
    """Whether strings are whole numbers that are measurements instead of codes.

    pandas reads whole numbers as strings if a few values are words such as "?".
    Without such words, someone wrote them as strings on purpose, so that they are codes
    unless nearly all of them differ.
    """
    whole = [word.strip() for word in words if _WHOLE.fullmatch(word)]
    if len(words) <= _FEW_LEVELS or len(whole) <= _MOST * len(words):
        return False
    digits = [word.lstrip("+-") for word in whole]
    if any(word.startswith("0") and len(word) > 1 for word in digits):
        return False
    differ = len(words) > _NEARLY_ALL * rows and rows >= MIN_ROWS
    if differ or n_words == len(whole):
        return differ
    lengths = {len(word) for word in digits}
    return len(lengths) > 1 or max(lengths) < _MIN_CODE_DIGITS


def _reason_of_whole_numbers(
    column: pd.Series, words: list[str], complete: bool
) -> str:
    """Return why whole numbers as strings identify the rows; "" if they do not."""
    numbers: Array = np.array(pd.to_numeric(column, errors="coerce"), dtype=float)
    integers = complete and not np.isnan(numbers).any()
    name, n_rows = str(column.name), len(column)
    return number_identifier(name, numbers, integers=integers, n_rows=n_rows) or ""


def _are_formatted_numbers(sample: list[str], column: pd.Series) -> bool:
    """Whether strings are formatted numbers; a sample of them is tested first."""
    of_sample = learn_number_format(pd.Series(sample, dtype="str"))
    return of_sample is not None and learn_number_format(column) is not None


def _kind_of_words(words: list[str], levels: int, rows: int, high: int) -> str:
    sample = words[:: max(1, len(words) // _N_SAMPLE)]
    length = float(np.mean([n_words(word) for word in sample]))
    unique = levels / rows
    if levels > high and ((length >= 2 and unique >= _HALF) or length >= 8):
        return "text"
    if unique > _NEARLY_ALL and rows >= MIN_ROWS:
        return "text" if are_structured(words) else "identifier"
    if levels > high and unique >= _HALF and _have_parts(sample):
        return "text"
    return "high-cardinality" if levels > high else "category"


def _have_parts(words: list[str]) -> bool:
    return are_addresses(words) or are_molecules(words) or are_json(words)


def _different_units(column: pd.Series, words: list[str]) -> list[str]:
    """Return the units of numbers that are not in one unit, else nothing."""
    sample = words[:: max(1, len(words) // _N_SAMPLE)]
    if len(words) <= _FEW_LEVELS or not units_of(pd.Series(sample, dtype="str")):
        return []
    units = units_of(column)
    return units if are_known_units(units) else []


def _remark(column: pd.Series, kind: str, words: list[str], units: list[str]) -> str:
    """Return the warning about the encoding of strings, or nothing."""
    sample = words[:: max(1, len(words) // _N_SAMPLE)]
    if are_json(sample):
        return (
            f"column {column.name!r} holds lists or records as strings (JSON), such as "
            f"{_short(sample[0])}; it is encoded as {_AS[kind]}. Put their entries into "
            "columns of their own to learn from each entry."
        )
    if units:
        return (
            f"column {column.name!r} holds numbers in different units: "
            f"{', '.join(units)}; it is encoded as {_AS[kind]}. Convert it to numbers in "
            "one unit."
        )
    return ""


_AS = {
    "text": "text",
    "identifier": "an identifier, which is left out",
    "high-cardinality": "a category",
    "category": "a category",
}


def _short(word: str) -> str:
    return repr(word if len(word) <= 40 else f"{word[:37]}...")
