"""Encode dates as numbers: days since 1970, calendar parts, and cycles."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from skensemble.core import warn
from skensemble.preprocessing._date_formats import (
    find_date_format,
    parse_dates_with_fallback,
)
from skensemble.preprocessing._date_numbers import are_numbers, dates_of_numbers
from skensemble.preprocessing._frames import MISSING_WORDS, Array

_PARTS = {
    "year": "year",
    "month": "month",
    "day": "day",
    "weekday": "day_of_week",
    "yearday": "day_of_year",
    "hour": "hour",
    "minute": "minute",
}
_CYCLES = {"month": 12, "weekday": 7, "hour": 24}


@dataclass(frozen=True)
class DateEncoding:
    """How a column of dates is parsed, and the calendar parts that vary in it.

    The time zone is stored by its name, so that the encoding can be saved to a file.
    """

    name: str
    form: str | None
    zone: str | None
    parts: tuple[str, ...]
    cycles: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Names of the encoded columns."""
        cycles = [f"{self.name} {p} {f}" for p in self.cycles for f in ("sin", "cos")]
        return [f"{self.name} days", *(f"{self.name} {p}" for p in self.parts), *cycles]

    def numbers(self, column: pd.Series) -> Array:
        """Encode a column of dates or strings, shape (n_samples, len(names))."""
        when = _wall_times(column, self.form, self.zone)
        index = pd.DatetimeIndex(when)
        _warn_about_lost_dates(column, np.asarray(index.isna()))
        columns = [
            _days_since_1970(index),
            *(_calendar_part(index, part) for part in self.parts),
        ]
        for part in self.cycles:
            angle = 2 * np.pi * _calendar_part(index, part) / _CYCLES[part]
            columns += [np.sin(angle), np.cos(angle)]
        return np.column_stack(columns)


def learn_date_encoding(column: pd.Series, *, style: str, cyclic: bool) -> DateEncoding:
    """Learn how a column of dates is parsed and which of its parts vary.

    Parameters
    ----------
    column : pandas.Series
        Dates, or strings.
    style : {"auto", "total"}
        Whether to encode the days since 1970 and the parts, or the days only.
    cyclic : bool
        Whether periodic parts are encoded as sine and cosine, which suits estimators
        other than trees.

    Returns
    -------
    encoding : DateEncoding
    """
    column = _plain_times(column)
    zone = _zone_name(getattr(column.dtype, "tz", None))
    strings = pd.api.types.infer_dtype(column, skipna=True) in ("string", "bytes")
    form = (find_date_format(column) or "mixed") if strings else None
    if form is not None and "%z" in form:
        zone = "UTC"
    index = pd.DatetimeIndex(_wall_times(column, form, zone))
    varying = [
        part
        for part in _PARTS
        if style == "auto" and pd.Series(_calendar_part(index, part)).nunique() > 1
    ]
    cycles = tuple(part for part in varying if part in _CYCLES) if cyclic else ()
    plain = tuple(part for part in varying if not cyclic or part == "year")
    return DateEncoding(str(column.name), form, zone, plain, cycles)


def _zone_name(zone: Any) -> str | None:
    """Return a name of a zone that pandas accepts: "Europe/Berlin", or "UTC+02:00"."""
    offset = None if zone is None else zone.utcoffset(None)
    if offset is None:
        return None if zone is None else _place_name(str(zone))
    sign, minutes = "-" if offset < timedelta(0) else "+", abs(offset).seconds // 60
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def _place_name(name: str) -> str:
    """Return the name of a zone; zones of dateutil only have the path of their file."""
    path = re.search(r"zoneinfo/([\w/+-]+)", name)
    return path[1] if path else name


def _wall_times(column: pd.Series, form: str | None, zone: str | None) -> Any:
    """Convert dates to local times in the time zone of the training data."""
    column = _plain_times(column)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _parse_times(column, form, zone)
    if getattr(column.dt, "tz", None) is None:
        return column.astype("datetime64[us]")
    if zone is not None:
        column = column.dt.tz_convert(zone)
    return column.dt.tz_localize(None).astype("datetime64[us]")


def _plain_times(column: pd.Series) -> pd.Series:
    """Convert periods, categories, and dates of Arrow to dtypes of numpy."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        column = column.astype(dtype.categories.dtype)
    if isinstance(dtype, pd.PeriodDtype):
        return column.dt.to_timestamp()
    if not isinstance(dtype, pd.ArrowDtype):
        return column
    if not pd.api.types.is_datetime64_any_dtype(dtype):
        return column
    zone = getattr(dtype.pyarrow_dtype, "tz", None)
    plain: Any = "datetime64[us]" if zone is None else f"datetime64[us, {zone}]"
    return column.astype(plain)


def _parse_times(column: pd.Series, form: str | None, zone: str | None) -> Any:
    """Parse strings and objects as dates; numbers are read by their digits."""
    try:
        numbers = are_numbers(column)
        words = column.astype("str")
        if numbers.any() and not _has_digits_only(form):
            words = words.where(~numbers)
        parsed = parse_dates_with_fallback(words, form, zone).astype("datetime64[us]")
        missing = numbers & parsed.isna().to_numpy()
        if missing.any():
            found = pd.to_numeric(column[missing], errors="coerce").to_numpy(float)
            parsed[missing] = dates_of_numbers(found, zone).to_numpy()
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} should hold dates, but {error}; convert it, or set "
            "its kind with kinds=."
        ) from error
    return parsed


def _has_digits_only(form: str | None) -> bool:
    """Whether dates in the learned format are strings of digits, as "%Y%m%d"."""
    return form is not None and form.replace("%", "").isalpha()


def _warn_about_lost_dates(column: pd.Series, lost: Array) -> None:
    """Warn about values that are neither missing nor dates."""
    words = column[lost & column.notna().to_numpy()].astype(str)
    invalid = words[~words.str.strip().str.lower().isin(MISSING_WORDS)]
    if len(invalid):
        warn(
            f"column {column.name!r} should hold dates; {len(invalid)} values that are "
            f"not dates, such as {invalid.iloc[0]!r}, are treated as missing.",
            UserWarning,
        )


def _days_since_1970(index: pd.DatetimeIndex) -> Array:
    days = index.to_numpy().astype("datetime64[s]").astype(float) / 86400
    return np.where(index.isna(), np.nan, days)


def _calendar_part(index: pd.DatetimeIndex, part: str) -> Array:
    return np.asarray(getattr(index, _PARTS[part]), dtype=float)
