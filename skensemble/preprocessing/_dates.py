"""Dates as numbers: days since 1970, parts of the calendar, and cycles."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from skensemble.preprocessing._reading import Array

_DATE = re.compile(
    r"""\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}
    | \d{1,2}[-/]\d{1,2}[-/](?:\d{4}|\d{2})
    | \d{1,2}\.\d{1,2}\.\d{4}
    | \d{8}T\d{6}
    | \d{1,2}[ -][A-Za-z]{3,9}[ -,]+\d{2,4}
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
_PARSED = 0.95


def looks_like_dates(words: list[str]) -> bool:
    """Whether nearly all of some words look like dates; a cheap test before parsing."""
    said = [word for word in words if word.strip()]
    return bool(said) and sum(_DATE.fullmatch(word) is not None for word in said) > (
        _PARSED * len(said)
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
    said = column.dropna().astype(str)
    said = pd.Series(said.unique())
    for dayfirst in (False, True):
        form = guess_datetime_format(said.iloc[0], dayfirst=dayfirst)
        if form and _parse(said, form).notna().mean() > _PARSED:
            return form
    return "mixed" if _parse(said, "mixed").notna().mean() > _PARSED else None


def _parse(said: pd.Series, form: str | None) -> pd.Series:
    utc = form is not None and ("%z" in form or form == "mixed")
    parsed = pd.to_datetime(said, format=form, errors="coerce", utc=utc)
    return parsed.dt.tz_localize(None) if utc else parsed


@dataclass(frozen=True)
class Dates:
    """The parts of a column of dates that vary, and how the column is read."""

    name: str
    form: str | None
    zone: Any
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
            Dates, or strings.

        Returns
        -------
        numbers : ndarray of shape (n, len(names))
        """
        when = _times(column, self.form, self.zone)
        index = pd.DatetimeIndex(when)
        made = [_days(index), *(_part(index, part) for part in self.parts)]
        for part in self.cycles:
            angle = 2 * np.pi * _part(index, part) / _CYCLES[part]
            made += [np.sin(angle), np.cos(angle)]
        return np.column_stack(made)


def learn_dates(column: pd.Series, *, style: str, cyclic: bool) -> Dates:
    """Learn how a column of dates is read and which parts vary.

    Parameters
    ----------
    column : pandas.Series
        Dates, or strings.
    style : {"auto", "total"}
        Whether the parts are wanted, or the total alone.
    cyclic : bool
        Whether parts that come round are points on a circle (for learners that are
        not trees).

    Returns
    -------
    dates : Dates
    """
    zone = getattr(column.dtype, "tz", None)
    strings = pd.api.types.infer_dtype(column, skipna=True) in ("string", "bytes")
    form = (parse_dates(column) or "mixed") if strings else None
    index = pd.DatetimeIndex(_times(column, form, zone))
    varying = [
        part
        for part in _PARTS
        if style == "auto" and pd.Series(_part(index, part)).nunique() > 1
    ]
    round_ = tuple(part for part in varying if part in _CYCLES) if cyclic else ()
    plain = tuple(part for part in varying if not cyclic or part == "year")
    return Dates(str(column.name), form, zone, plain, round_)


def _times(column: pd.Series, form: str | None, zone: Any) -> Any:
    """Dates as they read on the wall of the zone of the fit."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _parsed_times(column, form)
    if getattr(column.dt, "tz", None) is None:
        return column.astype("datetime64[us]")
    if zone is not None:
        column = column.dt.tz_convert(zone)
    return column.dt.tz_localize(None).astype("datetime64[us]")


def _parsed_times(column: pd.Series, form: str | None) -> Any:
    try:
        if form is not None:
            return _parse(column.astype("str"), form)
        parsed = pd.to_datetime(column, errors="coerce", utc=True, format="mixed")
        return parsed.dt.tz_localize(None)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} should hold dates, but {error}; convert it, or say "
            "what it is with kinds=."
        ) from error


def _days(index: pd.DatetimeIndex) -> Array:
    days = index.to_numpy().astype("datetime64[s]").astype(float) / 86400
    return np.where(index.isna(), np.nan, days)


def _part(index: pd.DatetimeIndex, part: str) -> Array:
    return np.asarray(getattr(index, _PARTS[part]), dtype=float)
