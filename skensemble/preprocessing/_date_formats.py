"""Parse strings as dates, in the format of the training data or another one."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from pandas.tseries.api import guess_datetime_format

_DATE = re.compile(
    r"""\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}
    | \d{1,2}[-/]\d{1,2}[-/](?:\d{4}|\d{2})
    | \d{1,2}\.\d{1,2}\.\d{4}
    | (?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=\s*$)
    | \d{8}T\d{6}
    | \d{1,2}[ -][A-Za-z]{3,9}[ ,-]+\d{2,4}
    | [A-Za-z]{3,9}\ \d{1,2},?\ \d{4})
    (?:[T ].*)?""",
    re.VERBOSE,
)
_WITH_ZONE = r".*(?:Z|[+-]\d{2}:?\d{2})\s*$"
# Smallest share of the strings that must be dates.
_MIN_PARSED = 0.95
# Number of dates from which candidate formats are guessed.
_N_GUESSES = 5


def looks_like_dates(words: list[str]) -> bool:
    """Whether at least 95 % of the words look like dates; faster than parsing."""
    words = [word for word in words if word.strip()]
    return bool(words) and sum(map(_looks_like_date, words)) > _MIN_PARSED * len(words)


def find_date_format(column: pd.Series, *, dayfirst: bool = False) -> str | None:
    """Find the format in which at least 95 % of the strings can be parsed as dates.

    Parameters
    ----------
    column : pandas.Series
        Strings.
    dayfirst : bool, default=False
        Whether the day comes first where the strings leave this open.

    Returns
    -------
    format : str or None
        "mixed" if the strings have several formats, None if they are not dates.
    """
    words = pd.Series(column.dropna().astype(str).unique())
    dates = words[[_looks_like_date(word) for word in words]]
    # Rows may be sorted, so the guesses are made from all parts of the column.
    dates = dates.iloc[:: max(1, len(dates) // _N_GUESSES)]
    formats = _guess_formats(list(dates), dayfirst)
    shares = {form: parse_dates(words, form).notna().mean() for form in formats}
    # Of formats that parse equally many strings, `max` takes the first.
    best = max(shares, key=lambda form: shares[form], default="mixed")
    for form in (best, "mixed"):
        if parse_dates(words, form).notna().mean() > _MIN_PARSED:
            return form
    return None


def _looks_like_date(word: str) -> bool:
    return _DATE.fullmatch(word) is not None


def _guess_formats(words: list[str], day_first: bool) -> list[str]:
    """Guess formats of dates; of two that fit, the more likely one comes first.

    Days come first where dots are written. Otherwise months do, unless `day_first`.
    """
    dotted = any(re.match(r"\s*\d{1,2}\.", word) for word in words)
    orders = (True, False) if dotted or day_first else (False, True)
    with _ignore_day_first_warning():
        forms = [
            guess_datetime_format(word, dayfirst=order)
            for order in orders
            for word in words
        ]
    return list(dict.fromkeys(form for form in forms if form))


@contextmanager
def _ignore_day_first_warning() -> Iterator[None]:
    """Silence the warning of pandas about dates with the day first."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parsing dates in", UserWarning)
        yield


def parse_dates(
    words: pd.Series, form: str, zone: str | None = None, *, dayfirst: bool = False
) -> pd.Series:
    """Parse strings in a format as local times; other strings are NaT.

    Times with an offset, such as "+02:00", are converted to `zone`; None means UTC.
    """
    utc = "%z" in form or form == "mixed"
    with _ignore_day_first_warning():
        parsed = pd.to_datetime(
            words, format=form, errors="coerce", utc=utc, dayfirst=dayfirst
        )
    if not utc:
        return parsed
    local = parsed.dt.tz_localize(None)
    if zone is None or zone == "UTC":
        return local
    with_zone = words.astype("str").str.match(_WITH_ZONE).eq(True)
    converted = parsed.dt.tz_convert(zone).dt.tz_localize(None)
    return local.where(~with_zone, converted)


def parse_dates_with_fallback(
    words: pd.Series, form: str | None, zone: str | None
) -> pd.Series:
    """Parse dates in the learned format, and dates in other formats separately.

    Parameters
    ----------
    words : pandas.Series
        Strings.
    form : str or None
        The format of the training data; None if they were not strings.
    zone : str or None
        The time zone of the training data.
    """
    if form is None:
        form = find_date_format(words) or "mixed"
    parsed = parse_dates(words, form, zone)
    others = parsed.isna() & words.map(_looks_like_date, na_action="ignore").eq(True)
    if form == "mixed" or not others.any():
        return parsed
    parsed = parsed.astype("datetime64[us]")
    # After a leading year comes the month, whatever the learned format is.
    year_first = words.str.match(r"\s*\d{4}").eq(True)
    day_first = -1 < form.find("%d") < form.find("%m")
    for rows, day in ((others & year_first, False), (others & ~year_first, day_first)):
        if rows.any():
            again = _parse_anew(words[rows], zone, dayfirst=day)
            parsed[rows] = again.astype("datetime64[us]")
    return parsed


def _parse_anew(words: pd.Series, zone: str | None, *, dayfirst: bool) -> pd.Series:
    """Parse dates in a format that fits nearly all of them, the others one by one."""
    form = find_date_format(words, dayfirst=dayfirst) or "mixed"
    day_first = dayfirst if form == "mixed" else -1 < form.find("%d") < form.find("%m")
    parsed = parse_dates(words, form, zone)
    alone = parse_dates(words, "mixed", zone, dayfirst=day_first)
    return parsed.astype("datetime64[us]").fillna(alone.astype("datetime64[us]"))
