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


MIDNIGHTS = pd.date_range("2020-01-01", periods=16, freq="37h").normalize()
NANOSECONDS = pd.Series(MIDNIGHTS.as_unit("ns").astype("int64"))
DIGITS = MIDNIGHTS.strftime("%Y%m%d")
TYPES = {
    "datetime64[us]": MIDNIGHTS.as_unit("us"),
    "datetime64[ns]": MIDNIGHTS.as_unit("ns"),
    "UTC": MIDNIGHTS.tz_localize("UTC"),
    "date": [day.date() for day in MIDNIGHTS],
    "Timestamp": pd.Series(list(MIDNIGHTS), dtype=object),
    "ISO": MIDNIGHTS.strftime("%Y-%m-%d"),
    "ISO with a zone": MIDNIGHTS.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "day first": MIDNIGHTS.strftime("%d/%m/%Y"),
    "dots": MIDNIGHTS.strftime("%d.%m.%Y"),
    "digits": DIGITS,
    "period": MIDNIGHTS.to_period("D"),
    "Arrow": pd.Series(MIDNIGHTS).astype("timestamp[us][pyarrow]"),
    "date32": pd.Series([day.date() for day in MIDNIGHTS]).astype("date32[pyarrow]"),
}
NEW_TYPES = TYPES | {
    "int64": DIGITS.astype("int64"),
    "int32": DIGITS.astype("int32"),
    "float64": DIGITS.astype(float),
    "Int64": pd.Series(DIGITS.astype("int64")).astype("Int64"),
    "Arrow's int64": pd.Series(DIGITS.astype("int64")).astype("int64[pyarrow]"),
    "objects": pd.Series([int(one) for one in DIGITS], dtype=object),
    "mixed": pd.Series([int(DIGITS[0]), *MIDNIGHTS[1:].strftime("%d %b %Y")]),
    "14 digits": MIDNIGHTS.strftime("%Y%m%d%H%M%S").astype("int64"),
    "seconds": NANOSECONDS // 10**9,
    "seconds in floats": NANOSECONDS / 10**9,
    "seconds in strings": (NANOSECONDS // 10**9).astype(str),
    "milliseconds": NANOSECONDS // 10**6,
    "microseconds": NANOSECONDS // 10**3,
    "nanoseconds": NANOSECONDS,
}


@pytest.mark.parametrize("fitted", TYPES)
def test_dates_of_any_type_are_dates(fitted):
    encoder = TableEncoder().fit(frame_of(TYPES[fitted]))
    assert encoder.kinds_["when"] == "date-time"
    days = encoder.transform(frame_of(DIGITS.astype("int64")))["when_days"]
    np.testing.assert_array_equal(days, NANOSECONDS / 864e11)


@pytest.mark.parametrize("fitted", ["datetime64[us]", "UTC", "ISO", "dots", "digits"])
def test_new_dates_of_any_type_are_the_same_days(fitted):
    encoder = TableEncoder().fit(frame_of(TYPES[fitted]))
    encoding = encoder._encoding.others[0]
    for name, new in NEW_TYPES.items():
        days = encoding.numbers(pd.Series(new, name="when"))[:, 0]
        np.testing.assert_array_equal(days, NANOSECONDS / 864e11, name)


@pytest.mark.parametrize("fitted", ["datetime64[us]", "ISO", "day first", "digits"])
@pytest.mark.parametrize("new", [[7, 2024, 45000], [True, False], [-5.5, 20241399]])
def test_numbers_that_are_not_dates_are_missing_with_a_warning(fitted, new):
    encoder = TableEncoder().fit(frame_of(TYPES[fitted]))
    with pytest.warns(UserWarning, match=f"{len(new)} values that are not dates"):
        out = encoder.transform(frame_of(new))
    assert out["when_days"].isna().all()
    with_gap = encoder.transform(frame_of([20240131, np.nan]))
    np.testing.assert_array_equal(with_gap["when_days"], [19753, np.nan])


def test_time_since_1970_is_converted_to_the_zone_of_the_training_data():
    times = pd.Series(DAYS.tz_localize(BERLIN))
    encoder = TableEncoder().fit(frame_of(times))
    expected = encoder.transform(frame_of(times))
    seconds = (times.dt.tz_convert("UTC").dt.as_unit("s")).astype("int64")
    offsets = times.map(str)
    for new in (seconds, offsets, times.dt.tz_convert("Asia/Tokyo").map(str)):
        pd.testing.assert_frame_equal(encoder.transform(frame_of(new)), expected)


def test_the_format_of_new_strings_is_found_in_all_of_them():
    encoder = TableEncoder().fit(frame_of(DAYS))
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y"):
        out = encoder.transform(frame_of(DAYS.strftime(form)))
        assert out["when_month"].tolist() == DAYS.month.tolist()
    dots = encoder.transform(frame_of(["01.02.2020"]))
    assert dots[["when_month", "when_day"]].to_numpy().tolist() == [[2, 1]]


def test_sorted_dates_are_parsed_in_the_format_of_all_rows():
    days = pd.date_range("2020-01-01", periods=300).strftime("%d/%m/%Y")
    encoder = TableEncoder().fit(frame_of(days))
    assert encoder._encoding.others[0].form == "%d/%m/%Y"
