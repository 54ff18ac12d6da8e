"""Encode dates as numbers: days since 1970, calendar parts, and cycles."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from skensemble.core import warn
from skensemble.preprocessing._frames import MISSING_WORDS, Array

_DATE = re.compile(
    r"""\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}
    | \d{1,2}[-/]\d{1,2}[-/](?:\d{4}|\d{2})
    | \d{1,2}\.\d{1,2}\.\d{4}
    | \d{8}T\d{6}
    | \d{1,2}[ -][A-Za-z]{3,9}[ ,-]+\d{2,4}
    | [A-Za-z]{3,9}\ \d{1,2},?\ \d{4})
    (?:[T ].*)?""",
    re.VERBOSE,
)
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
# Smallest share of the strings that must be dates.
_MIN_PARSED = 0.95
# Number of dates from which candidate formats are guessed.
_N_GUESSES = 5


def looks_like_dates(words: list[str]) -> bool:
    """Whether at least 95 % of the words look like dates; faster than parsing."""
    words = [word for word in words if word.strip()]
    return bool(words) and sum(map(_looks_like_date, words)) > _MIN_PARSED * len(words)


def parse_dates(column: pd.Series) -> str | None:
    """Find the format in which at least 95 % of the strings can be parsed as dates.

    Returns
    -------
    format : str or None
        "mixed" if the strings have several formats, None if they are not dates.
    """
    words = pd.Series(column.dropna().astype(str).unique())
    dates = words[words.map(_looks_like_date)].head(_N_GUESSES)
    formats = _guess_formats(list(dates))
    shares = {form: _parse(words, form).notna().mean() for form in formats}
    # Of formats that parse equally many strings, `max` takes the first, in which the
    # month comes first.
    best = max(shares, key=lambda form: shares[form], default="mixed")
    for form in (best, "mixed"):
        if _parse(words, form).notna().mean() > _MIN_PARSED:
            return form
    return None


def _looks_like_date(word: str) -> bool:
    return _DATE.fullmatch(word) is not None


def _guess_formats(words: list[str]) -> list[str]:
    """Guess formats of dates, those with the month first before those with the day."""
    with _ignore_day_first_warning():
        forms = [
            guess_datetime_format(word, dayfirst=dayfirst)
            for dayfirst in (False, True)
            for word in words
        ]
    return list(dict.fromkeys(form for form in forms if form))


@contextmanager
def _ignore_day_first_warning() -> Iterator[None]:
    """Silence the warning of pandas about dates with the day first."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parsing dates in", UserWarning)
        yield


def _parse(words: pd.Series, form: str, *, dayfirst: bool = False) -> pd.Series:
    utc = "%z" in form or form == "mixed"
    with _ignore_day_first_warning():
        parsed = pd.to_datetime(
            words, format=form, errors="coerce", utc=utc, dayfirst=dayfirst
        )
    return parsed.dt.tz_localize(None) if utc else parsed


def _parse_with_fallback(words: pd.Series, form: str) -> pd.Series:
    """Parse dates in the learned format, and dates in other formats separately."""
    parsed = _parse(words, form)
    others = parsed.isna() & words.map(_looks_like_date, na_action="ignore").eq(True)
    if form == "mixed" or not others.any():
        return parsed
    parsed = parsed.astype("datetime64[us]")
    # After a leading year comes the month, whatever the learned format is.
    year_first = words.str.match(r"\s*\d{4}").eq(True)
    day_first = -1 < form.find("%d") < form.find("%m")
    for rows, day in ((others & year_first, False), (others & ~year_first, day_first)):
        again = _parse(words[rows], "mixed", dayfirst=day)
        parsed[rows] = again.astype("datetime64[us]")
    return parsed


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
    zone = _zone_name(getattr(column.dtype, "tz", None))
    strings = pd.api.types.infer_dtype(column, skipna=True) in ("string", "bytes")
    form = (parse_dates(column) or "mixed") if strings else None
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
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _parse_times(column, form)
    if getattr(column.dt, "tz", None) is None:
        return column.astype("datetime64[us]")
    if zone is not None:
        column = column.dt.tz_convert(zone)
    return column.dt.tz_localize(None).astype("datetime64[us]")


def _parse_times(column: pd.Series, form: str | None) -> Any:
    try:
        if form is not None:
            return _parse_with_fallback(column.astype("str"), form)
        return _parse(column, "mixed")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} should hold dates, but {error}; convert it, or set "
            "its kind with kinds=."
        ) from error


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
