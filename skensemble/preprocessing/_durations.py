"""Parse times of day and durations: "08:31:07", "0 days 08:31:07", "1h 30m"."""

import re
from dataclasses import dataclass

import pandas as pd

from skensemble.preprocessing._frames import Array, is_numpy_numeric, to_numeric

_CLOCK = re.compile(
    r"\s*(?P<sign>[-+]?)\s*(?P<first>\d{1,4}):(?P<second>[0-5]\d)"
    r"(?::(?P<third>[0-5]\d(?:[.,]\d+)?))?\s*(?P<half>[ap]\.?m\.?)?\s*",
    re.IGNORECASE,
)
# As pandas ("-1 days +23:00:00") and Python ("1 day, 2:03:04") write durations.
_DAYS = re.compile(r"\s*(?P<days>[-+]?\d+)\s+days?,?\s*(?P<clock>[-+]?\d+:.*)?")
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_ISO = re.compile(
    rf"\s*([-+]?)P(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?\s*"
)
_PARTS = re.compile(
    rf"\s*([-+]?)\s*(?:{_NUMBER}\s*(?:d|days?)[\s,]*)?"
    rf"(?:{_NUMBER}\s*(?:h|hr?s?|hours?|std)\.?[\s,]*)?"
    rf"(?:{_NUMBER}\s*(?:m|mins?|minutes?)\.?[\s,]*)?"
    rf"(?:{_NUMBER}\s*(?:s|secs?|seconds?)\.?)?\s*",
    re.IGNORECASE,
)
_SECONDS = (86400.0, 3600.0, 60.0, 1.0)
_HALF_DAY = 12


@dataclass(frozen=True)
class Durations:
    """A column of times of day or durations, encoded in seconds.

    Parameters
    ----------
    name : str
        Name of the column.
    short : {"h:m", "m:s"}
        The parts of a clock with two parts, such as "12:34".
    """

    name: str
    short: str

    @property
    def names(self) -> list[str]:
        """Name of the encoded column."""
        return [self.name]

    def numbers(self, column: pd.Series) -> Array:
        """Parse a column as seconds, shape (n_samples, 1)."""
        kind = getattr(column.dtype, "kind", "O")
        if kind not in "mMiufbc":
            found = [self._seconds(value) for value in column.astype(object)]
            column = pd.Series(found, column.index, dtype=object, name=column.name)
        return to_numeric(column)[:, None]

    def _seconds(self, value: object) -> object:
        """Return the seconds of a duration; other values are returned unchanged."""
        if value is None or isinstance(value, float | int):
            return value
        seconds = seconds_of(str(value), self.short)
        return value if seconds is None else seconds


def are_durations(column: pd.Series) -> bool:
    """Whether a column has a dtype of durations, or holds duration objects."""
    if is_numpy_numeric(column.dtype):
        return False
    kind = pd.api.types.infer_dtype(column, skipna=True)
    return kind in ("timedelta", "timedelta64")


def learn_durations(
    name: str, words: list[str], least_share: float
) -> Durations | None:
    """Learn how a column of times of day or durations is written.

    Parameters
    ----------
    name : str
        Name of the column.
    words : list of str
        Different values, without missing ones.
    least_share : float
        The share of the values that must be parsed.

    Returns
    -------
    durations : Durations or None
        None if the values are not durations.
    """
    clocks = [found for word in words if (found := _CLOCK.fullmatch(word))]
    # In "59:59", "1:02:03" the shorter values are minutes and seconds.
    lengths = {found["third"] is None for found in clocks if not found["half"]}
    short = "m:s" if len(lengths) > 1 else "h:m"
    parsed = sum(seconds_of(word, short) is not None for word in words)
    return Durations(name, short) if parsed > least_share * len(words) else None


def seconds_of(word: str, short: str = "h:m") -> float | None:
    """Return the seconds of a time of day or a duration, or None."""
    if found := _CLOCK.fullmatch(word):
        return _clock_seconds(found, short)
    if found := _DAYS.fullmatch(word):
        rest = 0.0 if found["clock"] is None else seconds_of(found["clock"])
        return None if rest is None else float(found["days"]) * 86400 + rest
    for pattern in (_ISO, _PARTS):
        found = pattern.fullmatch(word)
        if found and any(found.groups()[1:]):
            parts = zip(found.groups()[1:], _SECONDS, strict=True)
            seconds = sum(float(n.replace(",", ".")) * unit for n, unit in parts if n)
            return -seconds if found[1] == "-" else seconds
    return None


def _clock_seconds(found: re.Match[str], short: str) -> float | None:
    first, second = float(found["first"]), float(found["second"])
    if found["half"]:
        if not 1 <= first <= _HALF_DAY:
            return None
        first = first % _HALF_DAY + _HALF_DAY * (found["half"][0] in "pP")
    if found["third"] is None and short == "m:s" and not found["half"]:
        seconds = 60 * first + second
    else:
        third = (found["third"] or "0").replace(",", ".")
        seconds = 3600 * first + 60 * second + float(third)
    return -seconds if found["sign"] == "-" else seconds
