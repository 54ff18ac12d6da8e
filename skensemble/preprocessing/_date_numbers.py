"""Read numbers as dates: 20240131, or the time since 1970 in seconds or less."""

import re
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from skensemble.preprocessing._frames import Array

# Numbers of digits of calendar dates, with their formats.
_CALENDAR = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_MIN_YEAR, _MAX_YEAR = 1900, 2100
# Microseconds per unit of the time since 1970, by the smallest number in the unit:
# seconds (from 1973 on), milliseconds, microseconds and nanoseconds.
_EPOCHS = ((1e8, 1e6), (1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (1e20, np.nan))
_DIGITS = re.compile(r"\s*\d{8,19}(?:\.\d*)?\s*")


def are_numbers(column: pd.Series) -> Array:
    """Return which values are numbers, or strings of the digits of a date."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return np.zeros(len(column), dtype=bool)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.notna())
    return np.array([_is_number(value) for value in column], dtype=bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _DIGITS.fullmatch(value) is not None
    number = isinstance(value, Real | Decimal) and not isinstance(
        value, bool | np.bool_
    )
    return number and not pd.isna(value)


def dates_of_numbers(numbers: Array, zone: str | None) -> pd.DatetimeIndex:
    """Read numbers as dates; numbers that cannot be dates are NaT.

    Parameters
    ----------
    numbers : ndarray of float
        Calendar dates as 20240131, 202401310830 or 20240131083000, or seconds,
        milliseconds, microseconds or nanoseconds since 1970 in UTC. The unit is
        found from the size of the number.
    zone : str or None
        Time zone to which the time since 1970 is converted; None for UTC.

    Returns
    -------
    dates : pandas.DatetimeIndex
        Local times without a time zone, in microseconds.
    """
    micros = np.full(len(numbers), np.nan)
    for smallest, factor in _EPOCHS:
        micros = np.where(numbers >= smallest, numbers * factor, micros)
    dates = _from_microseconds(micros)
    if zone is not None:
        dates = dates.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    found = dates.to_numpy().copy()
    for n_digits, form in _CALENDAR.items():
        year = numbers // 10 ** (n_digits - 4)
        fits = (
            (year >= _MIN_YEAR) & (year <= _MAX_YEAR) & (numbers == np.floor(numbers))
        )
        if fits.any():
            words = [str(int(number)) for number in numbers[fits]]
            days = pd.to_datetime(words, format=form, errors="coerce").as_unit("us")
            found[fits] = np.where(days.isna(), found[fits], days)
    return pd.DatetimeIndex(found)


def _from_microseconds(micros: Array) -> pd.DatetimeIndex:
    known = ~np.isnan(micros)
    dates = np.full(len(micros), np.datetime64("NaT"), dtype="datetime64[us]")
    dates[known] = np.round(micros[known]).astype("int64").astype("datetime64[us]")
    return pd.DatetimeIndex(dates)
