"""Dates as strings in several formats, and dates with a time zone."""

import datetime
import warnings

import numpy as np
import pandas as pd
import pytest
from dateutil import tz

from skensemble.preprocessing import TableEncoder

N = 60
DAYS = pd.date_range("2020-01-01", periods=N, freq="37h")
FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%d %b %Y", "%d-%b-%y")
BERLIN = "Europe/Berlin"
ZONES = {
    "UTC": ("UTC", "UTC"),
    "place": (BERLIN, BERLIN),
    "offset": ("+02:00", "UTC+02:00"),
    "offset with a name": (
        datetime.timezone(datetime.timedelta(hours=-3, minutes=-30), "home"),
        "UTC-03:30",
    ),
    "dateutil's offset": (tz.tzoffset(None, 7200), "UTC+02:00"),
}


def frame_of(days):
    return pd.DataFrame({"when": days, "a": np.arange(len(days)) ** 2.0})


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_learned_without_a_warning_of_pandas(form):
    frame = frame_of(DAYS.strftime(form))
    encoder = TableEncoder().fit(frame)
    out = encoder.transform(frame)
    assert encoder.kinds_["when"] == "date-time"
    assert out["when_month"].tolist() == DAYS.month.tolist()
    assert out["when_day"].tolist() == DAYS.day.tolist()
    # A day that could be a month is parsed in the learned format.
    one = encoder.transform(frame_of([datetime.date(2020, 3, 4).strftime(form)]))
    assert one[["when_month", "when_day"]].to_numpy().tolist() == [[3, 4]]


@pytest.mark.parametrize(("form", "month"), [("%Y-%m-%d", 2), ("%d/%m/%Y", 1)])
def test_another_way_to_write_a_date(form, month):
    encoder = TableEncoder().fit(frame_of(DAYS.strftime(form)))
    written = ["1 Feb 2020", "Feb 1, 2020", "2020-02-01", datetime.date(2020, 2, 1)]
    out = encoder.transform(frame_of(pd.Series(written, dtype=object)))
    assert out["when_month"].tolist() == [2] * 4
    assert out["when_day"].tolist() == [1] * 4
    assert encoder.transform(frame_of(["02/01/2020"]))["when_month"].item() == month


def test_a_value_that_is_not_a_date_is_missing_with_a_warning():
    encoder = TableEncoder().fit(frame_of(DAYS.strftime("%Y-%m-%d")))
    new = frame_of(["2020-03-04", "not a date", "soon", "?", None])
    message = (
        "'when' should hold dates; 2 values that are not dates, such as 'not a date'"
    )
    with pytest.warns(UserWarning, match=message):
        out = encoder.transform(new)
    assert out["when_month"].iloc[0] == 3
    assert out["when_month"].iloc[1:].isna().all()


def test_values_that_are_not_dates_are_reported_once_in_fit():
    words = [*DAYS.strftime("%d/%m/%Y"), "never"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        TableEncoder().fit(frame_of(words))
    assert [str(one.message).partition(";")[0] for one in caught] == [
        "column 'when' should hold dates"
    ]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ZONES)
def test_a_time_zone_is_stored_by_its_name(name):
    zone, known = ZONES[name]
    times = pd.Series(DAYS.tz_localize(zone))
    encoder = TableEncoder().fit(frame_of(times))
    assert encoder._encoding.others[0].zone == known
    out = encoder.transform(frame_of(times))
    assert out["when_hour"].tolist() == DAYS.hour.tolist()
    moved = encoder.transform(frame_of(times.dt.tz_convert("Asia/Tokyo")))
    pd.testing.assert_frame_equal(moved, out)
