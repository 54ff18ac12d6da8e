"""Dates as numbers: days since 1970, parts of the calendar, and cycles."""

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
_MIN_PARSED = 0.95
# So many dates are asked for the format that may be that of all.
_N_GUESSES = 5


def looks_like_dates(words: list[str]) -> bool:
    """Whether nearly all of some words look like dates; a cheap test before parsing."""
    said = [word for word in words if word.strip()]
    return bool(said) and sum(_DATE.fullmatch(word) is not None for word in said) > (
        _MIN_PARSED * len(said)
    )


def parse_dates(column: pd.Series) -> str | None:
    """Find the format in which nearly all strings are dates.

    Parameters
    ----------
    column : pandas.Series of str
        Strings that look like dates.

    Returns
    -------
    format : str or None
        "mixed" where no single one does, None where they are no dates.
    """
    said = pd.Series(column.dropna().astype(str).unique())
    dated = said[said.map(_looks_like_date)].head(_N_GUESSES)
    forms = _guess_formats(list(dated))
    read = {form: _parse(said, form).notna().mean() for form in forms}
    # Of two that read as many, the first, which is that with the month first.
    best = max(read, key=lambda form: read[form], default="mixed")
    for form in (best, "mixed"):
        if _parse(said, form).notna().mean() > _MIN_PARSED:
            return form
    return None


def _looks_like_date(word: str) -> bool:
    return _DATE.fullmatch(word) is not None


def _guess_formats(words: list[str]) -> list[str]:
    """Formats that some words may have, each once, the month first where both do."""
    with _ignore_day_first_warning():
        forms = [
            guess_datetime_format(word, dayfirst=dayfirst)
            for dayfirst in (False, True)
            for word in words
        ]
    return list(dict.fromkeys(form for form in forms if form))


@contextmanager
def _ignore_day_first_warning() -> Iterator[None]:
    """Quiet pandas, which says that a day is first where it reads it so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parsing dates in", UserWarning)
        yield


def _parse(said: pd.Series, form: str, *, dayfirst: bool = False) -> pd.Series:
    utc = "%z" in form or form == "mixed"
    with _ignore_day_first_warning():
        parsed = pd.to_datetime(
            said, format=form, errors="coerce", utc=utc, dayfirst=dayfirst
        )
    return parsed.dt.tz_localize(None) if utc else parsed


def _parse_with_fallback(said: pd.Series, form: str) -> pd.Series:
    """Read dates in the format of the fit, and what is written otherwise, if a date."""
    parsed = _parse(said, form)
    others = parsed.isna() & said.map(_looks_like_date, na_action="ignore").eq(True)
    if form == "mixed" or not others.any():
        return parsed
    parsed = parsed.astype("datetime64[us]")
    # A year in front has its month next, whatever the format of the fit.
    year_first = said.str.match(r"\s*\d{4}").eq(True)
    day_first = -1 < form.find("%d") < form.find("%m")
    for rows, day in ((others & year_first, False), (others & ~year_first, day_first)):
        again = _parse(said[rows], "mixed", dayfirst=day)
        parsed[rows] = again.astype("datetime64[us]")
    return parsed


@dataclass(frozen=True)
class DateEncoding:
    """The parts of a column of dates that vary, and how the column is read.

    The zone is kept by its name: a zone itself has no place in a file.
    """

    name: str
    form: str | None
    zone: str | None
    parts: tuple[str, ...]
    cycles: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Names of the columns made."""
        rounds = [f"{self.name} {p} {f}" for p in self.cycles for f in ("sin", "cos")]
        return [f"{self.name} days", *(f"{self.name} {p}" for p in self.parts), *rounds]

    def numbers(self, column: pd.Series) -> Array:
        """The column as numbers, a column for each name.

        Parameters
        ----------
        column : pandas.Series
            DateEncoding, or strings.

        Returns
        -------
        numbers : ndarray of shape (n, len(names))
        """
        when = _wall_times(column, self.form, self.zone)
        index = pd.DatetimeIndex(when)
        _warn_about_lost_dates(column, np.asarray(index.isna()))
        made = [
            _days_since_1970(index),
            *(_calendar_part(index, part) for part in self.parts),
        ]
        for part in self.cycles:
            angle = 2 * np.pi * _calendar_part(index, part) / _CYCLES[part]
            made += [np.sin(angle), np.cos(angle)]
        return np.column_stack(made)


def learn_date_encoding(column: pd.Series, *, style: str, cyclic: bool) -> DateEncoding:
    """Learn how a column of dates is read and which parts vary.

    Parameters
    ----------
    column : pandas.Series
        DateEncoding, or strings.
    style : {"auto", "total"}
        Whether the parts are wanted, or the total alone.
    cyclic : bool
        Whether parts that come round are points on a circle (for learners that are
        not trees).

    Returns
    -------
    dates : DateEncoding
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
    round_ = tuple(part for part in varying if part in _CYCLES) if cyclic else ()
    plain = tuple(part for part in varying if not cyclic or part == "year")
    return DateEncoding(str(column.name), form, zone, plain, round_)


def _zone_name(zone: Any) -> str | None:
    """A name that pandas takes for the zone: "Europe/Berlin", or "UTC+02:00"."""
    offset = None if zone is None else zone.utcoffset(None)
    if offset is None:
        return None if zone is None else _place_name(str(zone))
    sign, minutes = "-" if offset < timedelta(0) else "+", abs(offset).seconds // 60
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def _place_name(name: str) -> str:
    """The name of a zone, also where dateutil has the path of its file alone."""
    path = re.search(r"zoneinfo/([\w/+-]+)", name)
    return path[1] if path else name


def _wall_times(column: pd.Series, form: str | None, zone: str | None) -> Any:
    """Dates as they read on the wall of the zone of the fit."""
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
            f"column {column.name!r} should hold dates, but {error}; convert it, or say "
            "what it is with kinds=."
        ) from error


def _warn_about_lost_dates(column: pd.Series, lost: Array) -> None:
    """Warn of values that are there and are no dates."""
    said = column[lost & column.notna().to_numpy()].astype(str)
    strange = said[~said.str.strip().str.lower().isin(MISSING_WORDS)]
    if len(strange):
        warn(
            f"column {column.name!r} should hold dates; {len(strange)} values that do "
            f"not, such as {strange.iloc[0]!r}, are taken as missing.",
            UserWarning,
        )


def _days_since_1970(index: pd.DatetimeIndex) -> Array:
    days = index.to_numpy().astype("datetime64[s]").astype(float) / 86400
    return np.where(index.isna(), np.nan, days)


def _calendar_part(index: pd.DatetimeIndex, part: str) -> Array:
    return np.asarray(getattr(index, _PARTS[part]), dtype=float)
