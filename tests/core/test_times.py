"""Times of the rows: what is put in order, and what is refused."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skensemble.core import read_times

TEXT = ["2024-03-01", "2023-12-31", "2024-03-01", "2024-02-29"]
DATES = [dt.date.fromisoformat(text) for text in TEXT]
NUMBERS = [30, 9, 30, 10]
ORDERED = pd.CategoricalDtype(["old", "mid", "new"], ordered=True)
TIMES = {
    "text": TEXT,
    "text in a frame": pd.Series(TEXT, index=[7, 7, 7, 7]),
    "text of Arrow": pd.Series(TEXT, dtype="string"),
    "categories of text": pd.Series(TEXT, dtype="category"),
    "text with time zones": [
        "2024-03-01T10:00:00Z",
        "2024-03-01T10:30:00+02:00",
        "2024-03-01T12:00:00+02:00",
        "2024-03-01T09:00:00Z",
    ],
    "dates": DATES,
    "dates in an array": np.array(TEXT, dtype="datetime64[D]"),
    "an index of dates": pd.DatetimeIndex(TEXT, tz="Asia/Tokyo"),
    "periods": pd.PeriodIndex(TEXT, freq="M"),
    "durations": pd.to_timedelta(NUMBERS, unit="h"),
    "numbers": NUMBERS,
    "floats": np.array(NUMBERS) / 7,
    "numbers of any size": [2**70, 1, 2**70, 2**69],
    "decimals": [Decimal(number) for number in NUMBERS],
    "nullable numbers": pd.Series(NUMBERS, dtype="Int64"),
    "levels": pd.Series(["new", "old", "new", "mid"], dtype=ORDERED),
}


@pytest.mark.parametrize("kind", TIMES)
def test_ranks(kind):
    np.testing.assert_array_equal(read_times(TIMES[kind], 4), [2, 0, 2, 1])


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_columns_of_other_libraries(library):
    module = pytest.importorskip(library)
    for values in (TEXT, DATES, NUMBERS):
        column = module.Series(values) if library == "polars" else module.array(values)
        np.testing.assert_array_equal(read_times(column, 4), [2, 0, 2, 1])


WRONG = {
    "None": ([1, None, 2, 3], "time is missing in 1 of 4 rows, first in row 1"),
    "NaN": (np.array([np.nan, 1, np.nan, 2]), "missing in 2 of 4 rows"),
    "NaT": (pd.to_datetime([*TEXT[:3], None]), "missing in 1 of 4 rows.*row 3"),
    "text and None": ([*TEXT[:3], None], "missing in 1 of 4 rows"),
    "a mix": ([1, "2024-01-01", 2, 3], "types: int, str. Use times of one type"),
    "dates and datetimes": ([*DATES[:3], dt.datetime(2024, 1, 1)], "date, datetime"),
    "complex": ([1j, 2, 3, 4], "cannot be put in order"),
    "objects": ([{}, {}, {}, {}], "cannot be put in order"),
    "another format": (["31.01.2024"] * 4, "not a date in ISO 8601.*'31.01.2024'"),
    "numbers as text": (["10", "9", "8", "7"], "pandas.to_numeric"),
    "one text of four": ([*TEXT[:3], "soon"], "in 1 of 4 rows, first 'soon' in row 3"),
    "a constant": ([5, 5, 5, 5], "time is 5 in all rows"),
    "fewer rows": ([1, 2], r"time has shape \(2,\), expected \(4,\)"),
    "a column of two": (np.ones((4, 2)), r"time has shape \(4, 2\)"),
    "a number": (3, r"time has shape \(\)"),
    "a name": ("day", "time='day' must have one entry per row"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_times(kind):
    values, words = WRONG[kind]
    with pytest.raises(ValueError, match=words):
        read_times(values, 4)


def test_the_name_of_the_parameter():
    with pytest.raises(ValueError, match=r"^day is 5 in all rows"):
        read_times([5, 5], 2, "day")
