"""Times of rows in the notations of spreadsheets."""

import numpy as np
import pandas as pd
import pytest

from skensemble.command_line._row_times import read_times
from skensemble.command_line._usage_errors import UsageError

DAYS = pd.Series(pd.date_range("2023-01-05", periods=40), name="day")


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M"]
)
def test_dates_in_text(form):
    times, notes = read_times(DAYS.dt.strftime(form))
    pd.testing.assert_series_equal(times, DAYS, check_dtype=False)
    assert "'day' is read as" in notes[0]


def test_numbers_and_datetimes_are_kept():
    for values in (DAYS, pd.Series(np.arange(5), name="day")):
        assert read_times(values)[0] is values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["01/02/2023", "03/04/2023"], "day/month/year or month/day/year"),
        (["soon", "later"], "not a date"),
        (["2023-01-01", None], "missing in 1 of 2 rows"),
    ],
)
def test_other_columns_are_refused(values, words):
    with pytest.raises(UsageError, match=f"--time 'day'.*{words}"):
        read_times(pd.Series(values, name="day", dtype="str"))
