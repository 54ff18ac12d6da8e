"""Columns that identify rows: found by their name and by their values."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

# Names of identifiers, without case and punctuation.
_ID_NAMES = frozenset(
    ("id", "ids", "rowid", "uid", "uuid", "guid", "identifier", "recordid", "key")
)
# Names of row numbers; a column of decimals with such a name is a measurement.
_NUMBER_NAMES = frozenset(
    [
        "index",
        "idx",
        "row",
        "rows",
        "rownum",
        "rownumber",
        "rowno",
        "rownr",
        "nr",
        "no",
        "number",
        "num",
        "lfdnr",
        "lfdno",
        "laufendenummer",
        "nummer",
        "zeile",
        "zeilennummer",
        "level0",
        "indexlevel0",
        "recno",
        "obs",
    ]
)
# The end of names such as "customer_id", "PassengerId" and "Kunden-ID".
_ID_END = re.compile(r"([_\-. ][iI][dD]|[a-zäöüß0-9](Id|ID))$")
_UNNAMED = re.compile(r"(Unnamed(: ?\d+)?|\.\.\.\d+|)$", re.IGNORECASE)
# Running numbers with such a name are times, which can be learned from.
_TIME_NAME = re.compile(
    r"year|month|week|day|date|hour|minute|second|time|step|period|quarter|epoch|age"
    r"|jahr|monat|woche|tag|zeit|stunde|année|annee|mois|jour|año|mes|anno|giorno",
    re.IGNORECASE,
)
_MIN_PRESENT = 0.9
_MIN_ROWS = 5


@dataclass(frozen=True)
class RowId:
    """A column that identifies rows.

    Parameters
    ----------
    name : str
        The column.
    why : str
        Why it is an identifier.
    named : bool
        Whether its name is one of an identifier, not that of a row number.
    """

    name: str
    why: str
    named: bool


def find_row_ids(frame: pd.DataFrame, except_for: set[str]) -> list[RowId]:
    """Find the columns that identify rows, the best one first.

    Parameters
    ----------
    frame : pandas.DataFrame
        The training table.
    except_for : set of str
        Columns that have another role.

    Returns
    -------
    found : list of RowId
        First those with the name of an identifier, then row numbers.
    """
    if len(frame) < _MIN_ROWS:
        return []
    found = [
        row_id
        for name in frame.columns
        if name not in except_for and (row_id := _as_row_id(name, frame[name]))
    ]
    return sorted(found, key=lambda row_id: not row_id.named)


def decimal_ids(frame: pd.DataFrame) -> list[str]:
    """Return the columns with the name of an identifier that were read as decimals.

    Their texts decide: ``1.10`` and ``12E3`` name rows, 0.8431 is a measurement.
    """
    return [
        name
        for name in frame.columns
        if is_id_name(name)
        and types.is_float_dtype(frame[name])
        and not _are_whole(frame[name])
    ]


def are_measurements(texts: pd.Series) -> bool:
    """Whether the texts of numbers are written as a program writes measurements."""
    present = texts.dropna().astype(str)
    numbers = pd.to_numeric(present, errors="coerce")
    if numbers.isna().any():
        return False
    return all(
        repr(float(number)) == text or f"{number:g}" == text
        for number, text in zip(numbers, present, strict=True)
    )


def _as_row_id(name: str, values: pd.Series) -> RowId | None:
    named, numbered = is_id_name(name), _is_number_name(name)
    if not _are_distinct(values):
        return None
    if _UNNAMED.match(name):
        why = "it has no name, and its values are whole numbers without repetition"
        return RowId(name, why, False) if _are_whole(values) else None
    if named and (_are_whole(values) or _are_texts(values)):
        what = "whole numbers" if _are_whole(values) else "texts"
        return RowId(name, f"its name, and {what} without repetition", True)
    if numbered and (_are_whole(values) or _are_texts(values)):
        return RowId(name, "its name, and values without repetition", False)
    if _is_running(values) and not _TIME_NAME.search(name):
        return RowId(name, "it numbers the rows in their order", False)
    return None


def is_id_name(name: str) -> bool:
    """Whether a name is one of an identifier, such as "id" or "customer_id"."""
    return _plain(name) in _ID_NAMES or bool(_ID_END.search(name))


def _is_number_name(name: str) -> bool:
    return _plain(name) in _NUMBER_NAMES


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _are_distinct(values: pd.Series) -> bool:
    present = values.dropna()
    return len(present) >= _MIN_PRESENT * len(values) and bool(present.is_unique)


def _are_whole(values: Any) -> bool:
    if types.is_bool_dtype(values) or not types.is_numeric_dtype(values):
        return False
    if types.is_integer_dtype(values):
        return True
    present = values.dropna().to_numpy(float)
    return bool(len(present)) and bool(np.all(present == np.round(present)))


def _are_texts(values: pd.Series) -> bool:
    return bool(types.is_string_dtype(values) or types.is_object_dtype(values))


def _is_running(values: pd.Series) -> bool:
    """Whether the values are 0, 1, 2, ... or 1, 2, 3, ... in the order of the rows."""
    if not _are_whole(values) or values.isna().any():
        return False
    numbers = values.to_numpy(float)
    return numbers[0] in (0, 1) and bool(np.all(np.diff(numbers) == 1))
